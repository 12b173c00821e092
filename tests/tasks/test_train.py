"""Training runs of real methods in directories of their own: what is written, what is refused, what computes alike."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tensorboardX.proto import event_pb2
from tensorboardX.record_writer import masked_crc32c

from styleresearch.config.file import load_config, plain
from styleresearch.data.images import load_image, save_image
from styleresearch.errors import InputError, Notice
from styleresearch.store.checkpoints import CheckpointFolder
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.train import TrainingRun, train
from styleresearch.tasks.trained import load
from styleresearch.training.checkpoint import digest_of
from styleresearch.types import Style

ROOT = Path(__file__).resolve().parents[2]
STYLES = {"name": "painter", "names": ("impasto", "mosaic"), "seed": 0}
STYLE_LAYERS = ("relu1_1", "relu2_1")

FEEDFORWARD = {
    "name": "Tiny",
    "seed": 0,
    "encoder": {"name": "vgg16", "weights": "random", "width": 0.125},
    "method": {
        "name": "feedforward",
        "net": {"name": "transform", "widths": (4, 8), "residuals": 0, "styles": 2, "pixels": "unit"},
        "styles": {**STYLES, "size": 32},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "objective": {
            "content": {"name": "feature", "layers": ("relu2_1",), "weight": 1.0},
            "style": {"name": "gram", "layers": STYLE_LAYERS, "weight": 10.0},
        },
    },
    "data": {
        "content": {"name": "photographs", "names": ("cat", "coffee", "rocket")},
        "batch_size": 8,
        "crop": 32,
        "resize": 40,
    },
    "train": {"steps": 6, "log_every": 2, "save_every": 3, "keep": 2, "sample_every": 4, "ema": 0.9},
    "samples": {"contents": {"name": "photographs", "names": ("cat", "coffee")}, "styles": STYLES, "size": 32},
}
ADAIN = {
    **FEEDFORWARD,
    "method": {
        "name": "adain",
        "net": {"name": "decoder", "widths": (8,), "depths": (1,), "initial": "he"},
        "layer": "relu2_1",
        "optimizer": {"name": "adam", "learning_rate": 0.001},
        "objective": {
            "content": {"name": "feature", "layers": ("relu2_1",), "weight": 1.0},
            "style": {"name": "moments", "layers": STYLE_LAYERS, "weight": 10.0},
        },
    },
    "data": {**FEEDFORWARD["data"], "style": STYLES},
}
# Pools that are full after the first step, and two optimisers.
CYCLEGAN = {
    **FEEDFORWARD,
    "method": {
        "name": "cyclegan",
        "net": {"name": "resnet", "width": 4, "blocks": 1},
        "discriminator": {"name": "patch", "width": 4, "layers": 1},
        "adversarial": {"name": "lsgan"},
        "optimizer": {"name": "adam", "learning_rate": 2e-4, "b1": 0.5},
        "discriminator_optimizer": {"name": "adam", "learning_rate": 1e-4, "b1": 0.5},
        "pool": 6,
    },
    "data": {**FEEDFORWARD["data"], "style": STYLES},
    "samples": {"contents": FEEDFORWARD["samples"]["contents"], "size": 32},
}


@dataclass
class Told:
    """Remembers what a run told."""

    steps: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    compiled_in: list[float] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    totals: list[float] = field(default_factory=list)

    def preparing(self, what, done, total):
        pass

    def compiled(self, seconds):
        self.compiled_in.append(seconds)

    def resumed(self, step):
        self.starts.append(step)

    def report(self, report):
        self.steps.append(report.step)
        self.totals.append(report.metrics["total"])

    def sampled(self, file):
        self.files.append(file.name)


def changed(config, **values):
    """Return a config with values at dotted keys, ``data__crop=16``; None takes a key away."""
    config = copy.deepcopy(config)
    for place, value in values.items():
        *parents, last = place.split("__")
        node = config
        for key in parents:
            node = node[key]
        if value is None:
            node.pop(last, None)
        else:
            node[last] = value
    return config


# For what is not about the method: a step that compiles fast.
SMALL = changed(
    FEEDFORWARD,
    method__net__widths=(4,),
    method__styles={**STYLES, "size": 16},
    method__objective={"style": {"name": "gram", "layers": ("relu1_1",), "weight": 1.0}},
    data={**FEEDFORWARD["data"], "batch_size": 2, "crop": 16, "resize": 20},
    samples=None,
)


def trained(config, folder):
    told = Told()
    return train(TrainingRun.of(config), folder, told), told


def lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def feedforward(tmp_path_factory):
    """The state, the directory and what was told of a run."""
    folder = tmp_path_factory.mktemp("feedforward") / "run"
    return *trained(FEEDFORWARD, folder), folder


@pytest.fixture(scope="module")
def adain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("adain") / "run"
    return *trained(ADAIN, folder), folder


@pytest.fixture(scope="module")
def cyclegan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cyclegan") / "run"
    return *trained(CYCLEGAN, folder), folder


@pytest.fixture
def finished(feedforward, tmp_path):
    """A copy of a finished run, to be tampered with."""
    return shutil.copytree(feedforward[2], tmp_path / "run")


# What is written


def test_the_directory_holds_what_it_should(feedforward):
    state, told, folder = feedforward
    assert {path.name for path in folder.iterdir()} == {
        ".lock", "config.json", "run.json", "metrics.jsonl", "checkpoints", "samples", "events",
    }  # fmt: skip
    assert (told.starts, told.steps, len(told.compiled_in)) == ([0], [2, 3, 4, 6], 1)
    assert told.files == ["0000000.png", "0000004.png", "0000006.png"]
    assert CheckpointFolder(folder / "checkpoints").steps() == [3, 6]
    assert CheckpointFolder(folder / "checkpoints").digest(6) == digest_of(state.params)


def test_metrics(feedforward):
    rows = lines(feedforward[2])
    assert [row["step"] for row in rows] == [2, 3, 4, 6]
    terms = {"total", "content", "style", "gradient_norm", "learning_rate"}
    assert all(set(row) == {"step", *terms, "seconds_per_step", "images_per_second", "waiting"} for row in rows)
    for row in rows:
        assert row["total"] == pytest.approx(row["content"] + row["style"], rel=1e-5)
        assert row["images_per_second"] == pytest.approx(8 / row["seconds_per_step"])
        assert 0 <= row["waiting"] <= 1
    assert rows[-1]["total"] < rows[0]["total"]


def test_sample_grids(feedforward):
    folder = feedforward[2] / "samples"
    grids = {path.name: load_image(path) for path in sorted(folder.iterdir())}
    assert list(grids) == ["0000000.png", "0000004.png", "0000006.png"]
    for grid in grids.values():
        assert grid.shape == (3 * 32, 3 * 32, 3)  # styles above, contents at the left
        cells = grid.reshape(3, 32, 3, 32, 3).swapaxes(1, 2)
        assert (cells[0, 0] == 1).all()
        for row, column in np.ndindex(3, 3):
            assert (row, column) == (0, 0) or cells[row, column].std() > 0.001
        # A content in the left column, a style in the top row, and each output another picture.
        np.testing.assert_array_equal(cells[1, 0], grids["0000000.png"][32:64, :32])
        assert not np.array_equal(cells[1, 1], cells[2, 1])
    assert not np.array_equal(grids["0000000.png"][32:, 32:], grids["0000006.png"][32:, 32:])
    assert np.array_equal(grids["0000000.png"][:32], grids["0000006.png"][:32])


def test_a_grid_shows_what_the_saved_method_paints(adain):
    _, _, folder = adain
    found = load(str(folder))
    assert found.step == 6
    what = TrainingRun.of(ADAIN)
    assert what.samples is not None
    content, style = (jnp.asarray(group[0])[None] for group in (what.samples.contents, what.samples.styles))
    output = found.method().stylize(found.params, what.encoder, content, [Style(style)], key=jax.random.key(0))
    grid = load_image(folder / "samples" / "0000006.png")
    np.testing.assert_allclose(grid[32:64, 32:64], np.asarray(output[0]), atol=0.5 / 255 + 1e-6)


@pytest.mark.slow
def test_the_grid_of_a_method_without_styles_has_one_column(cyclegan):
    state, _, folder = cyclegan
    what = TrainingRun.of(CYCLEGAN)
    grid = load_image(folder / "samples" / "0000006.png")
    assert grid.shape == (2 * 32, 2 * 32, 3)
    contents = np.stack(what.samples.contents)
    np.testing.assert_allclose(grid[:, :32], np.concatenate(contents), atol=0.6 / 255)
    painted = what.method.stylize(what.method.inference(state), None, jnp.asarray(contents), [], key=None)
    np.testing.assert_allclose(grid[:, 32:], np.concatenate(np.asarray(painted)), atol=0.6 / 255)


def test_event_files(feedforward):
    (file,) = (feedforward[2] / "events").iterdir()
    events, data = [], file.read_bytes()
    while data:  # length, its checksum, event, its checksum
        size = int.from_bytes(data[:8], "little")
        assert int.from_bytes(data[12 + size : 16 + size], "little") == masked_crc32c(data[12 : 12 + size])
        events.append(event_pb2.Event.FromString(data[12 : 12 + size]))
        data = data[16 + size :]
    totals = {e.step: v.simple_value for e in events for v in e.summary.value if v.tag == "total"}
    assert totals == {row["step"]: pytest.approx(row["total"]) for row in lines(feedforward[2])}
    pictures = [e.step for e in events for v in e.summary.value if v.image.encoded_image_string]
    assert pictures == [0, 4, 6]


def test_a_run_describes_itself(feedforward):
    folder = feedforward[2]
    assert plain(json.loads((folder / "config.json").read_text())) == FEEDFORWARD
    facts = json.loads((folder / "run.json").read_text())
    assert facts["styles"] == ["impasto", "mosaic"]
    assert "styles" not in facts["method"]
    assert facts["encoder"]["weights"] == "random"
    assert set(facts["data"]) == {"content"}
    assert len(facts["data"]["content"]) == 64
    assert {"device", "packages", "time", "precision"} <= set(facts["provenance"])


# Going on


def test_more_steps_other_samples_and_workers_may_change(finished):
    config = changed(
        FEEDFORWARD,
        name="Tiny, longer",
        train={"steps": 8, "log_every": 1, "save_every": 5, "keep": 1, "sample_every": 0, "ema": 0.9},
        samples=None,
        data__threads=1,
    )
    state, told = trained(config, finished)
    assert (told.starts, told.steps, int(state.step)) == ([6], [7, 8], 8)
    assert json.loads((finished / "config.json").read_text())["name"] == "Tiny, longer"
    straight, _ = trained(changed(config, name="Tiny"), finished.parent / "straight")
    assert digest_of(straight) == digest_of(state)


@pytest.mark.parametrize(
    ("change", "lines_"),
    [
        ({"method__optimizer__learning_rate": 0.02}, ["config.method.optimizer.learning_rate: was 0.01, is 0.02"]),
        ({"seed": 1, "data__crop": 24}, ["config.seed: was 0, is 1", "config.data.crop: was 32, is 24"]),
        ({"train__ema": None}, ["config.ema: was 0.9, is 0.0"]),
        ({"precision": "default"}, ["config.precision: was 'float32', is 'default'"]),
        ({"method__objective__tv": {"name": "total_variation"}}, ["config.method.objective.tv: was None, is {"]),
        ({"method__styles__seed": 1}, ["config.method.styles.seed: was 0, is 1", "pictures.styles: was "]),
        ({"data__content__names": ("cat", "coffee")}, ["config.data.content.names: was", "data.content: was"]),
        ({"encoder__seed": 1}, ["config.encoder.seed: was 0, is 1", "encoder.digest: was"]),
        ({"method__optimizer__b1": 0.5}, ["config.method.optimizer.b1: was 0.9, is 0.5"]),
        ({"data__flip": False}, ["config.data.flip: was True, is False"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_another_config_is_refused_with_what_differs(finished, change, lines_):
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="holds a run of another config") as error:
        trained(changed(FEEDFORWARD, **change), finished)
    told = str(error.value).split("\n")[1:]
    assert len(told) == len(lines_)
    for line, expected in zip(told, lines_, strict=True):
        assert line.strip().startswith(expected)
    assert {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()} == before


def test_what_decides_no_parameter_may_change(finished, tmp_path):
    """Defaults that are said or left out, other words for the same pictures, what only stylising reads."""
    config = changed(
        FEEDFORWARD,
        seed=None,
        precision="float32",
        imports=(),
        data__flip=True,
        data__seed=0,
        encoder__pooling="max",
        encoder__padding="zeros",
        method__optimizer__b1=0.9,
        method__net__dtype="bfloat16",
        method__dtype="float32",
        method__objective__content__weight=1,
        train__steps=7,
    )
    _, told = trained(config, finished)
    assert told.steps == [7]


def test_the_same_pictures_elsewhere_are_the_same_run(tmp_path):
    rng = np.random.default_rng(0)
    for folder in ("here", "there", "other"):
        for group in ("content", "styles"):
            (tmp_path / folder / group).mkdir(parents=True)
    for number in range(2):
        for group in ("content", "styles"):
            picture = rng.random((40, 44, 3))
            for folder in ("here", "there"):
                save_image(tmp_path / folder / group / f"{number}.png", picture)
            save_image(tmp_path / "other" / group / f"{number}.png", rng.random((40, 44, 3)))

    def at(content, styles, steps):
        return changed(
            SMALL,
            data__content={"name": "folder", "path": str(tmp_path / content / "content")},
            method__styles={"name": "folder", "path": str(tmp_path / styles / "styles"), "size": 16},
            train={"steps": steps},
        )

    trained(at("here", "here", 1), tmp_path / "run")
    trained(at("there", "there", 2), tmp_path / "run")
    with pytest.raises(InputError, match=r"config.data.content.path: was .*\n  data.content: was") as error:
        trained(at("other", "there", 3), tmp_path / "run")
    assert "styles" not in str(error.value)
    with pytest.raises(InputError, match=r"config.method.styles.path: was .*\n  pictures.styles: was"):
        trained(at("there", "other", 3), tmp_path / "run")
    # Pictures that were painted over are others, whatever they are called.
    shutil.copytree(tmp_path / "other" / "styles", tmp_path / "there" / "styles", dirs_exist_ok=True)
    with pytest.raises(InputError, match=r"take back:\n  pictures.styles: was '\w+', is '\w+'$"):
        trained(at("there", "there", 3), tmp_path / "run")


def test_a_run_of_an_earlier_version_goes_on(finished):
    """Its ``run.json`` knows no digests of pictures and no schedules."""
    facts = json.loads((finished / "run.json").read_text())
    for key in ("pictures", "schedules"):
        del facts[key]
    (finished / "run.json").write_text(json.dumps(facts))
    with pytest.raises(InputError, match=r"take back:\n  config.method.styles.seed: was 0, is 1$"):
        trained(changed(FEEDFORWARD, method__styles__seed=1), finished)
    _, told = trained(changed(FEEDFORWARD, train__steps=7), finished)
    assert told.steps == [7]
    assert json.loads((finished / "run.json").read_text())["schedules"] == [
        {"step": 0, "schedules": {"optimizer": None}}
    ]


# Schedules


def scheduled(length, **schedule):
    schedule = {"name": "linear", **schedule}
    return changed(SMALL, method__optimizer__schedule=schedule, train={"steps": length, "log_every": 1})


def rates(folder):
    return {row["step"]: pytest.approx(row["learning_rate"]) for row in lines(folder)}


def test_training_beyond_the_end_of_a_schedule_is_told_and_lengthening_trains_on(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, _ = trained(scheduled(4, start=2, steps=2), tmp_path)
    assert rates(tmp_path) == {1: 0.01, 2: 0.01, 3: 0.01, 4: 0.005}
    with pytest.warns(
        Notice, match=r"optimizer.schedule ends at a learning rate of 0 after step 4, .*the last 2 steps"
    ):
        idle, _ = trained(scheduled(6, start=2, steps=2), tmp_path)
    assert digest_of(idle.params) == digest_of(first.params)
    assert rates(tmp_path)[6] == 0.0
    longer = scheduled(8, start=2, steps=6)
    with pytest.warns(Notice, match=r"was dict\(.*steps=2.* in the first 6 steps and is dict\(.*steps=6.*run.json"):
        moved, _ = trained(longer, tmp_path)
    assert digest_of(moved.params) != digest_of(idle.params)
    assert rates(tmp_path)[8] == pytest.approx(0.01 / 6)
    told = json.loads((tmp_path / "run.json").read_text())["schedules"]
    assert [(each["step"], each["schedules"]["optimizer"]["steps"]) for each in told] == [(0, 2), (6, 6)]
    # What happened is not told again, and a run under the same schedules has nothing to tell.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(longer, tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["schedules"] == told


def test_a_schedule_that_is_lengthened_before_it_falls_was_never_another(tmp_path):
    with pytest.warns(Notice, match=r"falls until step 4, and train.steps is 2: the run ends at 1 times"):
        trained(scheduled(2, start=2, steps=2), tmp_path / "run")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        state, _ = trained(scheduled(5, start=2, steps=3), tmp_path / "run")
        straight, _ = trained(scheduled(5, start=2, steps=3), tmp_path / "straight")
    assert digest_of(state) == digest_of(straight)
    schedules = [json.loads((tmp_path / name / "run.json").read_text())["schedules"] for name in ("run", "straight")]
    assert schedules[0] == schedules[1]


def test_a_schedule_without_a_length_follows_the_steps(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(scheduled(4, start=0.5), tmp_path)
    assert rates(tmp_path) == {1: 0.01, 2: 0.01, 3: 0.01, 4: 0.005}
    with pytest.warns(Notice, match="in the first 4 steps"):
        trained(scheduled(8, start=0.5), tmp_path)
    assert {step: rate for step, rate in rates(tmp_path).items() if step > 4} == {
        5: 0.01, 6: 0.0075, 7: 0.005, 8: 0.0025,
    }  # fmt: skip
    assert load(str(tmp_path)).step == 8  # what only stylises needs no length


def test_a_warmup_longer_than_the_run_is_refused():
    message = refused(changed(scheduled(5), method__optimizer__schedule={"name": "cosine", "warmup": 5}))
    assert "method: optimizer: schedule: cosine: it rises for 5 updates, and the run has 5; train longer" in message


def test_one_picture_more_is_refused_by_name(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        save_image(pictures / f"{number}.png", rng.random((40, 44, 3)))
    content = {"name": "folder", "path": str(pictures)}
    config = changed(SMALL, data__content=content, train={"steps": 1})
    trained(config, tmp_path / "run")
    trained(changed(config, train={"steps": 2}), tmp_path / "run")
    save_image(pictures / "3.png", rng.random((40, 44, 3)))
    with pytest.raises(InputError, match=r"another config.*\n  data.content: was '\w+', is '\w+'$"):
        trained(config, tmp_path / "run")


def test_directories_of_something_else_are_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="holds a run that is not a training run; name another directory"):
        trained(FEEDFORWARD, tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json is damaged .* delete it"):
        trained(FEEDFORWARD, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot create the run directory"):
        trained(FEEDFORWARD, tmp_path / "file" / "run")


def test_a_run_that_was_killed_before_it_described_itself_goes_on(finished):
    before = json.loads((finished / "run.json").read_text())
    (finished / "run.json").unlink()
    with pytest.raises(InputError, match=r"another config.*\n  config.seed: was 0, is 1$"):
        trained(changed(FEEDFORWARD, seed=1), finished)
    _, told = trained(FEEDFORWARD, finished)
    assert told.starts == [6]
    assert json.loads((finished / "run.json").read_text())["config"] == before["config"]


def test_a_directory_that_is_being_written_is_refused_at_once(tmp_path, monkeypatch):
    """Before the data are prepared, which may take long."""
    what = TrainingRun.of(FEEDFORWARD)
    monkeypatch.setattr(type(what.data.content), "prepare", lambda *_: pytest.fail("prepared"), raising=False)
    with RunDirectory(tmp_path).alone(), pytest.raises(InputError, match="another process is writing"):
        train(what, tmp_path, Told())


# Wrong configs


def refused(config):
    with pytest.raises(InputError) as error:
        TrainingRun.of(config)
    return str(error.value)


def test_everything_wrong_with_a_config_is_said_at_once():
    message = refused(
        changed(
            FEEDFORWARD,
            encoder__name="vgg17",
            method__optimizer__learning_rate=-1.0,
            method__net__width=3,
            data__batch_size=0,
            train__steps=0,
            method__lr=1.0,
            samples__contents=3,
            samples__styles={"name": "nowhere"},
            seed=-1,
        )
    )
    for part in (
        "encoder:", "vgg17", "method: optimizer 'adam': learning_rate = -1.0 is not above 0",
        "method: network 'transform' has no option 'width'", "data: batch_size = 0 is not from 1",
        "train: steps = 0 is not from 1",
        "samples: contents: must be dict(name=...", "samples: styles: unknown picture source 'nowhere'", "seed",
        "method 'feedforward' has no option 'lr'",
    ):  # fmt: skip
        assert part in message, part


@pytest.mark.parametrize(
    ("config", "parts"),
    [
        (
            changed(FEEDFORWARD, method={"name": "identity"}),
            ["'identity' is not one that is trained", "adain, arbitrary"],
        ),
        (changed(CYCLEGAN, samples__styles=STYLES), ["takes no styles", "samples: must be dict(contents="]),
        (
            changed(CYCLEGAN, method__name="pix2pix", method__pool=None),
            ["data: the method learns from pairs: set paired"],
        ),
        (changed(CYCLEGAN, method__net={"name": "decoder"}), ["method: net: unknown network 'decoder'"]),
        (changed(CYCLEGAN, method__adversarial={"name": "lsgam"}), ["method: adversarial: unknown", "'lsgan'"]),
        (changed(CYCLEGAN, method__discriminator="patch"), ["method: discriminator: must be dict(name=...", "'patch'"]),
        (changed(CYCLEGAN, method__optimizer={"name": "lbfgs"}), ["method: optimizer: LBFGS needs one loss", "adam"]),
        (changed(CYCLEGAN, data__crop=4, data__resize=4), ["method: images of 4x4 px: this discriminator needs"]),
        (changed(ADAIN, start="zoo:adain"), ["method: start: the networks differ: "]),
        (changed(CYCLEGAN, start="zoo:adian"), ["start: the zoo has no weights 'adian'", "'adain'"]),
        (changed(FEEDFORWARD, method={"name": "feedforwards"}), ["Did you mean 'feedforward'?"]),
        (changed(FEEDFORWARD, method=None), ["the key 'method' is missing"]),
        (changed(FEEDFORWARD, trains={}), ["unknown key 'trains'", "Did you mean 'train'?"]),
        (changed(FEEDFORWARD, train=None), ["'train' is missing"]),
        (changed(FEEDFORWARD, train={}), ["needs the option 'steps'"]),
        (changed(FEEDFORWARD, train=3), ["train: must be dict(**options), got 3"]),
        (changed(FEEDFORWARD, data=3), ["data: must be dict(content=dict(name=...)"]),
        (changed(FEEDFORWARD, data__content=None), ["data: must be dict(content="]),
        (changed(FEEDFORWARD, data__style=STYLES), ["does not read data.style", "leave it out"]),
        (changed(ADAIN, data__style=None), ["data: the method learns from style pictures"]),
        (
            changed(FEEDFORWARD, method__styles={**STYLES, "names": ("mosaic",)}),
            ["1 style pictures for a network of 2"],
        ),
        (changed(FEEDFORWARD, samples={"contents": STYLES}), ["samples: must be dict(contents="]),
        (changed(FEEDFORWARD, samples__size="big"), ["samples: contents: size = 'big' is not of type int"]),
        (changed(FEEDFORWARD, method__net={"name": "decoder"}), ["net: unknown network 'decoder'. Registered: resnet"]),
        (changed(FEEDFORWARD, method__styles=(1, 2)), ["method: feedforward: styles must be a picture source"]),
        (changed(ADAIN, method__layer="relu9_1"), ["method", "relu9_1"]),
        (changed(ADAIN, method__strength=2.0), ["strength = 2.0 is not from 0 to 1"]),
        (changed(FEEDFORWARD, data__crop=1, data__resize=1), ["data.crop: an image of 1x1 px is too small"]),
        (changed(FEEDFORWARD, imports=("no_such_module",)), ["imports: ", "no_such_module"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_is_wrong_with_a_config(config, parts):
    message = refused(config)
    for part in parts:
        assert part in message, message


def test_a_network_without_styles_says_so_before_training(tmp_path):
    with pytest.raises(InputError, match="there are no styles to learn; name a picture source"):
        trained(changed(FEEDFORWARD, method__styles=None, samples=None), tmp_path)


def test_samples_of_an_unknown_style_are_refused_before_the_first_step(tmp_path):
    config = changed(FEEDFORWARD, samples__styles={**STYLES, "names": ("stained_glass",)})
    with pytest.raises(InputError, match="none of the 2 that this network was trained for"):
        trained(config, tmp_path)
    assert not (tmp_path / "metrics.jsonl").exists()


def test_the_config_of_the_documentation_is_one(tmp_path):
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "mine.py").write_text(code)
    config = load_config(str(tmp_path / "mine.py"))
    what = TrainingRun.of(changed(config, encoder=FEEDFORWARD["encoder"]))
    assert (what.settings.steps, what.settings.ema, what.data.batch_size) == (4000, 0.99, 4)


# Computing


@pytest.mark.slow
def test_a_gan_that_stopped_goes_on_bit_by_bit(cyclegan, tmp_path):
    """Pools and both optimisers come back too; and two runs of one seed are one run."""
    trained(changed(CYCLEGAN, train__steps=3), tmp_path)
    state, told = trained(CYCLEGAN, tmp_path)
    assert told.starts == [3]
    assert int(state.memory["style"].count) == 6
    for part in ("params", "ema", "opt_state", "memory"):
        assert digest_of(getattr(state, part)) == digest_of(getattr(cyclegan[0], part)), part
    assert lines(tmp_path)[-1]["total"] == lines(cyclegan[2])[-1]["total"]


def on_eight_devices(folder, configs):
    """Run configs, name -> config, in ``folder/name``, in a process that has eight devices."""
    script = (
        "import json, sys\nfrom pathlib import Path\nimport jax\n"
        "from styleresearch.config.file import plain\nfrom styleresearch.tasks.train import TrainingRun, train\n"
        "assert jax.device_count() == 8\n"
        "class Silent:\n"
        "    preparing = compiled = resumed = report = sampled = lambda self, *_: None\n"
        "for name in sys.argv[2:]:\n"
        "    config = plain(json.loads((Path(sys.argv[1]) / f'{name}.json').read_text()))\n"
        "    train(TrainingRun.of(config), Path(sys.argv[1]) / name, Silent())\n"
    )
    for name, config in configs.items():
        (folder / f"{name}.json").write_text(json.dumps(changed(config, samples=None)))
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XLA_FLAGS": flags}
    command = [sys.executable, "-c", script, str(folder), *configs]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def assert_alike(folder, other):
    """The same losses, but for float32 rounding."""
    names = {name for name in lines(other)[0] if name not in ("seconds_per_step", "images_per_second", "waiting")}
    assert {"total", "gradient_norm"} < names
    # Where rounding turns one around, a gan's gradient of absolute differences jumps, and a share by a place or two.
    gan, cycle = "discriminator" in names, "cycle" in names
    shares = {"discriminator_accuracy": 0.01, "brightness": 0.002}
    for index, (one, two) in enumerate(zip(lines(folder), lines(other), strict=True)):
        # CycleGAN has the most such differences, and its losses follow from the second line on.
        jumps = 0.01 if cycle and index else 3e-3 if gan else 2e-4
        loose = {"gradient_norm": jumps, "discriminator_gradient_norm": jumps}
        usual = 1e-3 if cycle and index else 2e-4
        for name in names:
            close = pytest.approx(two[name], rel=loose.get(name, usual), abs=shares.get(name))
            assert one[name] == close, name


def test_eight_devices_compute_what_one_does(adain, tmp_path):
    on_eight_devices(tmp_path, {"adain": ADAIN})
    assert_alike(tmp_path / "adain", adain[2])


@pytest.mark.slow
def test_eight_devices_compute_what_one_does_with_every_method(tmp_path):
    """Styles by number, places drawn for all, mirrored batches, dropout: what reaches across a batch."""
    gan = changed(CYCLEGAN, method__pool=None, samples=None)
    compared = {"layers_compared": ("image", "contract2", "residual1"), "patches": 32, "projection": 8}
    unet = {"name": "unet", "width": 2, "downs": 6, "dropout": True}
    configs = {
        "feedforward": FEEDFORWARD,
        "cyclegan": CYCLEGAN,
        "fastcut": changed(gan, method={**gan["method"], "name": "fastcut", **compared}),
        "pix2pix": changed(
            gan,
            method={**gan["method"], "name": "pix2pix", "net": unet},
            data={**gan["data"], "content": {"name": "edges", "of": STYLES}, "paired": True, "crop": 64, "resize": 64},
        ),
        "arbitrary_gan": changed(
            ADAIN,
            method={
                **ADAIN["method"],
                "name": "arbitrary_gan",
                "condition_layer": "relu2_1",
                "discriminator": {"name": "patch", "width": 4, "layers": 1, "condition": 32},
                # Not hinge: at the start its gradient of the last bias is zero, and Adam would step by its rounding.
                "adversarial": {"name": "lsgan"},
                "penalty": {"name": "r1", "weight": 1.0},
            },
            samples=None,
        ),
    }
    on_eight_devices(tmp_path, configs)
    for name, config in configs.items():
        trained(config, tmp_path / "one" / name)
        assert_alike(tmp_path / name, tmp_path / "one" / name)


def test_bfloat16_trains_as_float32_does(adain, tmp_path):
    state, _ = trained(changed(ADAIN, method__dtype="bfloat16", samples=None), tmp_path)
    assert all(leaf.dtype == np.float32 for leaf in jax.tree.leaves((state.params, state.ema)))
    half, single = lines(tmp_path), lines(adain[2])
    assert half[-1]["total"] < half[0]["total"]
    for one, other in zip(half, single, strict=True):
        for term in ("total", "content", "style"):
            assert one[term] == pytest.approx(other[term], rel=0.05)
            assert one[term] != other[term]


def test_what_a_run_saves_stylises(feedforward, adain):
    for config, (state, _, folder) in ((FEEDFORWARD, feedforward), (ADAIN, adain)):
        found = load(str(folder))
        training = TrainingRun.of(config)
        assert digest_of(found.params) == digest_of(training.method.inference(state))
        # The average, not the last step's.
        assert digest_of(found.params) != digest_of(training.method.inference(state.replace(ema=None)))
