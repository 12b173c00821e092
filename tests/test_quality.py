"""The optimisation gets where independent implementations get. Minutes: ``pytest -m slow``."""

from __future__ import annotations

import numpy as np
import pytest

from styleresearch.config import build
from styleresearch.config.file import load_config
from styleresearch.data.pictures import SOURCES
from styleresearch.methods.base import Progress
from styleresearch.tasks.entry import entry
from styleresearch.tasks.stylize import stylize
from styleresearch.types import Style

# An independent PyTorch implementation with these weights reached 0.10, 0.14 and 0.27 % on three such pairs.
BOUND = 0.005


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "style"), [("cat", "mosaic"), ("coffee", "impasto"), ("astronaut", "stained_glass")]
)
def test_lbfgs_brings_the_total_under_half_a_percent(imagenet_encoder, content, style):
    config = load_config("configs/gatys_authors.py", ["--config.method.evaluations=200"])
    column = entry("method", config["method"])
    photograph = build.resolve(SOURCES, {"name": "photographs"}).picture(content, 192)
    painting = build.resolve(SOURCES, {"name": "painter"}).picture(style, 192)
    totals: list[float] = []

    def note(progress: Progress) -> None:
        totals.extend(progress.history["total"])

    picture, _ = stylize(
        column, imagenet_encoder, photograph, [Style(painting[None])], seed=0, precision="float32", progress=note
    )
    assert len(totals) == 200
    share = totals[-1] / totals[0]
    print(f"{content}, {style}: {100 * share:.3f} % of the first total")
    assert share < BOUND
    # L-BFGS as here never strays far from its best.
    assert totals[-1] < 1.05 * min(totals)
    assert picture.shape == photograph.shape
    assert 0.02 < np.abs(picture - photograph).mean() < 0.5
