"""Configs of the user's own on the command line: what they import, what is saved of them, how a run is repeated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from styleresearch import configfile
from styleresearch.cli.imports import naming

BASE = """
from ml_collections import ConfigDict


def get_config(size="24"):
    config = ConfigDict()
    config.encoder = dict(name="vgg16", weights="random", width=0.125)
    config.size = int(size)
    config.seeds = (0,)
    config.contents = dict(name="photographs", names=("cat",))
    config.styles = dict(name="textures", names=("brick",))
    config.methods = dict(identity=dict(name="identity"))
    config.metrics = dict(ssim=dict(name="ssim"))
    return config
"""
CHILD = """
from base import get_config as base


def get_config(size="24"):
    config = base(size)
    config.imports = ("own_losses",)
    config.metrics.own = dict(name="loss", loss=dict(name="own_mean"))
    return config
"""
OWN_LOSS = """
from dataclasses import dataclass
from typing import ClassVar

from styleresearch.losses.base import LOSSES, Loss


@LOSSES.register("own_mean")
@dataclass(frozen=True)
class Mean(Loss):
    layers: tuple[str, ...] = ("relu1_1",)
    target: ClassVar = "style"

    def summarise(self, features):
        return {layer: features[layer].mean((1, 2)) for layer in self.layers}

    def compare(self, pred, target):
        return sum(((pred[layer] - target[layer]) ** 2).mean(1) for layer in self.layers)
"""


@pytest.fixture
def project(own_folder: Path) -> Path:
    (own_folder / "exp").mkdir()
    for name, text in (("base", BASE), ("child", CHILD), ("own_losses", OWN_LOSS)):
        (own_folder / "exp" / f"{name}.py").write_text(text)
    return own_folder


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_comparison_of_a_config_that_builds_on_another_runs_and_is_repeated(cli, project):
    command = ("compare", "--config=exp/child.py:32", "--workdir=run", "--config.seeds", "(1,)", "--config.seeds=(3,)")
    assert cli(*command).status == 0
    (record,) = lines(project / "run" / "records.jsonl")
    assert (min(record["size"]), record["seed"]) == (32, 3)
    assert set(record["provenance"]["modules"]) == {"base", "own_losses"}
    origin = json.loads((project / "run" / "config.json").read_text())["origin"]
    assert (origin["file"], origin["argument"]) == ("exp/child.py", "32")

    # A comment in a file that only the config imports decides nothing.
    (project / "exp" / "base.py").write_text(BASE + "# a comment\n")
    assert cli(*command).status == 0
    assert len(lines(project / "run" / "outputs.jsonl")) == 1
    (project / "exp" / "base.py").unlink()
    again = ("compare", "--config=run/config.json", "--workdir=run", "--import=exp/own_losses.py")
    assert cli(*again).status == 0
    assert len(lines(project / "run" / "outputs.jsonl")) == 1, "the same run"
    assert lines(project / "run" / "records.jsonl")[0]["metrics"] == record["metrics"]
    (project / "exp" / "own_losses.py").write_text(OWN_LOSS + "# a comment\n")
    assert cli(*again).status == 0
    assert len(lines(project / "run" / "outputs.jsonl")) == 2, "code that results depend on has another digest"


def test_a_command_that_cannot_take_overrides_says_so(cli, project):
    assert "unrecognised arguments: --config.size" in cli("show", ".", "--config.size=3").err


def test_the_options_that_name_a_configs_modules(project):
    config = configfile.load_config("exp/child.py")
    assert naming(config) == ["--import=exp/own_losses.py"]
    assert naming({"imports": ("own_losses",)}) == ["--import=own_losses"]
    (project / "own_losses.py").write_text(OWN_LOSS)
    assert naming(config) == ["--import=own_losses"]
    assert naming({}) == []
