"""Figures for a paper."""

from __future__ import annotations

import shutil
import sys

import pytest
from matplotlib.figure import Figure

from styleresearch.errors import InputError
from styleresearch.report import figures
from styleresearch.report.figures import ROWS, _draw_tradeoff, chosen_pairs, write_figures
from styleresearch.report.reading import read_run
from styleresearch.report.summary import summarise


def test_figures_of_a_run(finished_run, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "DPI", 40)  # drawing pictures finely is what takes time
    shutil.copytree(finished_run, tmp_path / "run")
    run = read_run(tmp_path / "run")
    written = write_figures(run)
    names = ["figure", "tradeoff", "profiles"]
    assert [path.name for path in written] == [f"{name}.{kind}" for name in names for kind in ("pdf", "svg")]
    before = [path.read_bytes() for path in written]
    assert [data[:4] for data in before] == [b"%PDF", b"<?xm"] * 3
    # A picture in each of eight columns of every row, but for the method that has no image in the last one.
    assert before[1].count(b"<image ") == 8 * ROWS - 1
    assert [path.read_bytes() for path in write_figures(run)] == before


def test_powers_of_ten_are_formulas_names_are_not_and_no_name_covers_another(finished_run):
    summary = summarise(read_run(finished_run))
    assert summary.plane is not None
    figure = Figure(figsize=(3.4, 2.6), layout="constrained")
    _draw_tradeoff(figure, summary, summary.plane)
    (axis,) = figure.axes
    ticks = [label for label in (*axis.get_xticklabels(), *axis.get_yticklabels()) if "mathdefault" in label.get_text()]
    assert ticks
    assert all(label.get_parse_math() for label in ticks)
    names = axis.texts
    assert {name.get_text() for name in names} <= {method.label for method in summary.methods}
    assert len(names) > 2
    assert not any(name.get_parse_math() for name in names)
    figure.draw_without_rendering()
    boxes = [name.get_window_extent() for name in names]
    assert not any(boxes[i].overlaps(boxes[j]) for i in range(len(boxes)) for j in range(i))


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
