"""What every registered metric must keep, whoever wrote it."""

from __future__ import annotations

import dataclasses
import inspect
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.evaluation.metrics import METRICS, Metric
from styleresearch.evaluation.suite import Suite
from styleresearch.losses.style import Gram

# Arguments that are objects, for the metrics that need some; the others are built from their name alone.
NESTED = {"loss": Gram(("relu1_1", "relu2_1"))}


@pytest.fixture(scope="module", params=list(METRICS))
def metric(request) -> Metric:
    options = METRICS.options(request.param)
    return METRICS.build({"name": request.param, **{key: value for key, value in NESTED.items() if key in options}})


@pytest.fixture(scope="module")
def measure(metric, small_encoder):
    compiled = jax.jit(lambda encoder, *images: metric(encoder, *images[:2], metric.summarise(encoder, images[2])))
    return lambda *images: compiled(small_encoder, *images)


def test_documented_settings(metric):
    assert type(metric).__doc__
    for key in inspect.signature(type(metric)).parameters:
        assert f"{key}:" in inspect.getdoc(type(metric)), f"{type(metric).__name__} does not document {key}"
    with pytest.raises(dataclasses.FrozenInstanceError):
        metric.title = "x"
    assert hash(metric) == hash(dataclasses.replace(metric))
    assert metric.better in ("lower", "higher")
    assert metric.title
    assert metric.source
    definition = metric.definition()
    assert definition[0].isupper()
    assert definition.endswith(".")


def test_contract_is_json_and_has_no_title(metric, small_encoder):
    contract = metric.contract(small_encoder)
    assert json.loads(json.dumps(contract, allow_nan=False))
    assert dataclasses.replace(metric, title="another").contract(small_encoder) == contract


def test_one_finite_value_for_each_image(measure, random_image):
    output, content, style = random_image(0, batch=3), random_image(1, batch=3), random_image(2, 48, 32, 3)
    values = measure(output, content, style)
    assert values.shape == (3,)
    assert jnp.isfinite(values).all()
    for i in range(3):
        alone = measure(output[i : i + 1], content[i : i + 1], style[i : i + 1])
        np.testing.assert_allclose(values[i], alone[0], rtol=1e-4, atol=1e-5)


def test_best_for_the_image_it_compares_with(metric, measure, random_image):
    content, style, other = random_image(0), random_image(1), random_image(2)
    perfect = max if metric.better == "higher" else min
    at_content = float(measure(content, content, style)[0])
    at_style = float(measure(style, content, style)[0])
    elsewhere = [float(measure(other, content, style)[0]), float(measure(jnp.full_like(other, 0.5), content, style)[0])]
    best = perfect(at_content, at_style)
    assert all(value != best and perfect(value, best) == best for value in elsewhere)
    assert best == pytest.approx({"higher": 1.0, "lower": 0.0}[metric.better], abs=1e-3 * max(map(abs, elsewhere)))


@pytest.mark.parametrize("extreme", [0.0, 1.0, 0.5])
def test_flat_pictures_have_finite_values(measure, random_image, extreme):
    flat = jnp.full((1, 32, 40, 3), extreme)
    for images in ((flat, random_image(0), random_image(1)), (random_image(0), flat, flat), (flat, flat, flat)):
        assert jnp.isfinite(measure(*images)).all()


def test_a_suite_measures_it(metric, measure, small_encoder, random_image):
    images = [np.asarray(random_image(seed)[0]) for seed in range(3)]
    suite = Suite.of({"it": metric}, small_encoder)
    alone = measure(*(jnp.asarray(image)[None] for image in images))
    assert suite(*images) == {"it": pytest.approx(float(alone[0]), rel=1e-4)}
    suite.check((32, 40))
