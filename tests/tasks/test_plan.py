"""``styleresearch plan``: what a difference needs, from a run that is there."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.evaluation.statistics.power import LEAST
from styleresearch.tasks.plan import plan

CONTRACTS = {"loss": {"label": "Loss", "better": "lower"}, "score": {"label": "Score", "better": "higher"}}


@pytest.fixture
def pilot(tmp_path) -> Callable[..., Path]:
    """Write a run of two methods on contents x styles."""

    def write(contents: int = 5, styles: int = 6, methods: str = "ab") -> Path:
        rng = np.random.default_rng(0)
        by_style = rng.lognormal(0, 0.3, styles)
        lines: list[dict[str, Any]] = []
        for method in methods:
            for i in range(contents):
                for j in range(styles):
                    loss = float(by_style[j] * rng.lognormal(0, 0.2))
                    pair = {"pair": f"c{i}__s{j}", "content": f"c{i}", "style": f"s{j}"}
                    metrics = {"loss": loss, "score": 1 - loss / 10}
                    lines.append({"schema": 1, "method": method, **pair, "metrics": metrics, "cost": {"seconds": 1.0}})
        (tmp_path / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        (tmp_path / "contracts.json").write_text(json.dumps(CONTRACTS))
        return tmp_path

    return write


def test_a_pilot_plans_for_what_it_finds_and_for_parts_of_it(pilot):
    found = plan(pilot())
    assert "5 contents × 6 styles, differences to a" in found.intro
    assert [row[0] for row in found.rows] == ["Loss"] * 3 + ["Score"] * 3
    factors = [float(row[1].removeprefix("× ")) for row in found.rows[:3]]
    assert math.log(factors[1]) == pytest.approx(math.log(factors[0]) / 2, abs=0.01)
    pictures = [int(row[2].rpartition("= ")[2]) for row in found.rows]
    assert pictures[0] <= 30, "the pilot's own size finds the first"
    assert pictures[0] < pictures[1] < pictures[2]
    assert found.rows[0][3:] == ("6 styles", "5 contents")


def test_a_difference_of_a_loss_is_a_ratio_and_either_way_round(pilot):
    run = pilot()
    less, more = (plan(run, "loss", x).rows for x in (0.8, 1.25))
    assert less == more
    assert less[0][1] == "× 1.25"
    (row,) = plan(run, "score", -0.02).rows
    assert row[1] == "0.0200"
    assert plan(run, "score", 1e9).rows[0][2] == f"{LEAST} × {LEAST} = {LEAST**2}"
    assert plan(run, "score", 1e-9).rows[0][2:] == ("more than 200 of each", "–", "–")


@pytest.mark.parametrize(
    ("metric", "difference", "message"),
    [
        ("los", None, r"no metric 'los' in this run.*Did you mean 'loss'"),
        (None, 0.9, r"name it with --metric; there are: \['loss', 'score'\]"),
        ("loss", 1.0, "by their ratio in loss; give one above 0 that is not 1"),
        ("loss", -0.5, "--difference=-0.5: methods are compared by their ratio"),
        ("score", 0.0, "--difference=0: give a difference other than 0"),
        ("score", math.nan, "--difference=nan: give a difference"),
    ],
)
def test_a_difference_that_is_none(pilot, metric, difference, message):
    with pytest.raises(InputError, match=message):
        plan(pilot(), metric, difference)


@pytest.mark.parametrize(
    ("design", "why"),
    [
        ({"contents": 1}, "one content: the interval says nothing about other contents"),
        ({"contents": 1, "styles": 1}, "one image"),
        ({"methods": "a"}, "there are no two methods to compare"),
    ],
)
def test_a_pilot_that_cannot_tell_says_why(pilot, design, why):
    found = plan(pilot(**design))
    assert found.rows == ()
    assert all(re.match(rf"(Loss|Score): no plan \({why}", note) for note in found.notes)
    assert len(found.notes) == 2


def test_a_folder_without_records_is_one_line(tmp_path):
    with pytest.raises(InputError, match="there is nothing to report"):
        plan(tmp_path)
