"""What every registered method must keep, whoever wrote it."""

from __future__ import annotations

import dataclasses
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.losses import Objective
from styleresearch.losses.content import Feature
from styleresearch.losses.style import Gram
from styleresearch.methods import METHODS
from styleresearch.methods.base import Method, Progress
from styleresearch.methods.optimizers import Adam
from styleresearch.types import Style

# Arguments that are objects, for the methods that need some; the others are built from their name alone.
NESTED = {
    "objective": Objective.of({"content": (1.0, Feature(("relu2_1",))), "style": (1.0, Gram(("relu1_1", "relu2_1")))}),
    "optimizer": Adam(),
}
SHORT = {"evaluations": 4}


@pytest.fixture(scope="module", params=list(METHODS))
def method(request) -> Method:
    options = METHODS.options(request.param)
    given = {key: value for key, value in (NESTED | SHORT).items() if key in options}
    return METHODS.build({"name": request.param, **given})


@pytest.fixture(scope="module")
def stylize(method, small_encoder):
    def run(content, style, seed=0, progress=None):
        return method.stylize(None, small_encoder, content, style, key=jax.random.key(seed), progress=progress)

    return run


def test_documented_settings(method):
    assert type(method).__doc__
    for key in inspect.signature(type(method)).parameters:
        assert f"{key}:" in inspect.getdoc(type(method)), f"{type(method).__name__} does not document {key}"
    with pytest.raises(dataclasses.FrozenInstanceError):
        method.something = 1
    assert isinstance(method.guided, bool)
    assert isinstance(method.baseline, bool)


def test_a_batch_with_styles_of_another_size(stylize, random_image):
    content, style = random_image(0, batch=2), random_image(1, 48, 32, 2)
    before = np.array(content), np.array(style)
    output = stylize(content, style)
    assert output.shape == content.shape
    assert output.dtype == jnp.float32
    assert output.min() >= 0
    assert output.max() <= 1
    # The caller's arrays are still there and unchanged.
    np.testing.assert_array_equal(content, before[0])
    np.testing.assert_array_equal(style, before[1])
    # The same key gives the same result.
    np.testing.assert_array_equal(stylize(content, style), output)
    # Each image is stylised with its own style.
    for i in range(2):
        alone = stylize(content[i : i + 1], style[i : i + 1])
        np.testing.assert_allclose(output[i], alone[0], atol=2e-3)


def test_progress_is_complete_and_in_order(stylize, random_image):
    seen: list[Progress] = []
    stylize(random_image(0), random_image(1, 48, 32), progress=seen.append)
    counts = [report.evaluations for report in seen]
    assert counts == sorted(counts)
    for report in seen:
        assert report.budget >= 1
        rows = len(report.history["evaluations"])
        assert {"evaluations", "total"} <= set(report.history)
        assert all(len(values) == rows for values in report.history.values())


def test_guided_methods_take_several_styles(method, stylize, random_image):
    if not method.guided:
        return
    content, a, b = random_image(0), random_image(1, 48, 32), random_image(2, 32, 32)
    left = jnp.zeros((1, 32, 40, 1)).at[:, :, :20].set(1.0)
    output = stylize(content, [Style(a, 2.0, where=left), Style(b, 1.0, where=1 - left)])
    assert output.shape == content.shape
    assert jnp.isfinite(output).all()
