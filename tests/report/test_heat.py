"""The map of styles by methods: who falls behind where."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from styleresearch.report.cases import extreme_cases
from styleresearch.report.heat import heat_maps
from styleresearch.report.reading import read_run
from styleresearch.report.summary import summarise

STYLES = {"calm": 1.0, "wild": 4.0}


@pytest.fixture
def run(records_in, make_record):
    """Three methods on 2 x 2 pairs; the third fails on "wild", whose values are larger for all."""

    def write(left_out: tuple[str, str, str] | None = None):
        lines = []
        for method, factor in {"a": 1.0, "b": 2.0, "c": 4.0, "floor": 9.0}.items():
            for content, hard in {"x": 1.0, "y": 3.0}.items():
                for style, level in STYLES.items():
                    value = level * hard * (factor if style == "wild" or method == "floor" else 1.0)
                    metrics = {"loss": value, "score": -value, "fact": 1.0}
                    if (method, content, style) != left_out:
                        line = make_record(method, method, method == "floor", content, style, metrics=metrics)
                        lines.append(line)
        folder = records_in(*lines)
        meaning = {"loss": "lower", "score": "higher", "fact": None}
        contracts = {name: {"label": name.title(), "better": better} for name, better in meaning.items()}
        (folder / "contracts.json").write_text(json.dumps(contracts))
        return read_run(folder)

    return write


def test_methods_stand_beside_the_middle_of_the_same_style(run):
    found = run()
    loss, score = heat_maps(found, summarise(found))
    assert [method.name for method in loss.methods] == ["a", "b", "c"], "floor baselines compete with nobody"
    assert [style for style, _ in loss.rows] == ["wild", "calm"], "where one falls behind most comes first"
    # Against b, the middle; contents cancel.
    assert [cell.text for cell in loss.rows[0][1]] == ["×0.50", "×1.00", "×2.00"]
    assert [cell.shade for cell in loss.rows[0][1]] == pytest.approx([-1, 0, 1])
    assert [cell.text for cell in loss.rows[1][1]] == ["×1.00"] * 3
    assert loss.rows[0][1][2].value == f"{16 * math.sqrt(3):.1f}, mean over 2 contents"
    # Higher is better: a lower score is as dark as a higher loss. Means of 4 and 12 times the factor.
    assert [cell.text for cell in score.rows[0][1]] == ["+8.00", "0", "−16.0"]
    assert [cell.shade for cell in score.rows[0][1]] == pytest.approx([-0.5, 0, 1])


def test_only_pairs_that_all_have_are_in_the_map(run):
    # Without x, which is easy, b would look worse on "wild" than it is.
    found = run(("b", "x", "wild"))
    summary = summarise(found)
    assert not summary.cells["b", "loss"].comparable
    assert [m.name for m in heat_maps(found, summary)[0].methods] == ["a", "c"]
    # As where they are compared all the same.
    cells = {key: dataclasses.replace(cell, apart="") for key, cell in summary.cells.items()}
    summary = dataclasses.replace(summary, cells=cells)
    wild = dict(heat_maps(found, summary)[0].rows)["wild"]
    assert [cell.text for cell in wild] == ["×0.50", "×1.00", "×2.00"]
    assert wild[1].value == "24.0, mean over 1 content"


def test_one_style_or_one_method_has_no_map(small, records_in, make_record):
    lines = [make_record(m, m, False, c, "s", metrics={"loss": 1.0}) for m in "ab" for c in "xy"]
    folder = records_in(*lines)
    (folder / "contracts.json").write_text(json.dumps({"loss": {"label": "Loss", "better": "lower"}}))
    found = read_run(folder)
    assert heat_maps(found, summarise(found)) == []


def test_best_and_worst_follow_the_direction_of_the_metric(run):
    found = run()
    (loss, losses), (score, scores) = extreme_cases(found, summarise(found))
    assert (loss.name, score.name) == ("loss", "score")
    assert [case.method.name for case in losses] == ["a", "b", "c"]
    for case in (losses[2], scores[2]):
        assert (case.best.pair.content, case.best.pair.style) == ("x", "calm")
        assert (case.worst.pair.content, case.worst.pair.style) == ("y", "wild")
        assert found.pairs[case.worst.row] == case.worst.pair
        assert found.methods[case.number] == case.method
    assert (losses[2].best.value, losses[2].worst.value) == ("1", "48")


def test_a_style_without_a_common_pair_has_no_value(run):
    found = run(("b", "x", "wild"))
    records = {key: each for key, each in found.records.items() if key[0] != "b" or key[1].style != "wild"}
    found = dataclasses.replace(found, records=records)
    summary = summarise(found)
    cells = {key: dataclasses.replace(cell, apart="") for key, cell in summary.cells.items()}
    (style, wild) = heat_maps(found, dataclasses.replace(summary, cells=cells))[0].rows[-1]
    assert (style, {cell.text for cell in wild}) == ("wild", {"–"})
