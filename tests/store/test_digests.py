"""Digests are those that anybody else would compute."""

from __future__ import annotations

import hashlib

import ml_dtypes
import numpy as np

from styleresearch.store import digests


def test_a_file_has_the_sha256_of_its_bytes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 100_000)
    assert digests.of_file(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()


def test_the_order_of_keys_does_not_matter_and_the_order_of_lists_does():
    assert digests.of_json({"a": 1, "b": [1, 2]}) == digests.of_json({"b": [1, 2], "a": 1})
    assert digests.of_json([1, 2]) != digests.of_json([2, 1])
    assert digests.of_json({"b": (1,), "a": "ü"}) == hashlib.sha256(b'{"a": "\\u00fc", "b": [1]}').hexdigest()


def test_an_array_is_its_type_shape_and_bytes():
    array = np.arange(6, dtype=np.float32)
    found = {
        digests.of_array(one)
        for one in (array, array.reshape(2, 3), array.astype(np.float64), array + 1, array.astype(ml_dtypes.bfloat16))
    }
    assert len(found) == 5
    assert digests.of_array(array.reshape(2, 3)) == digests.of_array(np.asfortranarray(array.reshape(2, 3)))
    assert digests.of_array(array[:1]) == hashlib.sha256(b"float32 (1,)\n\0\0\0\0").hexdigest()


def test_a_common_part_changes_no_digest_however_often_it_is_used():
    fixed = {"contracts": {"b": [1, 2.5, None], "a": "é"}, "packages": {"jax": "1"}}
    digest = digests.of_json_with(fixed)
    for more in ({"output": "x", "key": "y"}, {"zeta": {"b": 1, "a": True}}, {}):
        assert digest(more) == digests.of_json({**fixed, **more})
