"""A record is what was written: by this version, or by one before it."""

from __future__ import annotations

import dataclasses
import json

import pytest

from styleresearch.store.record import LARGEST, MethodName, Pair, PictureSet, Record, Records, lines, value_of

RECORD = Record(
    method=MethodName("gatys", "Gatys", baseline=False),
    pair=Pair("hill__ink", "hill", "ink", 0),
    size=(40, 61),
    inputs={"content": "c0", "style": "d1"},
    framing="",
    contracts={"ssim": "e2"},
    files={"output": "images/gatys/hill__ink.png", "content": None, "style": "inputs/style/ink.png", "curve": None},
    metrics={"ssim": 0.5, "color": None},
    in_sample=("ssim",),
    cost={"seconds": 1.5, "evaluations": 300},
    provenance={"measured": "f3", "encoder": {"name": "vgg16"}, "made": None},
)
PICTURES = PictureSet(0, outputs=6, contents=2, styles=3, digest="a5", reasons={"color": "6 pictures are too few"})
OF_A_SET = dataclasses.replace(
    RECORD, pair=None, size=None, inputs={}, files={}, cost={}, in_sample=(), pictures=PICTURES
)


@pytest.mark.parametrize("record", [RECORD, OF_A_SET, dataclasses.replace(RECORD, framing="a square of it")])
def test_what_was_written_is_read_again(record, tmp_path):
    records = Records(tmp_path / "records.jsonl")
    records.append(record)
    assert records.read() == [record]
    written = records.path.read_bytes()
    records.replace(records.read())
    assert records.path.read_bytes() == written
    assert b'"evaluations": 300}' in written or record is OF_A_SET, "a count stays a whole number"


def test_a_line_names_a_methods_facts_side_by_side():
    line = RECORD.to_json()
    assert [line[name] for name in ("schema", "method", "label", "baseline")] == [1, "gatys", "Gatys", False]
    assert [line[name] for name in ("pair", "content", "style", "seed")] == ["hill__ink", "hill", "ink", 0]
    assert (line["size"], line["framing"], line["in_sample"]) == ([40, 61], None, ["ssim"])


def test_a_record_of_a_set_has_no_pair():
    line = OF_A_SET.to_json()
    assert line["pair"] is None
    assert not {"content", "style", "seed"} & line.keys()
    assert line["set"] == vars(PICTURES)
    assert "set" not in RECORD.to_json()


@pytest.mark.parametrize("wrong", [None, {}, vars(PICTURES) | {"outputs": "6"}, vars(PICTURES) | {"reasons": {"a": 1}}])
def test_a_record_without_a_pair_says_which_pictures_it_is_of(wrong):
    with pytest.raises(ValueError, match=r"'set' is|'reasons' is"):
        Record.from_json({**OF_A_SET.to_json(), "set": wrong})


def test_a_line_of_an_earlier_version_lacks_what_was_not_known_then():
    record = Record.from_json({"schema": 1, "method": "a", "pair": "c__s", "content": "c", "style": "s"})
    assert record == Record(
        MethodName("a", "a", baseline=False), Pair("c__s", "c", "s", None), None, {}, "", {}, {}, {}, (), {}, {}
    )
    assert Record.from_json(record.to_json()) == record


@pytest.mark.parametrize("name", ["method", "pair", "content", "style"])
def test_a_line_without_a_name_is_no_record(name):
    line = RECORD.to_json()
    del line[name]
    with pytest.raises(ValueError, match=f"'{name}' is None"):
        Record.from_json(line)


def test_what_is_no_record_is_told_by_its_line_and_left_out(tmp_path):
    good = json.dumps(RECORD.to_json()).encode()
    text = b"\n".join([good, b"", b'{"schema": 2}', good[:40]])
    found = dict(lines(text))
    assert list(found) == [1, 3, 4]
    assert found[1] == RECORD
    assert str(found[3]) == "schema 2; this version reads schema 1"
    assert isinstance(found[4], ValueError)
    (tmp_path / "records.jsonl").write_bytes(text)
    assert Records(tmp_path / "records.jsonl").read() == [RECORD]


def test_no_file_holds_no_record(tmp_path):
    assert Records(tmp_path / "records.jsonl").read() == []


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (None, None),
        (3, 3),
        (0.25, 0.25),
        (LARGEST, LARGEST),
        (float("nan"), None),
        (float("-inf"), None),
        (10**400, None),
        (-1e300, None),
        (1e-300, 0.0),
    ],
)
def test_what_float32_cannot_hold_is_no_value(given, value):
    assert value_of(given) == value


@pytest.mark.parametrize("given", ["1", True, [1]])
def test_what_is_no_number_is_no_value_either_and_says_so(given):
    with pytest.raises(ValueError, match="not a number or null"):
        value_of(given)


def test_what_records_have_in_common_is_one_object(tmp_path):
    records = Records(tmp_path / "records.jsonl")
    common = dataclasses.replace(RECORD, provenance={"packages": {"jax": "1"}, "key": "a"})
    records.replace([common, dataclasses.replace(common, provenance={"packages": {"jax": "1"}, "key": "b"})])
    first, second = records.read()
    assert first.provenance["packages"] is second.provenance["packages"]
    assert first.contracts is second.contracts
    assert (first.provenance["key"], second.provenance["key"]) == ("a", "b")
