"""Baselines do what their names say."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from styleresearch.methods import METHODS
from styleresearch.ops import color
from styleresearch.ops.resize import resize
from styleresearch.types import Style


def run(spec, encoder, content, style):
    return METHODS.build(spec).stylize(None, encoder, content, [Style(style)], key=jax.random.key(0))


def test_identity(small_encoder, random_image):
    content = random_image(0, batch=2)
    np.testing.assert_array_equal(run({"name": "identity"}, small_encoder, content, random_image(1, batch=2)), content)


def test_style_image(small_encoder, random_image):
    content, style = random_image(0), random_image(1, 24, 30)
    output = run({"name": "style_image"}, small_encoder, content, style)
    np.testing.assert_array_equal(output, resize(style, 32, 40))


@pytest.mark.parametrize("match", list(color.MATCHES))
def test_color_transfer(match, small_encoder, random_image):
    content, style = random_image(0), random_image(1, 24, 30)
    output = run({"name": "color_transfer", "match": match}, small_encoder, content, style)
    np.testing.assert_allclose(output, color.MATCHES[match](content, style), atol=1e-6)
    # Closer to the style's colours, still the content's picture.
    before, after = (np.abs(np.asarray(x.mean((1, 2)) - style.mean((1, 2)))).max() for x in (content, output))
    assert after < 0.5 * before
    assert np.corrcoef(np.ravel(output[..., 1]), np.ravel(content[..., 1]))[0, 1] > 0.7


def test_all_are_marked_as_baselines():
    assert {name for name in METHODS if getattr(METHODS.get(name), "baseline", False)} >= {
        "identity",
        "style_image",
        "color_transfer",
    }
    assert not getattr(METHODS.get("gatys"), "baseline", True)
