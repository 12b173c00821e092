"""One picture by one method, as a comparison and a command make it."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from styleresearch.config import build
from styleresearch.data.images import load_image
from styleresearch.encoder.encoder import ENCODERS
from styleresearch.errors import InputError
from styleresearch.tasks.entry import entry
from styleresearch.tasks.stylize import stylize
from styleresearch.types import Style


def test_baselines_through_stylize(config_of, folder):
    encoder = build.resolve(ENCODERS, config_of()["encoder"])
    content, style = (load_image(folder / f"{name}.png") for name in ("wide", "style"))
    column = entry("floor", {"name": "identity"})
    picture, cost = stylize(column, encoder, content, [Style(style[None])], seed=0)
    np.testing.assert_array_equal(picture, content)
    assert cost.seconds > 0
    with pytest.raises(InputError, match="method 'floor' takes one style and no masks"):
        stylize(column, encoder, content, [Style(style[None])] * 2, seed=0)
    with pytest.raises(ArithmeticError, match="the picture that method 'floor' made holds NaN"):
        stylize(column, encoder, content * np.nan, [Style(style[None])], seed=0)


@pytest.mark.parametrize("precision", ["default", "bfloat16", "tensorfloat32", "float32"])
def test_the_precision_reaches_the_method(config_of, folder, monkeypatch, precision):
    seen = []
    column = entry("floor", {"name": "identity"})
    monkeypatch.setattr(
        type(column.method),
        "stylize",
        lambda self, params, encoder, content, styles, **_: (
            seen.append(jax.config.jax_default_matmul_precision) or content
        ),
    )
    content = load_image(folder / "wide.png")
    encoder = build.resolve(ENCODERS, config_of()["encoder"])
    stylize(column, encoder, content, [Style(content[None])], seed=0, precision=precision)
    assert seen == [None if precision == "default" else precision]
