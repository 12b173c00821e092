"""``styleresearch show``: what a directory or a file holds, while it is written and when it is damaged."""

from __future__ import annotations

import json
import re
import shutil
import threading
from pathlib import Path

import jax
import numpy as np
import pytest

from styleresearch.store.checkpoints import CheckpointFolder
from styleresearch.tasks.export import export_weights
from styleresearch.tasks.train import TrainingRun, train
from styleresearch.tasks.trained import load
from styleresearch.training.checkpoint import Checkpoints, digest_of

STYLES = {"name": "painter", "names": ("impasto", "mosaic"), "seed": 0}
CONFIG = {
    "name": "Two styles",
    "encoder": {"name": "vgg16", "weights": "random", "width": 0.125},
    "method": {
        "name": "feedforward",
        "net": {"name": "transform", "widths": (4, 8), "residuals": 0, "styles": 2, "pixels": "unit"},
        "styles": {**STYLES, "size": 32},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "objective": {"style": {"name": "gram", "layers": ("relu1_1",), "weight": 1.0}},
    },
    "data": {"content": {"name": "photographs", "names": ("cat", "coffee")}, "batch_size": 2, "crop": 32, "resize": 40},
    "train": {"steps": 2, "log_every": 1, "save_every": 1, "keep": 2, "sample_every": 0, "ema": 0.9},
}


class Silent:
    preparing = compiled = resumed = report = sampled = lambda self, *_: None


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("show") / "run"
    return train(TrainingRun.of(CONFIG), folder, Silent()), folder


@pytest.fixture
def directory(finished, tmp_path) -> Path:
    return shutil.copytree(finished[1], tmp_path / "run")


@pytest.fixture
def show(cli):
    """Run the command; return what it prints: name -> text."""

    def run(source: object) -> dict[str, str]:
        done = cli("show", source)
        assert done.status == 0, done
        first, *lines = done.out.splitlines()
        assert first == str(source)
        words = [("config." * line.startswith("    ") + line.split()[0], line.split(maxsplit=1)[-1]) for line in lines]
        assert len(dict(words)) == len(words)
        return {**dict(words), "warnings": done.err}

    return run


def test_a_training_run(show, finished):
    state, folder = finished
    shown = show(folder)
    count = sum(leaf.size for leaf in jax.tree.leaves(state.params))
    assert shown["kind"] == "training run of feedforward"
    best = CheckpointFolder(folder / "checkpoints").best()
    assert shown["checkpoints"] == "1, 2 of 2 steps".replace(str(best), f"{best} (best)", 1)
    assert shown["parameters"] == f"{count:,}, sha256 {digest_of(state.params)} (of step 2, as trained)"
    last = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    assert shown["metrics"].startswith("step 2: ")
    assert f"total {last['total']:.4g}" in shown["metrics"]
    assert f"seconds_per_step {last['seconds_per_step']:.4g}" in shown["speed"]
    assert shown["styles"] == "impasto, mosaic"
    facts = json.loads((folder / "run.json").read_text())
    assert shown["content"] == f"dict(name='photographs', names=('cat', 'coffee')), sha256 {facts['data']['content']}"
    assert f"sha256 {facts['encoder']['digest']}" in shown["encoder"]
    assert shown["device"] == f"{facts['provenance']['device']}, precision float32"
    assert f"jax {jax.__version__}," in shown["versions"]
    assert "(here" not in shown["versions"]
    assert shown["config.name"] == "'Two styles'"
    assert "net=dict(name='transform', widths=(4, 8), residuals=0" in shown["config.method"]
    assert shown["warnings"] == ""


def test_versions_that_differ_here(show, directory):
    facts = json.loads((directory / "run.json").read_text())
    facts["provenance"]["packages"] |= {"jax": "0.1.2", "gone": "3"}
    (directory / "run.json").write_text(json.dumps(facts))
    versions = show(directory)["versions"]
    assert f"jax 0.1.2 (here: {jax.__version__})" in versions
    assert "gone 3 (here: none)" in versions


def test_a_file(show, finished, tmp_path):
    state, folder = finished
    trained = load(str(folder))
    export_weights(trained, tmp_path / "a.safetensors", "float32")
    shown = show(tmp_path / "a.safetensors")
    count = sum(leaf.size for leaf in jax.tree.leaves(state.params))
    assert shown["kind"] == "weights of feedforward"
    assert shown["step"] == "2"
    assert shown["parameters"] == f"{count:,}, sha256 {trained.digest} (as exported)"
    assert shown["styles"] == "impasto, mosaic"
    assert shown["config.encoder"] == "dict(name='vgg16', weights='random', width=0.125)"


@pytest.mark.parametrize("what", ["manifest", "arrays", "half"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_shown(show, directory, what):
    newest = directory / "checkpoints" / "2"
    file = newest / "manifest.json"
    if what != "manifest":
        file = max((path for path in (newest / "state").rglob("*") if path.is_file()), key=lambda p: p.stat().st_size)
    content = file.read_bytes()
    if what == "half":
        file.unlink()
    else:
        file.write_bytes(content[:-20] + bytes(byte ^ 1 for byte in content[-20:]))
    shown = show(directory)
    assert f"warning: the checkpoint {newest} is damaged: " in shown["warnings"]
    digest = CheckpointFolder(directory / "checkpoints").digest(1)
    assert re.search(rf"sha256 {digest} \(of step 1,", shown["parameters"])


def test_a_run_before_its_first_checkpoint_and_a_torn_line(show, directory):
    shutil.rmtree(directory / "checkpoints")
    shown = show(directory)
    assert shown["checkpoints"] == "none yet of 2 steps"
    assert "parameters" not in shown
    with (directory / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 3, "total": 0.')
    assert show(directory)["metrics"].startswith("step 2: ")


def test_a_run_that_goes_on_meanwhile(show, directory):
    shutil.rmtree(directory / "checkpoints")
    ended = threading.Event()

    def write() -> None:
        with Checkpoints(directory / "checkpoints", keep=1) as checkpoints:
            for step in range(1, 21):
                checkpoints.save(step, {"params": {"x": np.full(1000, step)}}, {"total": -step})
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not ended.is_set() and writer.is_alive():
        shown = show(directory)
        assert shown["warnings"] == ""
        seen.append(shown["checkpoints"])
    writer.join()
    assert ended.is_set()
    assert len(set(seen)) > 1
    # What is being read is not deleted, so the last save may have left the one before; the next, unwatched, does not.
    with Checkpoints(directory / "checkpoints", keep=1) as checkpoints:
        checkpoints.save(21, {"params": {"x": np.full(1000, 21)}}, {"total": -21})
    assert show(directory)["checkpoints"] == "21 (best) of 2 steps"


def test_nothing_is_written(show, directory):
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
    show(directory)
    assert {path: path.stat().st_mtime_ns for path in directory.rglob("*")} == before


def test_a_comparison(show, bench, cli):
    assert cli("compare", "--config=tiny.py", "--workdir=run").status == 0
    shown = show("run")
    assert shown["kind"] == "comparison of noise, identity, style"
    assert shown["outputs"] == "12 stylised, 12 measured"
    assert "jax " in shown["versions"]
    assert shown["config.name"] == "'Tiny'"


def test_what_is_no_run(refused, tmp_path):
    assert "nowhere does not exist; give a run directory" in refused("show", "nowhere")
    assert "holds no training run (no run.json)" in refused("show", tmp_path)
    (tmp_path / "config.json").write_text("{")
    assert "config.json cannot be read" in refused("show", tmp_path)
    (tmp_path / "config.json").write_text('{"train": {}}')
    assert "has only just begun; ask again in a moment" in refused("show", tmp_path)
    (tmp_path / "a.safetensors").write_bytes(b"")
    assert "is not a file of trained weights" in refused("show", tmp_path / "a.safetensors")
    assert "the zoo has no weights 'x'" in refused("show", "zoo:x")


def test_a_config_that_was_damaged_by_hand_does_not_stop_show(directory, tmp_path, show):
    (tmp_path / "config.json").write_text(json.dumps({"methods": ["a", 1]}))
    assert show(tmp_path)["kind"] == "comparison of pictures on disk"
    (directory / "config.json").write_text(json.dumps({**CONFIG, "train": "long"}))
    facts = json.loads((directory / "run.json").read_text())
    facts["provenance"]["packages"] = {"": "1", "../x": "2"}
    (directory / "run.json").write_text(json.dumps(facts))
    assert show(directory)["checkpoints"] == "1, 2 (best)"
