"""What every method must keep, whoever wrote it."""

from __future__ import annotations

import dataclasses
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.methods import Takes, TrainedMethod
from styleresearch.methods.base import Progress
from styleresearch.ops import programs
from styleresearch.types import Style


@pytest.fixture(scope="module")
def params(name, method, initialise):
    """What training learned; here nothing yet, which changes no contract."""
    if not isinstance(method, TrainedMethod):
        return None
    return method.inference(initialise(name))


@pytest.fixture(scope="module")
def stylize(method, params, small_encoder):
    def run(content, style, seed=0, progress=None):
        given = [] if method.takes.styles == "none" else style if isinstance(style, list) else [Style(style)]
        return method.stylize(params, small_encoder, content, given, key=jax.random.key(seed), progress=progress)

    return run


def test_documented_settings(method):
    assert type(method).__doc__
    # What a family of methods has in common is documented once.
    documented = "".join(inspect.getdoc(each) or "" for each in type(method).__mro__)
    for key in inspect.signature(type(method)).parameters:
        assert f"{key}:" in documented, f"{type(method).__name__} does not document {key}"
    with pytest.raises(dataclasses.FrozenInstanceError):
        method.something = 1
    assert isinstance(method.takes, Takes)
    assert all(isinstance(layer, str) for layer in method.layers)
    assert isinstance(method.depends_on(), str)
    assert isinstance(method.baseline, bool)


def test_a_batch_with_styles_of_another_size(stylize, pictures, random_image):
    content, style = random_image(0, batch=2), jnp.concatenate(pictures[:2])
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


def test_a_new_pair_of_known_sizes_compiles_nothing(name, stylize, pictures, random_image):
    if name == "style_image":
        return  # to go from one size to the other is all it does
    contents, styles = (random_image(0), random_image(0, 40, 32)), (pictures[0], pictures[2])
    for content, style in zip(contents, styles, strict=True):
        stylize(content, style)
    before = programs.compiled()[0]
    stylize(contents[0], styles[1])
    stylize(contents[1], styles[0])
    assert programs.compiled()[0] == before


def test_progress_is_complete_and_in_order(stylize, pictures, random_image):
    seen: list[Progress] = []
    stylize(random_image(0), pictures[0], progress=seen.append)
    counts = [report.evaluations for report in seen]
    assert counts == sorted(counts)
    for report in seen:
        assert report.budget >= 1
        rows = len(report.history["evaluations"])
        assert {"evaluations", "total"} <= set(report.history)
        assert all(len(values) == rows for values in report.history.values())


def test_methods_of_many_styles_take_several_styles(method, stylize, pictures, random_image):
    if method.takes.styles != "many":
        return
    output = stylize(random_image(0), [Style(pictures[0], 2.0), Style(pictures[2], 1.0)])
    assert output.shape == (1, 32, 40, 3)
    assert jnp.isfinite(output).all()


def test_methods_of_many_styles_take_masks_or_say_that_they_do_not(method, stylize, pictures, random_image):
    if method.takes.styles != "many":
        return
    content = random_image(0)
    left = jnp.zeros((1, 32, 40, 1)).at[:, :, :20].set(1.0)
    places = [Style(pictures[0], 2.0, where=left), Style(pictures[2], 1.0, where=1 - left)]
    if not method.takes.masks:
        with pytest.raises(InputError, match="takes no masks"):
            stylize(content, places)
        return
    output = stylize(content, places)
    assert output.shape == content.shape
    assert jnp.isfinite(output).all()
    # The sides have their own styles.
    swapped = stylize(content, [Style(pictures[2], 2.0, where=left), Style(pictures[0], 1.0, where=1 - left)])
    assert not np.allclose(output, swapped, atol=1e-4)
