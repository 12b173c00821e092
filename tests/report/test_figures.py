"""Figures for a paper."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from styleresearch.errors import InputError
from styleresearch.report.figures import ROWS, chosen_pairs, write_figures
from styleresearch.report.reading import read_run


def test_figures_of_a_run(finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    run = read_run(tmp_path / "run")
    grid, tradeoff = write_figures(run)
    with Image.open(grid) as image:
        pixels = np.asarray(image.convert("RGB"))
    # Eight columns; the fifth of the last row is a method that has no image there, so it is white.
    height, width = pixels.shape[0] // ROWS, pixels.shape[1] / 8
    assert pixels.shape[1] > 1000
    missing = pixels[-height + 20 : -20, round(4 * width) + 20 : round(5 * width) - 20]
    there = pixels[-height + 20 : -20, round(2 * width) + 20 : round(3 * width) - 20]
    assert missing.mean() > 250
    assert there.mean() < 200
    assert tradeoff.read_bytes().startswith(b"%PDF")


def test_rows_are_spread_over_the_pairs(records_in, make_record):
    lines = [make_record("a", "A", False, f"c{i}", "s") for i in range(20)]
    names = [pair.content for pair in chosen_pairs(read_run(records_in(*lines)), rows=3)]
    assert names == ["c0", "c10", "c19"]


def test_any_name_and_no_image(records_in, make_record):
    line = make_record("a", "$x_ 漢字 \\frac{", False, "c", "s", metrics={"content_loss": 1.0, "style_loss": 0.0})
    written = write_figures(read_run(records_in(line)))
    assert [path.name for path in written] == ["figure.png", "tradeoff.pdf"]


def test_unwritable_directory_is_an_input_error(records_in, make_record):
    directory = records_in(make_record("a", "A", False, "c", "s"))
    (directory / "figure.png").mkdir()
    with pytest.raises(InputError, match="cannot write figures"):
        write_figures(read_run(directory))
