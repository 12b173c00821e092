"""``styleresearch plan``: from a pilot run to the size of a comparison."""

from __future__ import annotations

import json

import numpy as np
import pytest


@pytest.fixture
def pilot(tmp_path):
    rng = np.random.default_rng(0)
    hard = rng.lognormal(0, 0.3, (5, 4, 2))
    lines = [
        {
            "schema": 1, "method": method, "label": method, "baseline": False, "pair": f"c{i}__s{j}",
            "content": f"c{i}", "style": f"s{j}", "seed": 0, "size": [8, 8], "files": {},
            "in_sample": [], "cost": {}, "provenance": {},
            "metrics": {"loss": hard[i, j, k]},
        }
        for i in range(5) for j in range(4) for k, method in enumerate("ab")
    ]  # fmt: skip
    (tmp_path / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "contracts.json").write_text('{"loss": {"label": "Loss", "better": "lower"}}')
    return tmp_path


def test_a_pilot_says_what_it_finds_and_what_a_smaller_difference_needs(cli, pilot):
    done = cli("plan", pilot, "--difference=1.1", "--metric=loss")
    assert done.status == 0, done
    assert "pilot: 5 contents × 4 styles" in done.out
    assert "this design finds × 1." in done.out
    assert "× 1.10, fewest pictures: " in done.out
    assert cli("plan", pilot).status == 0


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--metric=los", "Did you mean 'loss'"),
        ("--difference=1", "give a factor other than 1"),
        ("--difference=-2", "give a factor other than 1"),
    ],
)
def test_what_is_no_metric_or_no_difference_is_one_line(cli, pilot, option, said):
    done = cli("plan", pilot, option)
    assert done.status == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1
