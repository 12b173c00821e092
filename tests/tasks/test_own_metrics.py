"""Metrics of a user's module, one with a network of its own and one over a set: nothing of the package is edited."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from styleresearch.data.images import save_image
from styleresearch.data.outputs import Folder, find_outputs
from styleresearch.report.html import write_report
from styleresearch.store import failures
from styleresearch.store.record import Record, Records
from styleresearch.tasks.compare import compare
from styleresearch.tasks.comparison import Comparison
from styleresearch.tasks.evaluate import evaluate, measuring

MODULE = """
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from styleresearch.evaluation.metrics import METRICS, Metric, SetMetric


@struct.dataclass
class Net:
    kernel: jax.Array

    def __call__(self, image):
        names = ("NHWC", "HWIO", "NHWC")
        return jax.nn.relu(jax.lax.conv_general_dilated(image, self.kernel, (2, 2), "SAME", dimension_numbers=names))


class Seen:
    def needs(self, encoder):
        return {"net": Net(np.load(Path(__file__).with_name("net.npy")))}


@METRICS.register("seen_distance")
@dataclass(frozen=True)
class SeenDistance(Seen, Metric):
    title: str = "Seen distance"
    better: ClassVar = "lower"
    source: ClassVar = "own"

    def summarise(self, needs, style):
        return None

    def __call__(self, needs, output, content, style):
        return ((needs["net"](output) - needs["net"](content)) ** 2).mean((1, 2, 3))

    def definition(self):
        return "Distance to the content, as a network of our own sees it."


@METRICS.register("set_distance")
@dataclass(frozen=True)
class SetDistance(Seen, SetMetric):
    least: int = 2
    title: str = "Set distance"
    better: ClassVar = "lower"
    source: ClassVar = "own"
    references: ClassVar = "style"

    def embed(self, needs, image):
        return needs["net"](image).mean((1, 2))

    def compare(self, outputs, references):
        if outputs.shape[0] == 99:
            raise RuntimeError("never")
        spread = outputs.var(0) + references.var(0) - 2 * np.sqrt(outputs.var(0) * references.var(0))
        return ((outputs.mean(0) - references.mean(0)) ** 2 + spread).sum()

    def definition(self):
        return "Frechet distance of what a network of our own sees, without correlations."
"""
CONFIG = {
    "imports": ("my_metrics",),
    "encoder": {"name": "vgg16", "weights": "random", "width": 0.125},
    "contents": {"name": "files", "paths": ("a.png", "b.png")},
    "styles": {"name": "files", "paths": ("s.png", "t.png")},
    "methods": {"color": {"name": "color_transfer"}, "style": {"name": "style_image"}, "same": {"name": "identity"}},
    "metrics": {
        "seen": {"name": "seen_distance"},
        "sets": {"name": "set_distance"},
        "frechet": {"name": "frechet", "layers": ("relu1_1",)},
    },
    "size": 24,
}


@pytest.fixture
def folder(own_folder: Path) -> Path:
    (own_folder / "my_metrics.py").write_text(MODULE)
    train(own_folder, 0)
    rng = np.random.default_rng(0)
    for name in "abst":
        save_image(own_folder / f"{name}.png", rng.random((24, 30, 3)) * (1 if name in "ab" else 0.5))
    return own_folder


def train(folder: Path, seed: int) -> None:
    """Write the network's file."""
    np.save(folder / "net.npy", np.random.default_rng(seed).normal(size=(3, 3, 3, 5)).astype(np.float32))


def run() -> list[Record]:
    assert compare(Comparison.of(CONFIG), Path("run"), lambda event: None) == []
    return Records(Path("run/records.jsonl")).read()


def by_set(records: list[Record]) -> dict[str, Record]:
    return {record.method.name: record for record in records if record.pair is None}


def expected(folder: Path, method: str, which: str) -> float:
    """Return both metrics, written out in numpy on the files of the run."""
    kernel = np.load(folder / "net.npy")

    def seen(file: Path) -> np.ndarray:
        from PIL import Image

        image = np.asarray(Image.open(file).convert("RGB"), np.float64) / 255
        # SAME with a stride of 2 on even sides pads one row and column at the end.
        image = np.pad(image, ((0, image.shape[0] % 2 + 1), (0, image.shape[1] % 2 + 1), (0, 0)))
        patches = np.lib.stride_tricks.sliding_window_view(image, (3, 3), (0, 1))[::2, ::2]
        return np.maximum(np.einsum("hwcij,ijcd->hwd", patches, kernel), 0)

    outputs = sorted((folder / "run/images" / method).glob("*.png"))
    if which == "seen":
        content = seen(folder / "run/inputs/content/a.png")
        return ((seen(outputs[0]) - content) ** 2).mean()
    ours, theirs = (
        np.stack([seen(file).mean((0, 1)) for file in files])
        for files in (outputs, sorted((folder / "run/inputs/style").glob("*.png")))
    )
    return ((ours.mean(0) - theirs.mean(0)) ** 2 + (ours.std(0) - theirs.std(0)) ** 2).sum()


def test_a_metric_with_a_network_and_one_over_a_set_are_run_recorded_and_resumed(folder):
    records = run()
    pairs, sets = [record for record in records if record.pair is not None], by_set(records)
    assert len(pairs) == 2 * 2 * 3
    assert set(sets) == {"color", "style", "same"}
    for record in pairs:
        assert list(record.metrics) == list(record.contracts) == ["seen"]
    assert pairs[0].metrics["seen"] == pytest.approx(expected(folder, "color", "seen"), rel=1e-4)
    for method, record in sets.items():
        assert record.metrics["sets"] == pytest.approx(expected(folder, method, "sets"), rel=1e-3, abs=1e-6)
        assert record.pictures is not None
        assert (record.pictures.outputs, record.pictures.contents, record.pictures.styles) == (4, 2, 2)
        # The package's own needs more pictures, and says so.
        assert record.metrics["frechet"] is None
        assert record.pictures.reasons == {"frechet": "4 pictures and 2 style pictures, and it needs at least 50"}
    assert len({record.pictures.digest for record in sets.values() if record.pictures}) == 1
    contracts = json.loads(Path("run/contracts.json").read_text())
    assert len(contracts["seen"]["contract"]["networks"]["net"]) == 64
    assert contracts["sets"]["contract"]["references"] == "style"
    # What is there is not done again.
    written = Path("run/records.jsonl").read_bytes()
    assert run() == records
    assert Path("run/records.jsonl").read_bytes() == written


def test_a_changed_network_changes_the_contract_and_what_it_measured_and_no_picture(folder):
    first = run()
    pictures = {file: file.stat().st_mtime_ns for file in Path("run/images").rglob("*.png")}
    train(folder, 1)
    second = run()
    assert len(first) == len(second)
    for before, after in zip(first, second, strict=True):
        names = ["seen"] if before.pair else ["sets"]
        for name in names:
            assert before.contracts[name] != after.contracts[name]
        if before.method.name == "color":
            assert before.metrics != after.metrics
    assert by_set(first)["same"].contracts["frechet"] == by_set(second)["same"].contracts["frechet"]
    assert {file: file.stat().st_mtime_ns for file in Path("run/images").rglob("*.png")} == pictures


def test_pictures_on_disk_are_measured_alike(folder):
    compared = by_set(run())
    outputs, _ = find_outputs([Folder.of("run/images/color")], Path("run/inputs/content"), Path("run/inputs/style"))
    told = []
    config = {name: CONFIG[name] for name in ("imports", "encoder", "metrics")}

    def measured() -> list[Record]:
        assert evaluate(config, outputs, Path("out"), measuring(config), lambda *each: told.append(each)) == []
        return Records(Path("out/records.jsonl")).read()

    records = measured()
    assert by_set(records)["color"].metrics == compared["color"].metrics
    assert by_set(records)["color"].contracts == compared["color"].contracts
    assert by_set(records)["color"].pictures == compared["color"].pictures
    assert sum(done for _, done in told) == len(outputs)
    assert measured() == records


def test_a_metric_over_a_set_that_fails_leaves_the_rest(folder):
    module = Path("my_metrics.py")
    module.write_text(module.read_text().replace("== 99", "== 4"))
    failed = compare(Comparison.of(CONFIG), Path("run"), lambda event: None)
    assert {str(each) for each in failed} == {
        f"{method}, all pictures: RuntimeError: never ({module.resolve()}:59)" for method in CONFIG["methods"]
    }
    records = Records(Path("run/records.jsonl")).read()
    assert len(records) == 12
    assert len(failures.read(Path("run"))) == 3


def test_the_report_shows_values_over_sets_in_tables_of_their_own(folder):
    run()
    page = write_report(Path("run")).read_text()
    assert "Over all images" in page
    assert "Set distance" in page
    assert "4 pictures and 2 style pictures, and it needs at least 50" in page
    rows = {
        (row["method"], row["metric"]): row for row in csv.DictReader(Path("run/sets.csv").read_text().splitlines())
    }
    assert float(rows["color", "sets"]["value"]) == pytest.approx(expected(folder, "color", "sets"), rel=1e-3)
    assert (rows["color", "sets"]["images"], rows["color", "sets"]["comparable"]) == ("4", "1")
    assert rows["color", "frechet"]["value"] == ""
    assert rows["color", "frechet"]["note"].endswith("it needs at least 50")
    assert {row["metric"] for row in csv.DictReader(Path("run/table.csv").read_text().splitlines())} >= {"seen"}
    # A heading's words stand below each other.
    assert "& Set &" in Path("run/sets.tex").read_text()
    assert "& Set &" not in Path("run/table.tex").read_text()
    # Without such metrics nothing of them is left.
    metrics = {name: spec for name, spec in CONFIG["metrics"].items() if name == "seen"}
    assert compare(Comparison.of(CONFIG | {"metrics": metrics}), Path("run"), lambda event: None) == []
    assert "Over all images" not in write_report(Path("run")).read_text()
    assert not list(Path("run").glob("sets.*"))
