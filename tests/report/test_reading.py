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
    assert [record.metrics for record in run.of_method("a").values()] == [{"m": 2.0}]


def test_values_that_no_metric_can_have_are_missing(tmp_path, records_in, line):
    given = {"a": float("nan"), "b": float("inf"), "c": None, "d": 3, "e": 10**400, "f": -1e300, "g": 1e-300}
    records_in(line(metrics=given))
    (record,) = read_run(tmp_path).of_method("a").values()
    assert record.metrics == {"a": None, "b": None, "c": None, "d": 3.0, "e": None, "f": None, "g": 0.0}


def test_records_made_under_different_conditions_are_noted(tmp_path, records_in, line):
    other = line(content="c2")
    other["provenance"] = other["provenance"] | {"config_hash": "f" * 64, "device": "gpu"}
    records_in(line(), other)
    notices = " ".join(read_run(tmp_path).notices)
    assert "2 different configs" in notices
    assert "2 different devices" in notices
    assert "encoders" not in notices


DAMAGED = [
    (b"not json", "Expecting value"),
    (b'{"half": ', "Expecting value"),
    (b"[" * 100_000, "it nests too deeply"),
    (b'{"a":' * 100_000, "it nests too deeply"),
    (b"[1]", "a list, not an object"),
    (b'"\xff"', "can't decode byte"),
    (b"\0", "Expecting value"),
    (b"9" * 5000, "integer string conversion"),
    (b'{"schema": 7}', "schema 7; this version reads schema 1"),
    (b'{"schema": 1}', "'method' is None"),
]


@pytest.mark.parametrize(("text", "message"), DAMAGED)
def test_a_line_that_is_no_record_is_left_out_and_said(tmp_path, records_in, line, text, message):
    records_in(line(), line(content="c2"))
    good = (tmp_path / "records.jsonl").read_bytes()
    (tmp_path / "records.jsonl").write_bytes(text + b"\n" + good)
    run = read_run(tmp_path)
    assert len(run.records) == 2
    (notice,) = (notice for notice in run.notices if "left out" in notice)
    assert notice.startswith("1 line of records.jsonl is no record and left out (line 1: ")
    assert message in notice
    assert len(notice) < 400
    (tmp_path / "records.jsonl").write_bytes(text + b"\n")
    with pytest.raises(InputError, match="holds no complete record") as raised:
        read_run(tmp_path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "\n \n", '{"schema": 1'])
def test_a_file_without_a_record_is_refused(tmp_path, text):
    (tmp_path / "records.jsonl").write_text(text)
    with pytest.raises(InputError, match="no complete record"):
        read_run(tmp_path)


def test_many_damaged_lines_are_counted(tmp_path, records_in, line):
    records_in(line())
    with (tmp_path / "records.jsonl").open("a") as file:
        file.write("x\n" * 500)
    (notice,) = (notice for notice in read_run(tmp_path).notices if "left out" in notice)
    assert notice.startswith("500 lines of records.jsonl are no record and left out (line 2: ")
    assert "and 497 more" in notice


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics": [1]}, "'metrics' is [1]"),
        ({"metrics": {"m": "1"}}, "'m' in 'metrics' is '1', not a number"),
        ({"metrics": {"m": True}}, "'m' in 'metrics' is True, not a number"),
        ({"metrics": {"m": {}}}, "'m' in 'metrics' is {}, not a number"),
        ({"cost": None}, "'cost' is None"),
        ({"in_sample": "style_loss"}, "'in_sample' is 'style_loss'"),
        ({"content": ""}, "'content' is ''"),
        ({"seed": "0"}, "'seed' is '0'"),
        ({"size": [1, "2"]}, "'size' is [1, '2']"),
        ({"size": [10**30, 2]}, "'size' is [1000"),
        ({"size": [1, 2, 3]}, "'size' is [1, 2, 3]"),
        ({"inputs": {"content": 3}}, "'inputs' is {'content': 3}"),
        ({"contracts": ["ssim"]}, "'contracts' is ['ssim']"),
        ({"framing": 1.5}, "'framing' is 1.5"),
        ({"label": ["A"]}, "'label' is ['A']"),
        ({"content": "\ud800"}, "a lone surrogate"),
    ],
)
def test_a_record_with_a_field_of_the_wrong_type_is_left_out(records_in, line, changes, message):
    run = read_run(records_in(line(), line(content="c2") | changes))
    assert len(run.records) == 1
    assert message in " ".join(run.notices)


def test_one_method_under_two_labels_is_refused(records_in, line):
    with pytest.raises(InputError, match="appears with two labels"):
        read_run(records_in(line(), line(content="d") | {"label": "other"}))


def test_methods_and_metrics_of_one_label_are_told_apart(records_in, make_record):
    metrics = {"content": 1.0, "style": 2.0, "ssim": 3.0}
    directory = records_in(*(make_record(m, "Ours", False, "c", "s", metrics=metrics) for m in ("one", "two")))
    (directory / "contracts.json").write_text('{"content": {"label": "Loss"}, "style": {"label": "Loss"}}')
    run = read_run(directory)
    assert [method.label for method in run.methods] == ["Ours (one)", "Ours (two)"]
    assert [column.label for column in run.metrics] == ["Loss (content)", "Loss (style)", "ssim"]


def test_one_pair_name_of_two_seeds_is_two_pairs(records_in, make_record):
    run = read_run(records_in(*(make_record(m, m, False, "c", "s", seed=seed) for m, seed in (("a", 0), ("b", 3)))))
    assert len(run.pairs) == 2
    assert [len(run.of_method(name)) for name in "ab"] == [1, 1]


def test_a_method_whose_every_image_failed_is_named(tmp_path, records_in, line):
    records_in(line())
    (tmp_path / "config.json").write_text('{"methods": {"a": {}, "broken": {}}}')
    assert not any("broken" in notice for notice in read_run(tmp_path).notices), "`evaluate` measures no methods"
    (tmp_path / "outputs.jsonl").touch()
    assert "broken has no image at all." in read_run(tmp_path).notices


def test_records_of_an_earlier_version_say_what_is_not_known(records_in, line):
    run = read_run(records_in(line(), line(content="c2", inputs=None)))
    (notice,) = (notice for notice in run.notices if "do not say" in notice)
    assert notice.startswith("1 of 2 records do not say which pictures they were measured on")


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
        ("contracts.json", "{", "contracts.json is not valid JSON"),
        ("contracts.json", "[" * 100_000, "it nests too deeply"),
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


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, '{"a": "\\ud800"}'])
def test_a_damaged_config_costs_the_config_alone(tmp_path, records_in, line, text):
    records_in(line())
    (tmp_path / "config.json").write_text(text)
    run = read_run(tmp_path)
    assert run.config == {}
    assert run.notices[0].startswith("The config was left out (")
    assert "\n" not in run.notices[0]


@pytest.mark.parametrize("name", ["records.jsonl", "contracts.json", "config.json"])
def test_a_link_out_of_the_run_is_not_followed(tmp_path, make_record, name):
    run = tmp_path / "run"
    run.mkdir()
    (run / "records.jsonl").write_text(json.dumps(make_record("a", "A", False, "c", "s")) + "\n")
    (run / name).unlink(missing_ok=True)
    (tmp_path / "own").write_text('{"secret": 1}')
    (run / name).symlink_to(tmp_path / "own")
    if name == "config.json":
        assert read_run(run).config == {}
    else:
        with pytest.raises(InputError, match="not a file of this directory"):
            read_run(run)
