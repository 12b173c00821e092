"""Reading a run directory: what is accepted, what is noted, what is refused."""

from __future__ import annotations

import json

import pytest

from styleresearch.errors import InputError
from styleresearch.report.reading import read_run


@pytest.fixture
def line(make_record):
    def make(method="a", content="c", style="s", **changes):
        return make_record(method, method.upper(), False, content, style, **changes)

    return make


def test_reads_a_whole_run(finished_run):
    run = read_run(finished_run)
    assert [method.name for method in run.methods if not method.baseline] == ["gatys_lbfgs", "gatys_adam", "moments"]
    assert [method.baseline for method in run.methods] == [False, False, False, True, True, True]
    assert len(run.pairs) == 9
    assert len(run.records) == 53
    assert [c.name for c in run.metrics] == [
        "content_loss", "style_loss", "ssim", "color_distance", "seconds", "evaluations", "peak_memory_mb",
    ]  # fmt: skip
    assert len(run.notices) == 1
    assert run.notices[0].startswith("Channel moments has 8 of 9 images")
    assert run.provenance("encoder", "convention") == ["caffe"]


def test_without_config_and_contracts_the_run_is_read_and_says_so(tmp_path, records_in, line):
    records_in(line())
    run = read_run(tmp_path)
    assert run.notices[0] == (
        "There is no config.json in the run directory: the report cannot show how to repeat the run."
    )
    assert "contracts.json" in run.notices[1]
    assert (run.metrics[0].label, run.metrics[0].better) == ("content_loss", None)


def test_a_half_written_last_line_is_left_out_and_noted(tmp_path, records_in, line):
    records_in(line(content="c1"), line(content="c2"))
    with (tmp_path / "records.jsonl").open("a") as file:
        file.write(json.dumps(line(content="c3"))[:80])
    run = read_run(tmp_path)
    assert len(run.records) == 2
    assert any("last line of records.jsonl is incomplete" in notice for notice in run.notices)


def test_the_last_record_of_an_output_counts(tmp_path, records_in, line):
    records_in(line(metrics={"m": 1.0}), line(metrics={"m": 2.0}))
    run = read_run(tmp_path)
    assert run.records["a", "c__s"].metrics == {"m": 2.0}


def test_values_that_are_not_finite_are_missing(tmp_path, records_in, line):
    records_in(line(metrics={"a": float("nan"), "b": float("inf"), "c": None, "d": 3}))
    assert read_run(tmp_path).records["a", "c__s"].metrics == {"a": None, "b": None, "c": None, "d": 3.0}


def test_records_made_under_different_conditions_are_noted(tmp_path, records_in, line):
    other = line(content="c2")
    other["provenance"] = other["provenance"] | {"config_hash": "f" * 64, "device": "gpu"}
    records_in(line(), other)
    notices = " ".join(read_run(tmp_path).notices)
    assert "2 different configs" in notices
    assert "2 different devices" in notices
    assert "encoders" not in notices


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no complete record"),
        ("\n \n", "no complete record"),
        ('{"schema": 1', "no complete record"),
        ('not json\n{"schema": 1}\n', "line 1, is not valid JSON"),
        ('{"half": \n', "line 1, is not valid JSON"),
        ("[1]\n", "line 1, is a list, not an object"),
        ('{"schema": 7}\n', "schema 7; this version reads schema 1"),
        ('{"schema": 1}\n', "needs 'method' as a text, got None"),
    ],
)
def test_refused_records(tmp_path, text, message):
    (tmp_path / "records.jsonl").write_text(text)
    with pytest.raises(InputError, match=message):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics": [1]}, "needs 'metrics' as an object"),
        ({"metrics": {"m": "1"}}, "'m' = '1', not a number"),
        ({"metrics": {"m": True}}, "'m' = True, not a number"),
        ({"cost": None}, "needs 'cost' as an object"),
        ({"in_sample": "style_loss"}, "needs 'in_sample' as a list"),
        ({"content": ""}, "needs 'content' as a text, got ''"),
        ({"content": "d", "pair": "d__s", "label": "other"}, "appears with two labels"),
    ],
)
def test_refused_fields(records_in, line, changes, message):
    with pytest.raises(InputError, match=message):
        read_run(records_in(line(), line() | changes))


def test_refused_directories(tmp_path):
    with pytest.raises(InputError, match="not a directory"):
        read_run(tmp_path / "absent")
    with pytest.raises(InputError, match="styleresearch compare"):
        read_run(tmp_path)
    (tmp_path / "records.jsonl").mkdir()
    with pytest.raises(InputError, match="cannot read"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("config.json", "{", "config.json is not valid JSON"),
        ("contracts.json", "[]", "holds a list, not an object"),
        ("contracts.json", '{"content_loss": 3}', "contract of 'content_loss' is not an object"),
        ("contracts.json", '{"content_loss": {"better": "up"}}', "'better' of 'content_loss' is 'up'"),
    ],
)
def test_refused_companions(tmp_path, records_in, line, name, text, message):
    records_in(line())
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        read_run(tmp_path)
