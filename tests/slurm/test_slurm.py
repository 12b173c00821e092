"""A sweep on a real Slurm cluster of one node: `make slurm`. Needs slurm-wlm and munge, and to be root."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slurm

OWN = '''
import time
from dataclasses import dataclass
import numpy as np
from styleresearch.methods import METHODS, Method, Takes

@METHODS.register("nap")
@dataclass(frozen=True)
class Nap(Method):
    """Takes its time to fade a content to grey, and says when it begins."""
    strength: float = 0.5
    takes = Takes(styles="one", encoder=False)

    def stylize(self, params, encoder, content, styles, *, key, progress=None):
        time.sleep(1.5)
        return (1 - self.strength) * np.asarray(content) + self.strength * 0.5
'''
CONFIG = """
from ml_collections import ConfigDict
import own_nap

def get_config():
    config = ConfigDict()
    config.encoder = dict(name="vgg16", weights="random", width=0.125)
    config.size = 32
    config.contents = dict(name="photographs", names=("cat", "coffee"))
    config.styles = dict(name="painter", names=("waves",), seed=0)
    config.methods = dict(nap=dict(name="nap", label="Nap"), identity=dict(name="identity"))
    config.metrics = dict(ssim=dict(name="ssim"))
    config.sweep = dict(strength=dict(field="methods.nap.strength", values=(0.1, 0.2, 0.3, 0.4)))
    return config
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[dict[str, str]]:
    """Run a cluster, and give the environment of its users."""
    folder = tmp_path_factory.mktemp("slurm")
    fixture = Path(__file__).with_name("one-node")
    conf = subprocess.run([fixture, "start", folder], check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield {**os.environ, "SLURM_CONF": conf, "PYTHONPATH": str(ROOT)}
    finally:
        subprocess.run([fixture, "stop", folder], check=True)


@pytest.fixture
def study(tmp_path) -> Path:
    (tmp_path / "own_nap.py").write_text(OWN)
    (tmp_path / "study.py").write_text(CONFIG)
    return tmp_path


def start(study: Path, environment: dict[str, str], workdir: str, *options: str) -> subprocess.Popen[str]:
    """Start a sweep."""
    command = [sys.executable, "-m", "styleresearch", "sweep", "--config=study.py", f"--workdir={workdir}", *options]
    return subprocess.Popen(
        command, cwd=study, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a sweep; return its status and what it said."""
    said = process.communicate(timeout=300)[0]
    return process.returncode, said


def until(true: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.2)


def table(workdir: Path) -> list[tuple[str, str, dict[str, float]]]:
    lines = (workdir / "records.jsonl").read_text().splitlines()
    return [(r["method"], r["pair"], r["metrics"]) for r in map(json.loads, lines)]


def slurm(environment: dict[str, str], *command: str) -> str:
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def test_an_array_whose_tasks_are_killed_and_queued_again_mid_cell_ends_with_the_table_of_one_undisturbed(
    study, cluster
):
    assert ended(start(study, cluster, "alone"))[0] == 0
    disturbed = start(study, cluster, "disturbed", "--slurm=tasks=2,timeout_min=10")
    until(lambda: list((study / "disturbed/shards").glob("*/outputs.jsonl")))
    array = (study / "disturbed/jobs/array").read_text().strip()
    # Some of ten cells are done, one is being made: both tasks are stopped in it.
    for task in ("0", "1"):
        slurm(cluster, "scontrol", "requeue", f"{array}_{task}")
    until(lambda: "PENDING" in slurm(cluster, "squeue", "--noheader", "--array", "--format=%T"))
    made = len(list((study / "disturbed/images").rglob("*.png")))
    assert 0 < made < 10
    # A cluster lets a task wait for two minutes before it begins again.
    until(lambda: "RUNNING" not in slurm(cluster, "squeue", "--noheader", "--array", "--format=%T"))
    for task in ("0", "1"):
        slurm(cluster, "scontrol", "update", f"jobid={array}_{task}", "StartTime=now")
    status, said = ended(disturbed)
    assert status == 0, said
    assert table(study / "disturbed") == table(study / "alone")
    restarts = [path.read_text() for path in (study / "disturbed/jobs").glob("*_log.err")]
    assert len(restarts) == 2


def test_tasks_that_are_cancelled_are_told_and_the_same_command_continues(study, cluster):
    cancelled = start(study, cluster, "cancelled", "--slurm=tasks=2,timeout_min=10")
    until(lambda: list((study / "cancelled/shards").glob("*/outputs.jsonl")))
    array = (study / "cancelled/jobs/array").read_text().strip()
    slurm(cluster, "scancel", array)
    status, said = ended(cancelled)
    assert status == 2
    assert "ended before their cells were done" in said
    assert "the same command continues" in said
    assert ended(start(study, cluster, "cancelled"))[0] == 0
    assert len(table(study / "cancelled")) == 10


def test_options_that_slurm_has_not_are_told(study, cluster):
    status, said = ended(start(study, cluster, "refused", "--slurm=tasks=2,slurm_partition=none"))
    assert status == 2
    assert "Slurm refused the array job" in said
    assert "Traceback" not in said
