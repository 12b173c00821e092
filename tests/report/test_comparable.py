"""What is not comparable is never ranked: every way in which two values of one column can differ, in every table."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from styleresearch.report.comparable import shared, standing
from styleresearch.report.depth import depth_of
from styleresearch.report.html import write_report
from styleresearch.report.meantable import latex_text
from styleresearch.report.reading import read_run
from styleresearch.report.summary import summarise
from styleresearch.report.tables import csv_text

PAIRS = [(c, s) for c in ("c1", "c2", "c3") for s in ("s1", "s2")]
CONTRACTS = '{"m": {"label": "Measure", "better": "lower"}, "k": {"label": "Kept", "better": "lower"}}'
MEASURED = {"content": "other pixels", "style": "digest of s1"}


def _provenance(line: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"provenance": line["provenance"] | changes}


@pytest.fixture
def run_of(records_in, make_record):
    """Make a run of methods "a" (1), "b" (2) and floor "zero" (0), as ``change(line)`` leaves or drops (None) them."""

    def make(change: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda line: line):
        lines = []
        for method, value in (("a", 1.0), ("b", 2.0), ("zero", 0.0)):
            for index, (content, style) in enumerate(PAIRS):
                cost = {"seconds": value + index, "evaluations": 10, "peak_memory_mb": 100.0 * (value + 1)}
                metrics = {"m": value + 0.1 * index, "k": value}
                line = make_record(method, method, method == "zero", content, style, metrics=metrics, cost=cost)
                lines.append(change(line))
        directory = records_in(*(line for line in lines if line))
        (directory / "contracts.json").write_text(CONTRACTS)
        return read_run(directory)

    return make


def _at(method: str, pair: tuple[str, str] | None = None):
    """Return whether a line is of a method, and of a pair if one is given."""
    return lambda line: line["method"] == method and pair in (None, (line["content"], line["style"]))


def _only(at, **changes):
    return lambda line: line | changes if at(line) else line


def _drop(at):
    return lambda line: None if at(line) else line


def _best(run, column="m"):
    summary = summarise(run, resamples=20)
    return [m.name for m in summary.methods if summary.cells[m.name, column].best]


def _columns(run):
    return {column.name: column for column in run.metrics}


def _rows(run, column="m"):
    summary = summarise(run, resamples=20)
    rows = csv.DictReader(io.StringIO(csv_text(summary, depth_of(run, summary))))
    return {row["method"]: row for row in rows if row["metric"] == column}


def test_equal_conditions_are_ranked(run_of):
    run = run_of()
    assert _best(run) == ["a"]
    assert _best(run, "seconds") == [], "a cost has no best"
    assert not any("not ranked" in row["note"] for row in _rows(run).values())
    assert all(row["comparable"] == "1" for row in _rows(run).values())


def _hard(line):
    return line["metrics"] | {"m": line["metrics"]["m"] + 50.0 * (line["content"] == "c3")}


def test_a_method_that_leaves_out_the_hard_picture_does_not_win(run_of):
    def change(line):
        if line["method"] == "b" and line["content"] == "c3":
            return None
        return line | {"metrics": _hard(line)}

    run = run_of(change)
    rows = _rows(run)
    assert float(rows["b"]["mean"]) < float(rows["a"]["mean"])
    assert float(rows["b"]["delta_to_reference"]) > 0, "on the pairs of both it is worse"
    assert rows["b"]["delta_n"] == "4"
    assert _best(run) == []
    assert (rows["b"]["comparable"], rows["b"]["note"]) == ("0", "not ranked: 4 of 6 images")
    assert rows["a"]["comparable"] == "1"
    text = latex_text(summarise(run, resamples=20), run)
    assert r"\mathbf" not in text
    assert re.search(r"^    b\$\^\{\\ddagger\}\$ & .*\^\{\\ddagger\}", text, re.MULTILINE)
    assert r"$\ddagger$ Not comparable, hence not ranked: b: 4 of 6 images" in text
    page = write_report(run.directory).read_text(encoding="utf-8")
    assert "(best)" not in page
    assert "<li>b: 4 of 6 images</li>" in page
    assert "on the same" not in page.split("</header>")[0]


def test_those_with_all_pictures_are_ranked_among_themselves(run_of, records_in, make_record):
    run = run_of()
    lines = (run.directory / "records.jsonl").read_text()
    lazy = make_record("lazy", "lazy", False, "c1", "s1", metrics={"m": -1.0, "k": -1.0})
    (run.directory / "records.jsonl").write_text(lines + json.dumps(lazy) + "\n")
    run = read_run(run.directory)
    assert _best(run) == ["a"]
    assert _rows(run)["lazy"]["note"].endswith("not ranked: 1 of 6 images")


def test_a_method_cannot_unrank_the_others_with_a_floor_of_more_pictures(run_of):
    run = run_of(lambda line: None if line["content"] == "c3" and line["method"] != "zero" else line)
    assert _best(run) == ["a"]
    assert _rows(run)["zero"]["note"] == "not ranked: 6 images, where the methods have 4"


def test_methods_without_a_picture_in_common_are_neither_ranked_nor_tested(run_of):
    run = run_of(lambda line: None if line["method"] == ("a" if line["content"] == "c1" else "b") else line)
    rows = _rows(run)
    assert rows["b"]["p"] == rows["b"]["win_rate"] == rows["b"]["delta_to_reference"] == ""
    assert rows["b"]["note"].endswith("no difference to a: no image in common")
    assert _best(run) == []


def test_a_value_that_is_missing_in_one_metric_unranks_that_metric_alone(run_of):
    run = run_of(lambda x: x | {"metrics": x["metrics"] | {"m": None}} if _at("b", ("c1", "s1"))(x) else x)
    assert _best(run) == []
    assert _best(run, "k") == ["a"]
    text = latex_text(summarise(run, resamples=20), run)
    assert "not ranked: b in Measure: 5 of 6 images" in text


def test_a_picture_that_no_method_has_a_value_for_is_said_and_does_no_harm(run_of):
    run = run_of(lambda x: x | {"metrics": x["metrics"] | {"m": None}} if x["content"] == "c1" else x)
    assert _best(run) == ["a"]
    assert summarise(run, resamples=20).remarks == ["Measure: means are over 4 of 6 images."]
    assert "Measure: means are over 4 of 6 images." in latex_text(summarise(run, resamples=20), run)


def test_a_seed_that_is_missing_counts_as_a_picture(run_of, records_in, make_record):
    lines = [
        make_record(m, m, False, c, "s", metrics={"m": 1.0}, seed=seed, pair=f"{c}__s__s{seed}")
        for m in ("a", "b") for c in ("c1", "c2") for seed in (0, 1) if (m, c, seed) != ("b", "c1", 1)
    ]  # fmt: skip
    run = read_run(records_in(*lines))
    assert standing(run, run.metrics[0]).apart == {"b": "3 of 4 images"}
    assert len(shared(run, run.metrics[0], "b", "a")[0]) == 3, "a mean of two seeds is not compared with one seed"


OF_ONE_PICTURE = {
    "size": (_only(_at("b", ("c2", "s1")), size=[96, 128]), "images of different sizes (c2__s1)"),
    "content": (
        _only(_at("b", ("c1", "s1")), inputs=MEASURED), "measured against different content pictures (c1__s1)",
    ),
    "style": (
        _only(_at("b", ("c1", "s1")), inputs={"content": "digest of c1", "style": "another"}),
        "measured against different style pictures (c1__s1)",
    ),
    "known of one alone": (
        _only(_at("b", ("c1", "s1")), inputs=None), "measured against different content pictures (c1__s1)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OF_ONE_PICTURE)
def test_pictures_that_were_measured_otherwise_are_not_ranked(run_of, case):
    change, why = OF_ONE_PICTURE[case]
    run = run_of(change)
    assert _best(run) == []
    rows = _rows(run)
    for row in rows.values():
        assert row["comparable"] == "0"
        assert f"not ranked: {why}" in row["note"]
    assert rows["b"]["delta_n"] == "5", "the difference is over the pictures that were measured alike"
    summary = summarise(run, resamples=20)
    assert f"Measure, Kept, Time, Evaluations: {why}" in " ".join(summary.unranked)
    assert why.split(" (")[0] in latex_text(summary, run)
    assert any("(c2__s1: 128 × 96 and 256 × 192)" in notice for notice in run.notices) == (case == "size")


SQUARE = "aspect ratio 1.00, the content's is 1.48"


def test_outputs_that_are_framed_otherwise_than_their_content_are_not_ranked(run_of):
    run = run_of(_only(_at("b"), framing=SQUARE))
    assert _best(run) == []
    rows = _rows(run)
    assert rows["a"]["comparable"] == "1"
    assert "not ranked: 6 of 6 images are framed otherwise than the content" in rows["b"]["note"]
    assert "no difference to a: framed otherwise than the content" in rows["b"]["note"]
    assert rows["b"]["p"] == ""
    assert f"b: 6 of 6 images are not framed as their content is (c1__s1: {SQUARE})." in run.notices
    one = run_of(_only(_at("b", ("c1", "s2")), framing=SQUARE))
    assert "1 of 6 images are framed otherwise than the content" in _rows(one)["b"]["note"]
    assert _rows(one)["b"]["delta_n"] == "5"


def test_outputs_that_are_all_framed_alike_are_ranked(run_of):
    run = run_of(lambda line: line if line["baseline"] else line | {"framing": SQUARE})
    assert _best(run) == ["a"]
    assert _rows(run)["b"]["delta_n"] == "6"
    assert list(standing(run, _columns(run)["m"]).apart) == ["zero"]


def _run_wide(name):
    changes = {
        "contract": lambda line: {"contracts": {"m": "other", "k": "other"}},
        "encoder": lambda line: _provenance(line, encoder={"digest": "other"}),
        "precision": lambda line: _provenance(line, precision="bfloat16"),
        "packages": lambda line: _provenance(line, packages={"styleresearch": "9.9.9"}),
    }
    return changes[name]


WHY = {
    "contract": "measured with different settings of the metric",
    "encoder": "measured with different settings of the metric",
    "precision": "computed in different precisions",
    "packages": "computed by different package versions",
}


@pytest.mark.parametrize("name", WHY)
def test_methods_that_were_measured_under_other_conditions_are_not_ranked(run_of, name):
    run = run_of(lambda line: line | _run_wide(name)(line) if line["method"] == "b" else line)
    assert _best(run) == []
    row = _rows(run)["b"]
    assert f"not ranked: {WHY[name]}" in row["note"]
    assert row["p"] == row["delta_to_reference"] == ""
    assert f"no difference to a: {WHY[name]}" in row["note"]


@pytest.mark.parametrize("name", WHY)
def test_a_row_that_mixes_conditions_is_not_ranked(run_of, name):
    def change(line):
        return line | _run_wide(name)(line) if _at("b", ("c1", "s1"))(line) or _at("a", ("c1", "s1"))(line) else line

    run = run_of(change)
    assert standing(run, _columns(run)["m"]).apart == {"a": WHY[name], "b": WHY[name]}
    assert shared(run, _columns(run)["m"], "b", "a") == (frozenset(), WHY[name])


def test_values_of_other_settings_than_those_that_are_shown_are_said(run_of):
    run = run_of(lambda line: line | {"contracts": {"m": "other"}})
    assert _best(run) == ["a"]
    (notice,) = (notice for notice in run.notices if "other settings" in notice)
    assert notice.startswith("Measure: 18 of 18 records were measured with other settings than contracts.json says")


def test_a_row_of_two_configs_is_not_ranked(run_of):
    run = run_of(lambda line: line | _provenance(line, config_hash="f" * 64) if _at("b", ("c1", "s1"))(line) else line)
    assert standing(run, _columns(run)["m"]).apart == {"b": "made under different configs"}


def test_a_floor_that_was_measured_otherwise_stands_apart_alone(run_of):
    run = run_of(_only(_at("zero"), size=[1, 1]))
    assert _best(run) == ["a"]
    assert list(standing(run, _columns(run)["m"]).apart) == ["zero"]


def test_old_records_count_as_comparable_as_far_as_is_known(run_of):
    run = run_of(lambda line: {k: v for k, v in line.items() if k not in ("inputs", "framing", "contracts", "size")})
    assert _best(run) == ["a"]
    assert any("an earlier version wrote them" in notice for notice in run.notices)


def test_time_of_different_devices_is_not_ranked(run_of):
    def change(line):
        device = "gpu" if line["method"] == "b" else "cpu"
        return line | _provenance(line, made={"device": device, "packages": {}})

    run = run_of(change)
    assert _best(run, "seconds") == []
    assert _rows(run, "seconds")["b"]["note"] == "not ranked: measured on different devices"
    assert _best(run) == ["a"], "a metric does not depend on where the image was made"
    assert standing(run, _columns(run)["evaluations"]).why("b") == "", "nor does a count"


def test_time_of_a_known_device_is_not_ranked_beside_that_of_an_unknown_one(run_of):
    def change(line):
        if line["method"] == "a":
            return line
        return line | _provenance(line, made={"device": line["provenance"]["device"], "packages": {}})

    assert _best(run_of(change), "seconds") == []


def test_memory_is_not_ranked_for_it_includes_what_others_left(run_of):
    run = run_of()
    assert _best(run, "peak_memory_mb") == []
    text = latex_text(summarise(run, resamples=20), run)
    assert "Peak memory: the peak of a process includes what the methods before left in it" in text
    assert r"memory$^{\ddagger}$" in text
    page = write_report(run.directory).read_text(encoding="utf-8")
    assert re.search(r'Peak memory <a [^>]*href="#not-ranked"', page)


def test_who_optimised_the_metric_itself_does_not_win_over_who_did_not(run_of):
    run = run_of(_only(_at("a"), in_sample=["m"]))
    assert _best(run) == []
    assert _best(run, "k") == ["a"]
    assert "nobody is best" in summarise(run, resamples=20).remarks[0]
    assert "nobody is best" in latex_text(summarise(run, resamples=20), run)
    assert _best(run_of(_only(_at("b"), in_sample=["m"]))) == ["a"], "a win against one that did is a win"
    both = run_of(lambda line: line | {"in_sample": ["m"]})
    assert _best(both) == ["a"]
