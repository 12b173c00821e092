"""Checkpoints as files: what is there and whole, told without jax and without reading an array."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from styleresearch.errors import InputError
from styleresearch.store import manifest
from styleresearch.store.checkpoints import CheckpointFolder, digest_of_leaves

LEAVES = {
    "params/w": {"dtype": "float32", "shape": [2, 3], "sha256": "a"},
    "params/b": {"dtype": "float32", "shape": [], "sha256": "b"},
    "step": {"dtype": "int32", "shape": [], "sha256": "c"},
}


def write(folder: Path, step: int, total: float | None) -> None:
    (folder / str(step) / "state").mkdir(parents=True)
    (folder / str(step) / "state" / "arrays").write_bytes(bytes([step]))
    manifest.write(folder / str(step), {"step": step, "metrics": {"total": total}, "leaves": LEAVES, "empty": {}})


@pytest.fixture
def saved(tmp_path: Path) -> CheckpointFolder:
    for step, total in ((2, 0.5), (10, 0.5), (20, None)):
        write(tmp_path, step, total)
    (tmp_path / "30.orbax-checkpoint-tmp").mkdir()
    (tmp_path / "40").touch()
    return CheckpointFolder(tmp_path)


def test_finished_checkpoints_are_listed_by_number(saved):
    assert saved.steps() == saved.listed() == [2, 10, 20]
    assert saved.damaged() == {}
    assert CheckpointFolder(saved.path / "absent").steps() == []


def test_the_best_is_the_newest_of_the_lowest(saved):
    assert saved.best() == 10
    assert saved.best(apart_from={10}) == 2
    assert saved.best(apart_from={2, 10}) is None


def test_what_was_changed_is_told(saved):
    (saved.of_step(2) / "state" / "arrays").write_bytes(b"?")
    (saved.of_step(10) / manifest.NAME).write_text("{}")
    (saved.of_step(20) / "state" / "arrays").unlink()
    shutil.copytree(saved.of_step(20), saved.of_step(21))
    assert saved.damaged() == {
        2: "state/arrays is not what was written",
        10: "its manifest cannot be read: it is no manifest",
        20: "state/arrays cannot be read: No such file or directory",
        21: "its manifest was changed",
    }
    assert saved.steps() == [2, 20], "a damaged array shows when the files are compared"


def test_size_and_digest_are_of_what_was_learned(saved):
    assert saved.size(10) == 7
    learned = {"w": LEAVES["params/w"], "b": LEAVES["params/b"]}
    assert saved.digest(10) == digest_of_leaves(learned) == digest_of_leaves(dict(reversed(learned.items())))
    with pytest.raises(InputError, match=r"no checkpoint of step 3 in .*; there are \[2, 10, 20\]"):
        saved.size(3)
