"""Charts of the summary."""

from __future__ import annotations

import json
import re

from styleresearch.report.charts import column_axis, in_plane, interval_mark, tradeoff
from styleresearch.report.reading import read_run
from styleresearch.report.summary import summarise


def _summary(records_in, make_record, values):
    """One method per entry of ``values``: (content loss, style loss) on each of 2 x 2 pairs."""
    pairs = [(c, s) for c in ("c1", "c2") for s in ("s1", "s2")]
    lines = []
    for index, (name, losses) in enumerate(values.items()):
        for (content, style), (x, y) in zip(pairs, losses, strict=True):
            metrics = {"content_loss": x, "style_loss": y}
            lines.append(make_record(name, name, index == 0, content, style, metrics=metrics))
    return summarise(read_run(records_in(*lines)), resamples=200)


VALUES = {
    "floor": [(0.0, 100.0)] * 4,
    "<b>&": [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.0)],
    "far away with a very long name": [(50.0, 0.5), (60.0, 0.6), (70.0, 0.7), (80.0, 0.8)],
}


def test_plane_places_lower_losses_lower_and_to_the_left(records_in, make_record):
    svg = tradeoff(_summary(records_in, make_record, VALUES))
    points = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)]
    assert len(points) == 3
    near, far, floor = points
    assert floor[0] < near[0] < far[0], "the floor's content loss of 0 lies at the left end"
    assert floor[1] < near[1] < far[1], "pixel rows grow downward, as the style loss falls"
    assert "&lt;b&gt;&amp;" in svg
    assert "far away with a very lo…" in svg
    assert "<title>far away with a very long name</title>" in svg


def test_no_plane_without_both_losses(records_in, make_record):
    line = make_record("a", "A", False, "c", "s", metrics={"style_loss": 1.0})
    assert tradeoff(summarise(read_run(records_in(line)))) == ""


def test_the_config_says_which_metrics_span_the_plane(records_in, make_record):
    def drawn(plane, better="higher") -> str:
        values = {"a": 0.2, "b": 0.4}
        run = records_in(
            *(make_record(m, m, False, "c", "s", metrics={"mine": x, "ssim": 1 - x}) for m, x in values.items())
        )
        contracts = {"mine": {"label": "My metric", "better": "lower"}, "ssim": {"label": "SSIM", "better": better}}
        (run / "contracts.json").write_text(json.dumps(contracts))
        (run / "config.json").write_text(json.dumps({} if plane is None else {"plane": plane}))
        return tradeoff(summarise(read_run(run)))

    svg = drawn(("mine", "ssim"))
    assert "SSIM →" in svg
    assert "Mean SSIM against mean My metric of each method; upper left is better." in svg
    assert "Mean My metric against mean SSIM of each method; lower right is better." in drawn(("ssim", "mine"))
    assert "is better" not in drawn(("ssim", "mine"), better=None)
    # None named and not both of the default's there, none wanted, or metrics that the records lack.
    assert drawn(None) == drawn(()) == drawn(("mine", "gone")) == drawn(3) == ""


def test_a_config_can_leave_the_plane_out(records_in, make_record):
    metrics = {"content_loss": 1.0, "style_loss": 2.0}
    run = records_in(*(make_record(m, m, False, "c", "s", metrics=metrics) for m in "ab"))
    assert summarise(read_run(run)).plane is not None
    (run / "config.json").write_text('{"plane": []}')
    assert summarise(read_run(run)).plane is None


def test_labels_do_not_lie_on_each_other(records_in, make_record):
    svg = tradeoff(
        _summary(records_in, make_record, {n: [(1.0, 1.0), (1.1, 1.1), (1.0, 1.2), (1.2, 1.0)] for n in "abcd"})
    )
    places = re.findall(r'class="label" x="([\d.]+)" y="([\d.]+)"', svg)
    assert len(places) == len(set(places)) == 4


def test_what_is_not_comparable_is_not_drawn_beside_the_others(records_in, make_record):
    lines = [
        make_record(m, m.upper(), False, c, s, metrics={"content_loss": x, "style_loss": x})
        for m, x in (("a", 1.0), ("b", 2.0), ("lazy", 1e-9))
        for c in ("c1", "c2")
        for s in ("s1", "s2")
        if (m, c) != ("lazy", "c2")
    ]
    summary = summarise(read_run(records_in(*lines)), resamples=50)
    assert [method.name for method in in_plane(summary)] == ["a", "b"]
    svg = tradeoff(summary)
    assert "A" in svg
    assert "LAZY" not in svg
    axis = column_axis(summary, summary.columns[0], 3.0, 93.0)
    assert axis is not None
    assert not axis.logarithmic, "the mean that is not drawn does not stretch the axis either"
    assert interval_mark(summary.cells["lazy", "content_loss"], axis) == ""
    assert interval_mark(summary.cells["b", "content_loss"], axis) != ""


def test_interval_marks(records_in, make_record):
    summary = _summary(records_in, make_record, VALUES)
    column = summary.columns[0]
    axis = column_axis(summary, column, 3.0, 93.0)
    assert axis is not None
    assert axis.logarithmic
    mark = interval_mark(summary.cells["<b>&", column.name], axis)
    found = re.search(r'<line x1="([\d.]+)" x2="([\d.]+)" y1="4.0" y2="4.0" /><circle cx="([\d.]+)"', mark)
    assert found
    lo, hi, mean = map(float, found.groups())
    assert 3.0 <= lo < mean < hi <= 93.0
    constant = _summary(records_in, make_record, {"a": [(5.0, 1.0)] * 4, "b": [(5.0, 2.0)] * 4})
    assert column_axis(constant, constant.columns[0], 3.0, 93.0) is None
    assert interval_mark(constant.cells["a", "content_loss"], None) == ""
