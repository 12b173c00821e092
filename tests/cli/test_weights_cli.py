"""``styleresearch weights`` as a user sees it."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

from styleresearch.cli import weights as command
from styleresearch.encoder.weights import KNOWN, cache
from styleresearch.errors import InputError


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLERESEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "140")
    return tmp_path / "cache" / "weights"


@pytest.fixture
def run(capsys):
    """Run the command; return (exit status, standard output)."""

    def call(*arguments: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        command.add_parser(parser.add_subparsers())
        args = parser.parse_args(["weights", *arguments])
        return args.run(args), capsys.readouterr().out

    return call


@pytest.fixture
def file(tmp_path):
    """Two layers of a VGG, in the layout of PyTorch Gatys codes."""
    rng = np.random.default_rng(0)
    path = tmp_path / "two layers.npz"
    np.savez(
        path,
        **{
            "conv1_1.weight": rng.standard_normal((64, 3, 3, 3), dtype=np.float32),
            "conv1_1.bias": rng.standard_normal(64, dtype=np.float32),
            "conv1_2.weight": rng.standard_normal((64, 64, 3, 3), dtype=np.float32),
            "conv1_2.bias": rng.standard_normal(64, dtype=np.float32),
        },
    )
    return str(path)


def test_convert_then_list_verify_and_fetch(run, file, cache_folder):
    status, out = run("convert", file, "--name", "mine", "--convention", "caffe", "--arch", "vgg16")
    assert status == 0
    weights = cache.read("mine")
    assert weights is not None
    assert f"mine: vgg16, convention caffe, sha256 {weights.digest}" in out
    assert "only the first 2 of 13 layers: up to conv1_2" in out
    assert f"cached: {cache_folder / 'mine.safetensors'}" in out

    status, out = run("list")
    assert status == 0
    rows = [line.split() for line in out.splitlines()]
    assert ["mine", "vgg16", "caffe", "yes"] in [row[:4] for row in rows]
    assert ["vgg16", "vgg16", "caffe", "no:", "fetch"] in [row[:5] for row in rows]
    assert ["vgg19_normalised", "vgg19", "normalised", "no:", "convert"] in [row[:5] for row in rows]
    assert {row[0] for row in rows if row} >= set(KNOWN)
    assert "CC BY 4.0" in out
    assert str(cache_folder) in out

    assert run("verify") == (0, f"mine: good, sha256 {weights.digest}\n")
    assert run("verify", "mine") == (0, f"mine: good, sha256 {weights.digest}\n")
    assert run("fetch", "mine")[0] == 0


def test_verify_names_what_is_wrong_and_the_command_that_mends_it(run, file, cache_folder):
    for name in ("good", "wrong"):
        run("convert", file, "--name", name, "--convention", "random", "--arch", "vgg16")
    damaged = cache_folder / "wrong.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-4] + b"\0\0\0\1")
    status, out = run("verify")
    assert status == 1
    good, wrong = out.splitlines()
    assert good.startswith("good: good, sha256")
    assert wrong.startswith(f"wrong: WRONG: {damaged} is damaged")
    assert wrong.endswith("Mend it with: styleresearch weights convert FILE --name wrong --convention CONVENTION")
    assert run("verify", "good")[0] == 0
    assert run("convert", file, "--name", "wrong", "--convention", "random", "--arch", "vgg16")[0] == 0
    assert run("verify")[0] == 0


def test_list_shows_a_damaged_file(run, cache_folder):
    cache_folder.mkdir(parents=True)
    (cache_folder / "torn.safetensors").write_bytes(b"torn")
    status, out = run("list")
    assert status == 0
    assert ["torn", "?", "?", "damaged"] in [line.split()[:4] for line in out.splitlines()]


def test_nothing_cached_is_no_error(run, cache_folder):
    assert run("verify") == (0, f"the cache {cache_folder} holds no weights\n")


def test_fetch_from_a_file(run, file):
    with pytest.raises(InputError, match="convention has to be named: styleresearch weights convert"):
        run("fetch", "vgg19", "--file", file)
    with pytest.raises(InputError, match="does not hold 'vgg16'"):
        run("convert", file, "--name", "vgg16", "--convention", "caffe")


def test_verify_of_what_is_not_there_names_the_way_to_it(run):
    with pytest.raises(InputError, match=r"'vgg16' is not in the cache .*styleresearch weights fetch vgg16"):
        run("verify", "vgg16")
    with pytest.raises(InputError, match=r"Did you mean 'vgg16'"):
        run("verify", "vgg_16")


@pytest.mark.parametrize("arguments", [(), ("steal",), ("convert", "a.npz"), ("fetch",)])
def test_missing_words_are_usage_errors(arguments, run, capsys):
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err
