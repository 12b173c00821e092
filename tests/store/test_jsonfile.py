"""Whatever stands in a JSON file becomes a checked value or one ValueError."""

from __future__ import annotations

import json
from contextlib import suppress
from types import NoneType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styleresearch.store import jsonfile

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@given(VALUES)
def test_json_comes_back(value):
    assert jsonfile.parse(json.dumps(value)) == value


@given(st.binary())
def test_any_bytes_are_a_value_or_a_value_error(data):
    with suppress(ValueError):
        jsonfile.parse(data)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[" * 100_000, "nests too deeply"),
        (b'{"a":' * 100_000, "nests too deeply"),
        (b"[" * 5000 + b"]" * 5000, "nests too deeply"),
        (b'"\\ud800"', "half a character"),
        (b'{"\\udfff": 1}', "half a character"),
        (b"1" * 5000, "integer string conversion"),
        (b"\xff\xff", "decode"),
        (b"", "Expecting value"),
    ],
)
def test_what_breaks_readers_is_one_value_error(tmp_path, text, why):
    path = tmp_path / "run.json"
    path.write_bytes(text)
    with pytest.raises(ValueError, match=why):
        jsonfile.read(path)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ({"a": 1, "b": "x"}, {"a": int}),
        ({"a": {"b": [1]}}, {"a": {"b": list}}),
        ({"a": None}, {"a": (str, NoneType)}),
        ({}, {}),
        (1.5, jsonfile.NUMBER),
        (True, bool),
    ],
)
def test_a_value_of_the_shape_conforms(value, shape):
    assert jsonfile.conforms(value, shape)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ([], {}),
        (None, {}),
        ({}, {"a": int}),
        ({"a": True}, {"a": int}),
        ({"a": "1"}, {"a": int}),
        ({"a": {"b": None}}, {"a": {"b": str}}),
        (float("nan"), jsonfile.NUMBER),
        (float("-inf"), float),
    ],
)
def test_a_value_of_another_shape_does_not(value, shape):
    assert not jsonfile.conforms(value, shape)


def test_names_of_files_need_not_be_utf_8():
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    text = json.dumps([name])
    assert jsonfile.parse(text, names=True) == [name]
    with pytest.raises(ValueError, match="half a character"):
        jsonfile.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        '"\\ud800"'.encode("utf-16"),
        '"\ud800"'.encode("utf-16", "surrogatepass"),
        '"\\udc00"',
        '"\udc00"',
    ],
)
def test_half_a_character_is_refused_however_it_is_written(text):
    with pytest.raises(ValueError, match="half a character"):
        jsonfile.parse(text)
