"""What every registered loss must keep."""

from __future__ import annotations

import pytest

from styleresearch.checks.cost import cost
from styleresearch.checks.finding import findings_of
from styleresearch.checks.loss import PROPERTIES
from styleresearch.checks.subject import Subject
from styleresearch.losses import LOSSES
from styleresearch.losses.base import Loss
from styleresearch.testing.test_losses import *  # noqa: F403 - the tests of the conformance kit

# Sorting is slow on a CPU, and a loss on few directions keeps what one on many does.
CHEAP = {"sliced_wasserstein": {"projections": 16}}


@pytest.fixture(params=list(LOSSES))
def loss(request) -> Loss:
    return LOSSES.build({"name": request.param, **CHEAP.get(request.param, {})})


@pytest.mark.slow
def test_what_a_call_costs_is_measured(loss):
    found = list(findings_of([PROPERTIES[0], ("Cost", cost)], Subject(loss, size=32)))
    assert [each.title for each in found[1:]] == ["time of a call", "arithmetic", "memory"]
