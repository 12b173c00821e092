"""What lies under the means, in numbers, in the page and as a figure."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from styleresearch.report.depth import depth_of
from styleresearch.report.depthrows import middle_rows, rank_rows, reach_rows, variance_rows
from styleresearch.report.html import write_report
from styleresearch.report.planning import needs_of
from styleresearch.report.profiles import profile_panels, steps
from styleresearch.report.reading import read_run
from styleresearch.report.summary import summarise


@pytest.fixture
def run_of(records_in, make_record):
    """Make a run of methods (floors are named so) from tables of contents by styles; NaN leaves a picture out."""

    def make(better="lower", **tables):
        lines = [
            make_record(name, name, name.startswith("floor"), f"c{i}", f"s{j}", metrics={"m": float(value)})
            for name, table in tables.items()
            for (i, j), value in np.ndenumerate(np.asarray(table, float))
            if math.isfinite(value)
        ]
        directory = records_in(*lines)
        (directory / "contracts.json").write_text(json.dumps({"m": {"label": "M", "better": better}}))
        return read_run(directory)

    return make


def looked(run):
    summary = summarise(run, resamples=200)
    return summary, depth_of(run, summary), list(summary.columns)


RNG = np.random.default_rng(0)
TABLE = RNG.lognormal(0, 0.4, (1, 6)) * RNG.lognormal(0, 0.1, (5, 6))
NEAR = TABLE * RNG.lognormal(0.05, 0.1, (5, 6))


def test_depth_of_a_whole_run(run_of):
    summary, depth, columns = looked(run_of(a=TABLE, b=NEAR, floor_0=0 * TABLE, floor_1=TABLE + 3))
    ranks = [depth.ranks[name, "m"] for name in "ab"]
    np.testing.assert_allclose(np.sum(ranks, axis=0), 1)
    assert ("floor_0", "m") not in depth.ranks
    assert set(depth.profiles) == {("a", "m"), ("b", "m")}
    worst, best = (summary.cells[name, "m"].estimate.mean for name in ("floor_1", "floor_0"))
    assert depth.floors["a", "m"] == pytest.approx((worst - TABLE.mean()) / (worst - best))
    assert (depth.floors["floor_0", "m"], depth.floors["floor_1", "m"]) == (1, 0)
    split = depth.variances["m"]
    assert split is not None
    assert max(split, key=lambda name: split[name]) == "style"
    reach = depth.reaches["m"]
    assert reach.ratio
    assert reach.smallest > 0
    assert reach.text(math.log(1.25)) == "× 1.25"
    found = needs_of(reach, reach.smallest / 2, 5, 6)
    assert found.fewest is not None
    assert np.prod(found.fewest) > 30
    assert "best" in rank_rows(summary, depth, columns)[0]["cells"][0]
    assert middle_rows(summary, depth, columns)[2]["cells"][0]["floors"] == "1.00"
    (row,) = variance_rows(depth, columns)
    assert sum(share for *_, share in row["shares"]) == pytest.approx(100)
    assert reach_rows(summary, depth, columns)[0]["smallest"].startswith("× 1.")


@pytest.mark.parametrize(
    "tables",
    [
        {"a": [[1.0]]},
        {"a": [[1.0]], "b": [[2.0]]},
        {"a": TABLE},
        {"a": TABLE[:1], "b": NEAR[:1]},
        {"a": TABLE[:, :1], "b": NEAR[:, :1]},
        {"a": np.ones((3, 3)), "b": np.ones((3, 3))},
        {"a": np.zeros((3, 3)), "b": TABLE[:3, :3]},
        {"a": np.where(np.eye(5, 6) == 1, math.nan, TABLE), "b": NEAR},
        {"a": np.where(np.eye(4) == 1, TABLE[:4, :4], math.nan), "b": np.where(np.eye(4) == 1, NEAR[:4, :4], math.nan)},
        {"a": [[1.0, math.nan]], "b": [[math.nan, 1.0]]},
        {"floor_0": TABLE, "floor_1": NEAR},
        {"a": -TABLE, "b": NEAR},
    ],
    ids=["one picture", "two", "one method", "one content", "one style", "constant", "zeros", "missing cells",
         "matched", "nothing in common", "floors alone", "negative"],
)  # fmt: skip
@pytest.mark.parametrize("better", ["lower", "higher", None])
def test_any_run_makes_a_page(run_of, tables, better):
    run = run_of(better, **tables)
    summary, depth, columns = looked(run)
    for name, _ in summary.cells:
        assert depth.middle[name, "m"].n == summary.cells[name, "m"].estimate.n
    for column in columns:
        reach = depth.reaches[column.name]
        assert reach.reason or reach.variances
    text = write_report(run.directory, resamples=20).read_text(encoding="utf-8")
    assert not re.search(r">\s*[+×]?\s*(nan|inf)\b", text)


def test_a_profile_is_drawn_for_each_method_that_competes(run_of):
    summary, depth, _ = looked(run_of(a=TABLE, b=NEAR, late=np.where(np.eye(5, 6) == 1, math.nan, TABLE), floor=TABLE))
    ((column, panels),) = profile_panels(summary, depth)
    assert column.name == "m"
    assert [panel.label for panel in panels] == ["a", "b"]
    for panel in panels:
        assert [panel.svg.count(f'class="{kind}"') for kind in ("band", "thin", "bold")] == [1, 1, 1]
        assert "share of pairs whose M is at most a value" in panel.svg


@pytest.mark.parametrize(("better", "by_hand"), [
    ("lower", [(0, 0), (1, 0), (1, 0.5), (2, 0.5), (2, 1), (3, 1)]),
    ("higher", [(0, 1), (1, 1), (1, 0.5), (2, 0.5), (2, 0), (3, 0)]),
])  # fmt: skip
def test_corners_of_a_profile(run_of, better, by_hand):
    _, depth, _ = looked(run_of(better, a=[[1.0, 2.0]], b=[[3.0, 4.0]]))
    profile = depth.profiles["a", "m"]
    assert steps(profile, profile.shares, better == "lower", 0.0, 3.0) == by_hand
