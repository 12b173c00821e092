"""Whole sweeps: one table, whoever did the cells; training first; at equal content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from styleresearch.errors import InputError
from styleresearch.executors.processes import Processes
from styleresearch.executors.shard import Shard
from styleresearch.store.record import Record
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks import cells, trainings
from styleresearch.tasks.outlook import outlook
from styleresearch.tasks.sweep import sweep

MATCH = {"metric": "ssim", "value": 0.9, "tolerance": 0.02, "field": "strength", "budget": 6}


def table(workdir: Path) -> list[dict[str, Any]]:
    """Return the records as far as they do not say when, where and how fast they were made."""
    return [_lasting(record) for record in RunDirectory(workdir).records.read()]


def _lasting(record: Record) -> dict[str, Any]:
    fields = record.to_json()
    how = fields.pop("provenance")
    fields.pop("cost")
    return {**fields, "key": how["key"], "config": how["config_hash"]}


@pytest.fixture
def swept(config_of):
    """The config of four cells with a method that is varied, and two without."""
    methods = {
        "color": {"name": "color_transfer", "label": "Colour"},
        "identity": {"name": "identity"},
    }
    axes = {"match": {"field": "methods.color.match", "values": ("covariance", "histogram")}}
    return config_of(methods=methods, sweep=axes)


def test_two_shards_a_dead_one_and_one_run_twice_leave_the_table_of_one_command(swept, folder, monkeypatch):
    assert sweep(swept, folder / "one").failures == []
    names = [record.method.name for record in RunDirectory(folder / "one").records.read()]
    assert sorted(set(names)) == ["color@match=covariance", "color@match=histogram", "identity"]

    shared = folder / "shared"
    with monkeypatch.context() as patch:

        def die(*_args, **_keywords):
            raise KeyboardInterrupt

        patch.setattr(cells.Workbench, "_measure", die)  # after its first picture was made
        with pytest.raises(KeyboardInterrupt):
            sweep(swept, shared, shard=Shard(1, 2))
    second = sweep(swept, shared, shard=Shard(2, 2))
    assert second.left > 0
    assert not RunDirectory(shared).records.path.exists()
    again = sweep(swept, shared, shard=Shard(2, 2))
    assert again.left == second.left
    last = sweep(swept, shared, shard=Shard(1, 2))
    assert (last.failures, last.left) == ([], 0)
    assert table(shared) == table(folder / "one")
    assert not RunDirectory(shared).shards.exists()
    assert sweep(swept, shared).failures == []
    assert table(shared) == table(folder / "one")


@pytest.mark.slow  # two processes that import jax; what executors do with cells is in tests/executors
def test_processes_leave_the_table_of_one_command(swept, folder):
    assert sweep(swept, folder / "one").failures == []
    assert sweep(swept, folder / "two", executor=Processes(2)).failures == []
    assert table(folder / "two") == table(folder / "one")


def test_a_finished_sweep_does_no_work_and_a_longer_one_only_what_is_new(swept, folder, monkeypatch):
    done = []
    make = cells.Workbench.make
    monkeypatch.setattr(
        cells.Workbench, "make", lambda self, cell, tell: done.append(cell.output) or make(self, cell, tell)
    )
    assert sweep(swept, folder / "r").failures == []
    assert len(done) == 6
    assert sweep(swept, folder / "r").failures == []
    assert len(done) == 6
    size = {"field": "size", "values": (24, 32)}
    longer = sweep({**swept, "sweep": {**swept["sweep"], "size": size}}, folder / "r")
    assert longer.failures == []
    assert len(done) == 6 + 12
    records = RunDirectory(folder / "r").records.read()
    assert {min(record.size) for record in records if record.size} == {24, 32}
    assert all((folder / "r" / str(record.files["content"])).is_file() for record in records)
    assert len({record.files["content"] for record in records}) == 4  # two pictures in two sizes


def test_a_dry_run_says_what_is_left_and_touches_nothing(swept, folder):
    found = outlook(swept, folder / "r")
    assert [row[:3] for row in found.rows] == [("Colour", "0/4", "4"), ("identity", "0/2", "2")]
    assert "6 of 6 cells are left" in found.notes[-1]
    assert "nobody knows" in found.notes[-1]
    assert not (folder / "r").exists()
    assert sweep(swept, folder / "r").failures == []
    longer = {**swept, "methods": {**swept["methods"], "style": {"name": "style_image"}}}
    found = outlook(longer, folder / "r")
    assert [row[:3] for row in found.rows] == [("Colour", "4/4", "0"), ("identity", "2/2", "0"), ("style", "0/2", "2")]
    assert "2 of 8 cells are left" in found.notes[-1]


TRAINING = {
    "encoder": {"name": "vgg16", "weights": "random", "width": 0.125},
    "method": {
        "name": "adain",
        "net": {"name": "decoder", "widths": (8,), "depths": (1,), "initial": "he"},
        "layer": "relu2_1",
        "optimizer": {"name": "adam", "learning_rate": 0.001},
        "objective": {"style": {"name": "moments", "layers": ("relu1_1",), "weight": 1.0}},
    },
    "data": {
        "content": {"name": "photographs", "names": ("cat", "coffee")},
        "style": {"name": "painter", "names": ("impasto",), "seed": 0},
        **{"batch_size": 2, "crop": 32, "resize": 40},
    },
    "train": {"steps": 2, "log_every": 1, "save_every": 1},
}


@pytest.mark.slow  # two training runs
def test_what_a_sweep_trains_is_trained_once_and_goes_on_where_it_was_killed(config_of, folder, monkeypatch):
    methods = {"adain": {"train": TRAINING, "label": "AdaIN"}, "identity": {"name": "identity"}}
    axes = {
        "weight": {"field": "methods.adain.train.method.objective.style.weight", "values": (1.0, 10.0)},
        "strength": {"field": "methods.adain.strength", "values": (0.5, 1.0)},
    }
    config = config_of(methods=methods, sweep=axes)
    begun, train = [], trainings.train

    def killed(config, run, listener):
        begun.append(run.name)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return train(config, run, listener)

    monkeypatch.setattr(trainings, "train", killed)
    with pytest.raises(KeyboardInterrupt):
        sweep(config, folder / "r")
    assert sweep(config, folder / "r").failures == []
    assert sweep(config, folder / "r").failures == []
    # Each of the two weights once, and the one that was killed a second time.
    assert len(begun) == 3
    assert begun[1] == begun[2] != begun[0]
    records = RunDirectory(folder / "r").records.read()
    names = {f"adain@weight={weight},strength={strength}" for weight in (1.0, 10.0) for strength in (0.5, 1.0)}
    assert {record.method.name for record in records} == {*names, "identity"}
    assert len({record.provenance["params"] for record in records if record.method.name != "identity"}) == 2


OWN = '''
from dataclasses import dataclass
import numpy as np
from styleresearch.methods import METHODS, Method, Takes

@METHODS.register("fade")
@dataclass(frozen=True)
class Fade(Method):
    """Fades a content to grey."""
    strength: float = 1.0
    takes = Takes(styles="one", encoder=False)

    def stylize(self, params, encoder, content, styles, *, key, progress=None):
        share = self.strength / (1 + self.strength)
        return (1 - share) * np.asarray(content) + share * 0.5
'''


@pytest.fixture
def fading(config_of, folder, monkeypatch):
    """A comparison of two methods whose similarity to the content falls with a number."""
    monkeypatch.chdir(folder)
    (folder / "own_fade.py").write_text(OWN)
    methods = {
        "weak": {"name": "fade", "label": "Weak", "strength": 0.001},
        "strong": {"name": "fade", "label": "Strong", "strength": 50.0},
        "identity": {"name": "identity"},
    }
    return config_of(methods=methods, imports=("own_fade",))


def test_methods_are_brought_to_one_value_of_a_metric(fading, folder):
    assert sweep({**fading, "match": MATCH}, folder / "r").failures == []
    found = json.loads((folder / "r/match.json").read_text())
    assert [line["label"] for line in found] == ["Weak", "Strong"]
    assert all(line["within"] and line["tried"] <= 6 for line in found)
    records = RunDirectory(folder / "r").records.read()
    for line in found:
        values = [record.metrics["ssim"] for record in records if record.method.name == line["method"]]
        assert sum(values) / len(values) == pytest.approx(line["reached"])
        assert line["reached"] == pytest.approx(0.9, rel=0.02)
    # One row for each, not what was tried on the way.
    assert len({record.method.name for record in records}) == 3


def test_a_match_interpolates_between_the_points_of_a_sweep_and_takes_a_methods_own_value(fading, folder):
    axis = {"strength": {"field": "methods.weak.strength", "values": (0.01, 0.1, 1.0)}}
    match = {**MATCH, "value": "strong", "methods": ("weak",)}
    fading["methods"]["strong"]["strength"] = 0.4
    assert sweep({**fading, "sweep": axis, "match": match}, folder / "r").failures == []
    [line] = json.loads((folder / "r/match.json").read_text())
    assert (line["within"], line["number"]) == (True, pytest.approx(0.4, rel=0.2))
    names = {record.method.name for record in RunDirectory(folder / "r").records.read()}
    assert names == {f"weak@strength={n}" for n in (0.01, 0.1, 1.0, line["number"])} | {"strong", "identity"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": "sism"}, "no metric 'sism'. Did you mean 'ssim'"),
        ({"value": "stronk"}, "no method 'stronk'. Did you mean 'strong'"),
        ({"field": "weight"}, "no method has a number above 0 at 'weight'"),
        ({"tolerance": 2.0}, "match"),
    ],
)
def test_what_cannot_be_matched_is_told_before_any_work(fading, folder, changes, message):
    with pytest.raises(InputError, match=message):
        sweep({**fading, "match": {**MATCH, **changes}}, folder / "r")
    with pytest.raises(InputError, match="no --shard"):
        sweep({**fading, "match": MATCH}, folder / "r", shard=Shard(1, 2))
    assert not (folder / "r").exists()


def test_a_sweep_in_compare_is_sent_to_its_command(swept):
    from styleresearch.tasks.comparison import Comparison

    with pytest.raises(InputError, match=r"unknown key 'sweep'.*styleresearch sweep"):
        Comparison.of(swept)
