"""What every registered loss must keep, whoever wrote it: all that ``styleresearch check`` asks, and more."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.checks.cost import cost
from styleresearch.checks.finding import findings_of
from styleresearch.checks.loss import PROPERTIES
from styleresearch.checks.probes import features
from styleresearch.checks.subject import Subject
from styleresearch.losses import LOSSES
from styleresearch.losses.base import Loss


@pytest.fixture(params=list(LOSSES))
def loss(request) -> Loss:
    return LOSSES.build({"name": request.param, **CHEAP.get(request.param, {})})


# Sorting is slow on a CPU, and a loss on few directions keeps what one on many does.
CHEAP = {"sliced_wasserstein": {"projections": 16}}


def test_settings_are_a_documented_hashable_value(loss):
    name = next(name for name in LOSSES if LOSSES.get(name) is type(loss))
    same = LOSSES.build({"name": name, **CHEAP.get(name, {})})
    assert same == loss
    assert hash(same) == hash(loss)
    assert loss.target in ("content", "style", "none")
    assert loss.layers
    assert type(loss).__doc__


def test_every_property_of_the_card_holds(loss):
    properties = [each for each in PROPERTIES if each[1] is not cost]  # compiled as users do, and promises nothing
    failed = [each for each in findings_of(properties, Subject(loss)) if each.verdict == "fail"]
    assert not failed, failed


@pytest.mark.slow
def test_what_a_call_costs_is_measured(loss):
    found = list(findings_of([PROPERTIES[0], ("Cost", cost)], Subject(loss, size=32)))
    assert [each.title for each in found[1:]] == ["time of a call", "arithmetic", "memory"]


def test_masked_losses_see_only_what_the_mask_shows(loss):
    if not loss.masked:
        return
    image = jax.tree.map(jnp.asarray, features(loss.layers, 12, size=(32, 40)))
    whole = loss.summarise({**image, "mask": jnp.ones((1, 32, 40, 1))})
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-3, atol=1e-3), whole, loss.summarise(image))
    mask = jnp.zeros((1, 32, 40, 1)).at[:, :, :16].set(1.0)
    beyond = {layer: jnp.arange(x.shape[2]) > 17 * x.shape[2] // 40 + 1 for layer, x in image.items()}
    changed = {layer: jnp.where(beyond[layer][None, None, :, None], 7.0, x) for layer, x in image.items()}
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-2 * float(jnp.abs(b).max())),
        loss.summarise({**changed, "mask": mask}),
        loss.summarise({**image, "mask": mask}),
    )
