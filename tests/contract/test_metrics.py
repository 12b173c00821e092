"""What every registered metric must keep, per picture or over a set."""

from __future__ import annotations

import pytest

from styleresearch.evaluation.metrics import METRICS, AnyMetric, Metric, SetMetric
from styleresearch.losses.style import Gram
from styleresearch.testing.test_metrics import *  # noqa: F403 - the tests of the conformance kit

# Arguments that are objects, for the metrics that need some; the others are built from their name alone.
NESTED = {"loss": Gram(("relu1_1", "relu2_1")), "scales": 2, "weights": "random"}


def build(name: str) -> AnyMetric:
    options = METRICS.options(name)
    return METRICS.build({"name": name, **{key: value for key, value in NESTED.items() if key in options}})


pytestmark = pytest.mark.usefixtures("learned_networks")
OVER_SET = [name for name in METRICS if isinstance(build(name), SetMetric)]
PER_PICTURE = [name for name in METRICS if name not in OVER_SET]


@pytest.fixture(scope="module", params=list(METRICS))
def metric(request) -> AnyMetric:
    return build(request.param)


@pytest.fixture(scope="module", params=PER_PICTURE)
def per_picture(request, learned_networks) -> Metric:
    return build(request.param)


@pytest.fixture(scope="module", params=OVER_SET)
def over_set(request) -> SetMetric:
    return build(request.param)
