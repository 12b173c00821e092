"""What every registered metric must keep, per picture or over a set, whoever wrote it."""

from __future__ import annotations

import dataclasses
import inspect
import json
from functools import partial
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.checks.subject import QUICK
from styleresearch.evaluation.metrics import METRICS, AnyMetric, ArtFID, Metric, SetMetric
from styleresearch.evaluation.networks import merged
from styleresearch.evaluation.suite import Suite
from styleresearch.losses.style import Gram

# Arguments that are objects, for the metrics that need some; the others are built from their name alone.
NESTED = {"loss": Gram(("relu1_1", "relu2_1")), "scales": 2, "weights": "random"}


def build(name: str) -> AnyMetric:
    options = METRICS.options(name)
    return METRICS.build({"name": name, **{key: value for key, value in NESTED.items() if key in options}})


SIZES: dict[type[AnyMetric], tuple[int, int]] = {ArtFID: (80, 96)}
"""Of pictures, for what cannot see those of 32 x 40."""


def size_of(metric: AnyMetric) -> tuple[int, int]:
    return SIZES.get(type(metric), (32, 40))


pytestmark = pytest.mark.usefixtures("learned_networks")
OVER_SET = [name for name in METRICS if isinstance(build(name), SetMetric)]
PER_PICTURE = [name for name in METRICS if name not in OVER_SET]
COMPARING = [name for name in PER_PICTURE if cast(Metric, build(name)).compares]


@pytest.fixture(scope="module", params=list(METRICS))
def metric(request) -> AnyMetric:
    return build(request.param)


@pytest.fixture(scope="module", params=PER_PICTURE)
def per_picture(request) -> Metric:
    return build(request.param)


@pytest.fixture(scope="module", params=OVER_SET)
def over_set(request) -> SetMetric:
    return build(request.param)


@pytest.fixture(scope="module")
def measure(per_picture, small_encoder, learned_networks):
    metric, needs = per_picture, per_picture.needs(small_encoder)
    compiled = jax.jit(lambda needs, *images: metric(needs, *images[:2], metric.summarise(needs, images[2])))
    return lambda *images: compiled(needs, *images)


@pytest.fixture(scope="module")
def embed(over_set, small_encoder):
    needs, compiled = over_set.needs(small_encoder), jax.jit(over_set.embed, compiler_options=QUICK)
    return lambda image: jax.tree.map(np.asarray, compiled(needs, image))


def test_documented_settings(metric):
    assert type(metric).__doc__
    for key in inspect.signature(type(metric)).parameters:
        assert f"{key}:" in inspect.getdoc(type(metric)), f"{type(metric).__name__} does not document {key}"
    with pytest.raises(dataclasses.FrozenInstanceError):
        metric.title = "x"
    assert hash(metric) == hash(dataclasses.replace(metric))
    assert metric.better in ("lower", "higher", None)
    assert metric.title
    assert metric.source
    definition = metric.definition()
    assert definition[0].isupper()
    assert definition.endswith(".")


def test_contract_is_json_and_has_no_title(metric, small_encoder):
    needs = metric.needs(small_encoder)
    contract = metric.contract(needs)
    assert json.loads(json.dumps(contract, allow_nan=False))
    assert dataclasses.replace(metric, title="another").contract(needs) == contract
    # Networks by their digests.
    assert len(json.dumps(contract)) < 10_000


def test_its_networks_are_pytrees_and_pictures_of_a_usual_size_can_be_measured(metric, small_encoder):
    needs = metric.needs(small_encoder)
    merged({"it": needs})
    assert ("encoder" in needs) == bool(metric.layers)
    metric.check(needs)
    metric.check(needs, size_of(metric))


def test_one_finite_value_for_each_image(measure, random_image):
    output, content, style = random_image(0, batch=3), random_image(1, batch=3), random_image(2, 48, 32, 3)
    values = measure(output, content, style)
    assert values.shape == (3,)
    assert jnp.isfinite(values).all()
    for i in range(3):
        alone = measure(output[i : i + 1], content[i : i + 1], style[i : i + 1])
        np.testing.assert_allclose(values[i], alone[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("per_picture", COMPARING, indirect=True)
def test_best_for_the_image_it_compares_with(per_picture, measure, random_image):
    content, style, other = random_image(0), random_image(1), random_image(2)
    perfect = max if per_picture.better == "higher" else min
    at_content = float(measure(content, content, style)[0])
    at_style = float(measure(style, content, style)[0])
    elsewhere = [float(measure(other, content, style)[0]), float(measure(jnp.full_like(other, 0.5), content, style)[0])]
    best = perfect(at_content, at_style)
    assert all(value != best and perfect(value, best) == best for value in elsewhere)
    assert best == pytest.approx({"higher": 1.0, "lower": 0.0}[per_picture.better], abs=1e-3 * max(map(abs, elsewhere)))


@pytest.mark.parametrize("per_picture", [name for name in PER_PICTURE if name not in COMPARING], indirect=True)
def test_a_property_of_the_output_does_not_depend_on_content_and_style(measure, random_image):
    output, content, style = random_image(0), random_image(1), random_image(2)
    assert measure(output, output, output) == measure(output, content, style)


@pytest.mark.parametrize("extreme", [0.0, 1.0, 0.5])
def test_flat_pictures_have_finite_values(measure, random_image, extreme):
    flat = jnp.full((1, 32, 40, 3), extreme)
    for images in ((flat, random_image(0), random_image(1)), (random_image(0), flat, flat), (flat, flat, flat)):
        assert jnp.isfinite(measure(*images)).all()


def test_a_suite_measures_it(per_picture, measure, small_encoder, random_image):
    images = [np.asarray(random_image(seed)[0]) for seed in range(3)]
    suite = Suite.of({"it": per_picture}, small_encoder)
    alone = measure(*(jnp.asarray(image)[None] for image in images))
    assert suite(*images) == {"it": pytest.approx(float(alone[0]), rel=1e-4)}
    suite.check((32, 40))


def test_what_is_kept_of_pictures_has_one_shape_and_does_not_depend_on_the_others(over_set, embed, random_image):
    height, width = size_of(over_set)
    images = random_image(0, height, width, 3)
    together, alone = embed(images), embed(images[1:2])
    other = embed(random_image(1, height - 4, width + 16))
    for leaf, of_one, of_other in zip(*map(jax.tree.leaves, (together, alone, other)), strict=True):
        assert leaf.shape == (3, *of_one.shape[1:])
        assert of_other.shape == of_one.shape
        np.testing.assert_allclose(leaf[1:2], of_one, rtol=1e-4, atol=1e-5)


def test_equal_sets_have_the_best_value_whatever_their_order(over_set, embed, random_image):
    size = size_of(over_set)
    images, others = embed(random_image(0, *size, 3)), embed(random_image(1, *size, 3))
    turned = jax.tree.map(lambda rows: rows[::-1], images)
    equal, apart = over_set.compare(images, turned), over_set.compare(images, others)
    assert np.isfinite([equal, apart]).all()
    assert (equal < apart) == (over_set.better == "lower")
    assert over_set.compare(images, others) == pytest.approx(over_set.compare(turned, others), rel=1e-3)
    # One picture many times is a set too.
    flat = embed(jnp.full((3, *size, 3), 0.5))
    assert np.isfinite(over_set.compare(flat, flat))


def test_a_suite_compares_sets_of_as_many_as_it_needs_and_no_fewer(over_set, small_encoder, random_image):
    assert over_set.references in ("content", "style")
    suite = Suite.of({"it": over_set}, small_encoder)
    many = [partial(np.asarray, random_image(0, *size_of(over_set))[0])] * over_set.least
    assert suite.of_set(many, {"content": many, "style": many}, many)["it"].value is not None
    few = suite.of_set(many[1:], {"content": many, "style": many}, many[1:])["it"]
    assert few.value is None
    assert f"at least {over_set.least}" in few.reason
