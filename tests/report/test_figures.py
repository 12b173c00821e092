"""Figures for a paper."""

from __future__ import annotations

import shutil
import sys

import pytest

from styleresearch.errors import InputError
from styleresearch.report.figures import ROWS, chosen_pairs, write_figures
from styleresearch.report.reading import read_run


def test_figures_of_a_run(finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    run = read_run(tmp_path / "run")
    written = write_figures(run)
    assert [path.name for path in written] == ["figure.pdf", "figure.svg", "tradeoff.pdf", "tradeoff.svg"]
    before = [path.read_bytes() for path in written]
    assert [data[:4] for data in before] == [b"%PDF", b"<?xm", b"%PDF", b"<?xm"]
    # A picture in each of eight columns of every row, but for the method that has no image in the last one.
    assert before[1].count(b"<image ") == 8 * ROWS - 1
    assert [path.read_bytes() for path in write_figures(run)] == before


def test_rows_are_spread_over_the_pairs(records_in, make_record):
    lines = [make_record("a", "A", False, f"c{i}", "s") for i in range(20)]
    names = [pair.content for pair in chosen_pairs(read_run(records_in(*lines)), rows=3)]
    assert names == ["c0", "c10", "c19"]


def test_any_name_and_no_image(records_in, make_record):
    line = make_record("a", "$x_ 漢字 \\frac{", False, "c", "s", metrics={"content_loss": 1.0, "style_loss": 0.0})
    written = write_figures(read_run(records_in(line)))
    assert [path.name for path in written] == ["figure.pdf", "figure.svg", "tradeoff.pdf", "tradeoff.svg"]


def test_unwritable_directory_is_an_input_error(records_in, make_record):
    directory = records_in(make_record("a", "A", False, "c", "s"))
    (directory / "figure.pdf").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*figure\.pdf: "):
        write_figures(read_run(directory))


def test_without_matplotlib_there_is_one_line_that_says_how_to_get_it(records_in, make_record, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"drawing figures needs matplotlib.*\[figures\]'"):
        write_figures(read_run(records_in(make_record("a", "A", False, "c", "s"))))
