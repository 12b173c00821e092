"""``styleresearch plan`` on the command line."""

from __future__ import annotations

import json


def test_plan_prints_a_table_and_what_is_not_known(cli, own_folder):
    lines = [
        {"schema": 1, "method": method, "pair": f"{c}{s}", "content": c, "style": s, "metrics": {"m": value, "k": 1.0}}
        for method, values in (("a", [1, 2, 4, 3]), ("b", [2, 3, 4, 5]))
        for (c, s), value in zip([("c", "s"), ("c", "t"), ("d", "s"), ("d", "t")], values, strict=True)
    ]
    (own_folder / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = cli("plan", ".", "--metric=m", "--difference=2")
    assert done.status == 0
    assert "2 contents × 2 styles, differences to a" in done.out
    assert "Contents × styles" in done.out
    assert "2.00" in done.out
    assert "k: no plan (all values are equal" in cli("plan", ".").out
    wrong = cli("plan", ".", "--difference=2")
    assert wrong.status == 2
    assert wrong.err == "styleresearch: a difference is one of a metric: name it with --metric; there are: ['m', 'k']\n"
