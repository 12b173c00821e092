"""``styleresearch reproduce``: a table made again, what moved, and what is refused because it is not as it was."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from styleresearch.data.images import load_image, save_image
from styleresearch.store.record import Records
from styleresearch.tasks import differences

OWN = """
from dataclasses import dataclass
from typing import ClassVar

from styleresearch.evaluation.metric import Metric
from styleresearch.evaluation.metrics import METRICS


@METRICS.register("own_mean")
@dataclass(frozen=True)
class OwnMean(Metric):
    \"\"\"The output's mean.\"\"\"

    title: str = "Mean"
    compares: ClassVar = False
    better: ClassVar = None
    source: ClassVar = "this file"

    def definition(self):
        return "The mean of the output."

    def __call__(self, needs, output, content, style):
        return output.mean((1, 2, 3))
"""


@pytest.fixture
def finished(bench, cli) -> Path:
    """A folder with a finished comparison that needs no encoder, one metric of it from a module of the user's."""
    text = (bench / "tiny.py").read_text().replace("config.imports = ()", 'config.imports = ("own_mean",)')
    begin, end = text.index("    config.methods ="), text.index("    return config")
    parts = """
    config.methods = dict(
        identity=dict(name="identity", label="Content"),
        style=dict(name="style_image"),
        color=dict(name="color_transfer"),
    )
    config.metrics = dict(color=dict(name="color_histogram"), own=dict(name="own_mean"))
"""
    (bench / "tiny.py").write_text(text[:begin] + parts + text[end:])
    (bench / "own_mean.py").write_text(OWN)
    done = cli("compare", "--config=tiny.py", "--workdir=run")
    assert done.status == 0, done
    return bench


def found(folder: Path) -> dict:
    return json.loads((folder / "reproduction.json").read_text())


def test_the_same_table_cell_by_cell(finished, cli):
    done = cli("reproduce", "run", "--import=own_mean")
    assert (done.status, done.err) == (0, ""), done
    assert "12 of 12 pictures are equal bit by bit" in done.out
    assert "6 the same to the last digit, 0 moved within their interval, 0 beyond it" in done.out
    again = finished / "run-again"
    assert f"Report: {again / 'report.html'}" in done.out
    told = found(again)
    assert told["of"] == "run"
    assert told["held"] is True
    assert told["differences"] == told["failures"] == told["pictures"]["others"] == []
    assert {(each["method"], each["column"]) for each in told["cells"] if not each["cost"]} == {
        (method, metric) for method in ("identity", "style", "color") for metric in ("color", "own")
    }
    assert {each["verdict"] for each in told["cells"] if not each["cost"]} == {"same"}
    before, after = (Records(folder / "records.jsonl").read() for folder in (finished / "run", again))
    assert [record.metrics for record in before] == [record.metrics for record in after]


def test_another_person_gets_the_table_from_the_folder_alone(finished, cli, refused, monkeypatch):
    elsewhere = finished / "elsewhere"
    shutil.move(finished / "run", elsewhere / "run")
    for name in ("contents", "styles"):
        shutil.rmtree(finished / name)
    (finished / "own_mean.py").unlink()
    monkeypatch.chdir(elsewhere)
    monkeypatch.delitem(sys.modules, "own_mean")
    message = refused("reproduce", "run")
    assert "Here it is run/own_modules/own_mean.py, the same as then" in message
    done = cli("reproduce", "run", "--import=run/own_modules/own_mean.py")
    assert done.status == 0, done
    assert "contents: the pictures that the run kept, for what the config names cannot be read" in done.out
    assert "12 of 12 pictures are equal bit by bit" in done.out


def test_what_is_not_as_then_is_listed_and_refused_and_anyway_says_what_it_moved(finished, cli, refused, monkeypatch):
    picture = finished / "contents" / "hill.png"
    save_image(picture, 1 - load_image(picture))
    shown = {"jax": "0.0.1"}
    version = differences.version_of
    monkeypatch.setattr(differences, "version_of", lambda package: shown.get(package) or version(package))
    (finished / "own_mean.py").write_text(OWN.replace("output.mean((1, 2, 3))", "output.mean((1, 2, 3)) + 1"))
    message = refused("reproduce", "run", "--import=own_mean")
    lines = [line.strip() for line in message.splitlines()]
    assert any(line.startswith("versions: jax: ") and line.endswith("then, 0.0.1 here") for line in lines)
    assert any(line.startswith("modules: own_mean: ") for line in lines)
    assert any(line.startswith("data: the content picture hill: ") for line in lines)
    assert "give --anyway" in message
    assert not (finished / "run-again").exists()

    done = cli("reproduce", "run", "--import=own_mean", "--anyway", "--workdir=moved")
    assert done.status == 1, done
    told = found(finished / "moved")
    assert told["held"] is False
    assert {each["kind"] for each in told["differences"]} == {"versions", "modules", "data"}
    cells = {(each["method"], each["column"]): each for each in told["cells"] if not each["cost"]}
    assert all(cells[method, "own"]["verdict"] == "beyond" for method in ("identity", "style", "color"))
    assert cells["style", "own"]["moved"] == pytest.approx(1.0, abs=1e-6)
    assert cells["style", "own"]["pictures"] == 4
    assert cells["style", "own"]["largest"] == pytest.approx(1.0, abs=1e-6)
    assert "BEYOND" in done.out
    # The pictures of then are in the run: with them only what the code changed moves.
    done = cli("reproduce", "run", "--import=own_mean", "--anyway", "--kept", "--workdir=kept")
    assert done.status == 1, done
    assert {each["kind"] for each in found(finished / "kept")["differences"]} == {"versions", "modules"}
    assert "12 of 12 pictures are equal bit by bit" in done.out


def test_an_edited_config_and_an_edited_picture_are_noticed(finished, refused):
    config = json.loads((finished / "run" / "config.json").read_text())
    config["size"] = 33
    (finished / "run" / "config.json").write_text(json.dumps(config))
    kept = finished / "run" / "inputs" / "style" / "oil.png"
    save_image(kept, np.zeros_like(load_image(kept)))
    message = refused("reproduce", "run", "--import=own_mean", "--kept")
    assert "config: config.json: it is not the one that the records were made with" in message
    assert "data: the style picture oil: " in message


def test_what_cannot_be_made_again_says_what_can_be_done(finished, refused):
    assert "run is the run itself" in refused("reproduce", "run", "--workdir=run", "--import=own_mean")
    (finished / "run" / "outputs.jsonl").unlink()
    message = refused("reproduce", "run", "--import=own_mean")
    assert "styleresearch evaluate --outputs=run/images/METHOD --content=run/inputs/content" in message
    (finished / "trained").mkdir()
    (finished / "trained" / "run.json").write_text("{}")
    assert "holds a training run; to train it again: styleresearch train" in refused("reproduce", "trained")
