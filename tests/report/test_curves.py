"""Loss curves: reading, axes, drawing."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from styleresearch.report.axes import Axis
from styleresearch.report.curves import LINES, panels, read_curves, term_names
from styleresearch.report.reading import read_run


def _files(curve):
    return {"output": None, "content": None, "style": None, "curve": curve}


@pytest.fixture
def run_with(records_in, make_record, tmp_path):
    """Make a run of one method with one pair per given curve file text."""

    def make(*texts):
        lines = []
        for index, text in enumerate(texts):
            lines.append(make_record("a", "A", False, f"c{index}", "s", files=_files(f"curve{index}.json")))
            if text is not None:
                (tmp_path / f"curve{index}.json").write_text(text)
        return read_run(records_in(*lines))

    return make


def _curve(**terms):
    length = len(next(iter(terms.values())))
    return json.dumps({"evaluations": list(range(1, length + 1))} | terms)


def test_total_comes_first_and_terms_without_positive_values_are_left_out(run_with):
    run = run_with(_curve(style=[1.0, 0.5], zero=[0.0, 0.0], total=[2.0, None], negative=[-1.0, -2.0]))
    curves, notices = read_curves(run)
    assert notices == []
    assert term_names(curves) == ["total", "style"]


@pytest.mark.parametrize(
    "text",
    [None, "", "{", "[]", "{}", '{"evaluations": []}', '{"evaluations": [1, 2], "total": [1]}', '{"evaluations": "x"}',
     '{"evaluations": [1], "total": {"a": 1}}', '{"evaluations": 3, "total": 3}', "[" * 100_000,
     '{"evaluations": [2, 1], "total": [1, 1]}', '{"evaluations": [-1, 1], "total": [1, 1]}',
     '{"evaluations": [1, 2], "total": ["1", 1]}', '{"evaluations": [1, 2], "total": [true, 1]}',
     '{"evaluations": [1, NaN], "total": [1, 1]}', '{"evaluations": [1, 2], "t": [1, 1], "\\ud800": [1, 1]}',
     '{"evaluations": [[1, 2]], "total": [[1, 2]]}', f'{{"evaluations": [1, 1{"0" * 400}], "total": [1, 1]}}'],
)  # fmt: skip
def test_an_unusable_curve_is_named_and_left_out(run_with, text):
    curves, notices = read_curves(run_with(text, _curve(total=[2.0, 1.0])))
    assert len(curves) == 1
    assert notices == ["The loss curve curve0.json is missing or not readable and was left out."]


def test_panel_draws_every_pair_and_the_geometric_mean(run_with):
    # 100 -> 1 and 1 -> 1: the geometric mean goes from 10 to 1, one tenth.
    run = run_with(_curve(total=[100.0, 10.0, 1.0]), _curve(total=[1.0, 1.0, 1.0]))
    curves, _ = read_curves(run)
    (panel,) = panels(run, curves, "total")
    assert panel.svg.count('class="thin"') == 2
    assert panel.svg.count('class="bold"') == 1
    assert panel.note == "ends at 10 % of its first value"
    assert "from 10 to 1 (geometric mean of 2 pairs)" in panel.svg
    assert "<title>c0__s</title>" in panel.svg
    assert "nan" not in panel.svg


def test_many_pairs_are_thinned_and_counted(run_with):
    run = run_with(*[_curve(total=[2.0, 1.0])] * (LINES + 5))
    curves, _ = read_curves(run)
    (panel,) = panels(run, curves, "total")
    drawn = panel.svg.count('class="thin"')
    assert drawn <= LINES
    assert f"{drawn} of {LINES + 5} pairs drawn" in panel.note


def test_of_very_many_curves_some_are_read_and_that_is_said(run_with, monkeypatch):
    monkeypatch.setattr("styleresearch.report.curves.READ", 4)
    run = run_with(*[_curve(total=[2.0 + index, 1.0]) for index in range(9)])
    curves, notices = read_curves(run)
    assert notices == []
    assert [curve.pair for curve in curves] == ["c0__s", "c3__s", "c6__s"]
    (panel,) = panels(run, curves, "total")
    assert panel.note.endswith("; 3 of 9 pairs read")


def test_a_constant_and_a_single_point_can_be_drawn(run_with):
    for curve in (_curve(total=[5.0]), _curve(total=[5.0, 5.0])):
        run = run_with(curve)
        (panel,) = panels(run, read_curves(run)[0], "total")
        assert panel.note == "does not fall"
        assert re.search(r'class="bold" d="M[\d. L]+', panel.svg)


def test_a_long_curve_keeps_its_ends(run_with):
    run = run_with(_curve(total=list(np.geomspace(1e6, 1.0, 5000))))
    (panel,) = panels(run, read_curves(run)[0], "total")
    path = re.search(r'class="thin" d="([^"]+)"', panel.svg)
    assert path
    points = [[float(n) for n in point.split()] for point in path[1][1:].split("L")]
    assert len(points) == 120
    assert points[0][1] < points[-1][1], "the loss falls, so the pixel row grows"
    assert len(panel.svg) < 12_000


def test_linear_axis():
    axis = Axis.linear(0.0, 200.0, 50.0, 250.0)
    assert axis.ticks() == [(50.0, "0"), (100.0, "50"), (150.0, "100"), (200.0, "150"), (250.0, "200")]
    assert Axis.linear(3.0, 3.0, 0.0, 1.0).place(3.0) == 0.0


def test_log_axis():
    axis = Axis.log(1e-6, 1e2, 100.0, 0.0)
    texts = [text for _, text in axis.ticks()]
    assert texts == ["10⁻⁶", "10⁻⁴", "10⁻²", "10⁰", "10²"]
    assert axis.place(1e-2) == pytest.approx(50.0)
    assert axis.place(0.0) == 100.0, "what has no logarithm lies at the lower end"


@pytest.mark.parametrize(("lo", "hi"), [(1.0, 1.0), (2.0, 3.0), (1e-9, 2e-9), (0.5, 60.0), (1e-3, 1e6), (3e7, 4e7)])
def test_log_ticks_are_few_ordered_and_inside(lo, hi):
    axis = Axis.log(lo, hi, 0.0, 100.0)
    positions = [position for position, _ in axis.ticks()]
    assert len(positions) <= 7
    assert positions == sorted(positions)
    assert all(0.0 <= position <= 100.0 and math.isfinite(position) for position in positions)


def test_numbers_that_no_loss_can_have_are_not_drawn(run_with):
    text = _curve(total=[10**400, 1e308, 1.0, 0.5, 1e-320], only=[1e-45, 3e38, 1.0, 1.0, 1.0])
    run = run_with(text)
    curves, notices = read_curves(run)
    assert notices == []
    assert np.isfinite(curves[0].terms["total"]).tolist() == [False, False, True, True, True]
    for term in term_names(curves):
        (panel,) = panels(run, curves, term)
        assert "nan" not in panel.svg
        assert "inf" not in panel.svg
