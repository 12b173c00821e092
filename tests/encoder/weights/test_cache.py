"""What is in the cache is whole and is what it says, whoever writes, reads or dies."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from styleresearch.encoder.weights import KNOWN, Known, cache
from styleresearch.encoder.weights.base import digest_of, tensor_digests
from styleresearch.errors import InputError


def test_digest_is_the_one_that_is_documented():
    """Written out: sha256 of one line for each tensor, sorted by name, each with the sha256 of its bytes."""
    params = {"conv1_1": {"kernel": np.zeros((1, 2), np.float32), "bias": np.ones(1, np.float32)}}
    kernel = "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc"  # printf '\0\0\0\0\0\0\0\0' | sha256sum
    bias = "e00e5eb9444182f352323374ef4e08ebcb784725fdd4fd612d7730540b3e0c8c"  # printf '\0\0\200\77' | sha256sum
    assert tensor_digests(params) == {"conv1_1/kernel": kernel, "conv1_1/bias": bias}
    import hashlib

    lines = f"conv1_1/bias {bias}\nconv1_1/kernel {kernel}\n"
    assert digest_of(tensor_digests(params)) == hashlib.sha256(lines.encode()).hexdigest()


def test_the_platforms_cache_folder_is_the_default(monkeypatch):
    monkeypatch.delenv("STYLERESEARCH_CACHE")
    assert cache.folder().parts[-2:] == ("styleresearch", "weights")


def test_round_trip(make_weights, cache_folder):
    weights = make_weights(convention="torchvision")
    file = cache.write(weights)
    assert file == cache_folder / "mine.safetensors"
    assert cache.names() == ("mine",)
    again = cache.read("mine")
    assert again is not None
    for key in ("name", "arch", "convention", "digest", "source", "licence"):
        assert getattr(again, key) == getattr(weights, key)
    assert list(again.params) == list(weights.params)
    for layer, parts in weights.params.items():
        for part, array in parts.items():
            np.testing.assert_array_equal(again.params[layer][part], array)
    assert [path.name for path in cache_folder.iterdir()] == ["mine.safetensors"]


def test_what_is_not_there_is_none():
    assert cache.read("mine") is None
    assert cache.names() == ()


def test_others_may_read_a_shared_cache(make_weights):
    umask = os.umask(0o022)
    try:
        assert cache.write(make_weights()).stat().st_mode & 0o044 == 0o044
    finally:
        os.umask(umask)


def test_every_byte_is_guarded(make_weights):
    file = cache.write(make_weights())
    whole = file.read_bytes()
    tensors = 8 + int.from_bytes(whole[:8], "little")
    rng = np.random.default_rng(0)
    for place in [tensors, len(whole) - 1, *rng.integers(tensors, len(whole), 5)]:
        damaged = bytearray(whole)
        damaged[place] ^= 1
        file.write_bytes(damaged)
        with pytest.raises(
            InputError, match=r"is damaged.*expected .*Mend it with: styleresearch weights convert FILE"
        ):
            cache.read("mine")


@pytest.mark.parametrize("length", [0, 5, 8, 100, 3000, -1])
def test_a_truncated_file_is_not_weights(length, make_weights):
    file = cache.write(make_weights())
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(InputError, match=r"mine\.safetensors cannot be read.*Mend it with"):
        cache.read("mine")


def test_a_file_of_another_name_or_kind_is_refused(make_weights, cache_folder):
    from safetensors.numpy import save_file

    file = cache.write(make_weights())
    file.rename(cache_folder / "yours.safetensors")
    with pytest.raises(InputError, match="holds the weights 'mine', expected 'yours'"):
        cache.read("yours")
    save_file({"a": np.ones(2)}, cache_folder / "foreign.safetensors")
    with pytest.raises(InputError, match="is not a file of cached weights"):
        cache.read("foreign")
    save_file({"a": np.ones(2)}, cache_folder / "half.safetensors", metadata={"format": cache.FORMAT, "name": "half"})
    with pytest.raises(InputError, match="header without arch, convention"):
        cache.read("half")


def test_pinned_weights_are_held_against_the_pin(make_weights, monkeypatch):
    """A file that agrees with its own header, and with its name, but not with what is known of that name."""
    good, other = make_weights("tiny"), make_weights("tiny", seed=1)
    cache.write(other)
    known = Known("tiny", "vgg16", "caffe", "a test", "none", tensor_digests(good.params))
    monkeypatch.setitem(KNOWN, "tiny", known)
    with pytest.raises(InputError, match=f"sha256 {other.digest}, expected {good.digest}"):
        cache.read("tiny")
    cache.write(good)  # mends it
    cache.path_of("tiny").unlink()
    monkeypatch.delitem(KNOWN, "tiny")
    cache.write(make_weights("tiny", convention="torchvision"))
    monkeypatch.setitem(KNOWN, "tiny", known)
    with pytest.raises(InputError, match="says vgg16 with convention 'torchvision'; 'tiny' is vgg16 with 'caffe'"):
        cache.read("tiny")


def test_other_weights_do_not_take_a_name_that_is_used(make_weights):
    cache.write(make_weights())
    cache.write(make_weights())
    with pytest.raises(InputError, match=r"already names other weights.*Choose another --name, or delete .*mine"):
        cache.write(make_weights(seed=1))
    with pytest.raises(InputError, match="already names other weights"):
        cache.write(make_weights(convention="random"))


def test_a_cache_that_cannot_be_written_says_what_to_set(make_weights, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("STYLERESEARCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"cannot be written: .*Name another folder in \$STYLERESEARCH_CACHE"):
        cache.write(make_weights())


def test_a_failed_write_leaves_nothing(make_weights, cache_folder, monkeypatch):
    weights = make_weights(digest="0" * 64)  # does not agree with its tensors: found when read back
    with pytest.raises(InputError, match="damaged"):
        cache.write(weights)
    assert list(cache_folder.iterdir()) == []


KILLED = """
import sys, time
import numpy as np
from styleresearch.encoder.weights import Weights, cache
from styleresearch.encoder.weights.base import digest_of, tensor_digests

params = {"conv1_1": {"kernel": np.zeros((3, 3, 3, 64), np.float32), "bias": np.zeros(64, np.float32)}}

def stop(*_):
    print("written", flush=True)
    time.sleep(60)

cache.read_file = stop
cache.write(Weights("mine", "vgg16", "random", params, digest_of(tensor_digests(params)), "a test", "none"))
"""


def test_a_process_killed_while_writing_leaves_no_weights(cache_folder, make_weights):
    process = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "written\n"
        process.kill()
    partial = list(cache_folder.iterdir())
    assert [path.suffix for path in partial] == [".partial"]
    assert partial[0].stat().st_size > 3 * 3 * 3 * 64 * 4
    assert cache.names() == ()
    assert cache.read("mine") is None
    cache.write(make_weights())
    assert cache.names() == ("mine",)
    # What the killed process left went with the next writing.
    assert [path.name for path in cache_folder.iterdir()] == ["mine.safetensors"]
