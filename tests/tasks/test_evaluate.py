"""Measuring pictures that are there; the command's tests run whole calls."""

from __future__ import annotations

import pytest

from styleresearch.data.images import load_image, save_image
from styleresearch.data.outputs import Folder, find_outputs
from styleresearch.errors import InputError
from styleresearch.store import digests
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.evaluate import evaluate, measuring


def test_a_measurement_that_is_kept_carries_the_new_config(config_of, folder, monkeypatch):
    folder.joinpath("out").mkdir()
    save_image(folder / "out" / "wide__style.png", load_image(folder / "wide.png"))
    outputs, _ = find_outputs([Folder.of(str(folder / "out"))], folder, folder)
    config = {name: config_of()[name] for name in ("encoder", "metrics")}
    for title in ("first", "second"):
        evaluate(config | {"name": title}, outputs, folder / "r", measuring(config), lambda note, done: None)
    (record,) = RunDirectory(folder / "r").records.read()
    assert record.provenance["config_hash"] == digests.of_json(config | {"name": "second"})


@pytest.mark.parametrize(
    ("config", "given", "found"),
    [
        ({}, {}, (None, "output")),
        ({"style_size": 40}, {}, (None, 40)),
        ({"style_size": 40}, {"size": 30, "style_size": 20}, (30, 20)),
        # A comparison's config: its styles were shown at their own size, where it names none.
        ({"styles": {}}, {}, (None, "own")),
        ({"styles": {}, "size": 50}, {}, (None, "output")),
        ({"styles": {}}, {"size": 30}, (30, "output")),
    ],
)
def test_styles_are_measured_at_the_size_that_a_comparison_showed_them(config, given, found):
    how = measuring(config, **given)
    assert (how.size, how.style_size) == found


@pytest.mark.parametrize("given", [{"size": 0}, {"style_size": -3}])
def test_a_size_that_is_none_is_refused(given):
    with pytest.raises(InputError, match=next(iter(given))):
        measuring({}, **given)


def outputs_of(folder, **pictures):
    folder.joinpath("out").mkdir(exist_ok=True)
    for name, picture in pictures.items():
        save_image(folder / "out" / f"{name}.png", picture)
    return find_outputs([Folder.of(str(folder / "out"))], folder, folder)[0]


def test_a_picture_is_measured_again_when_it_changed_and_not_otherwise(config_of, folder):
    config = {name: config_of()[name] for name in ("encoder", "metrics")}
    out = folder / "r"
    content = load_image(folder / "wide.png")

    def measured():
        evaluate(config, outputs, out, measuring(config), lambda note, done: None)
        return {record.pair.name: record.metrics["ssim"] for record in RunDirectory(out).records.read()}

    outputs = outputs_of(folder, wide__style=content, tall__style=load_image(folder / "tall.png"))
    assert measured() == pytest.approx({"wide__style": 1.0, "tall__style": 1.0}, abs=1e-6)
    before = {record.pair.name: record.provenance["measured"] for record in RunDirectory(out).records.read()}
    outputs = outputs_of(folder, wide__style=1 - content)
    assert measured()["wide__style"] < 0.5
    after = {record.pair.name: record.provenance["measured"] for record in RunDirectory(out).records.read()}
    assert before["tall__style"] == after["tall__style"]
    assert before["wide__style"] != after["wide__style"]


def test_what_cannot_be_read_fails_alone(config_of, folder):
    config = {name: config_of()[name] for name in ("encoder", "metrics")}
    outputs = outputs_of(
        folder, wide__style=load_image(folder / "wide.png"), tall__style=load_image(folder / "tall.png")
    )
    (folder / "out" / "tall__style.png").write_bytes(b"no picture")
    (failure,) = evaluate(config, outputs, folder / "r", measuring(config), lambda note, done: None)
    assert failure.pair == "tall__style"
    assert [record.pair.name for record in RunDirectory(folder / "r").records.read()] == ["wide__style"]


def test_a_comparison_is_not_written_over(config_of, folder):
    config = {name: config_of()[name] for name in ("encoder", "metrics")}
    outputs = outputs_of(folder, wide__style=load_image(folder / "wide.png"))
    (folder / "r").mkdir()
    RunDirectory(folder / "r").outputs.path.write_text("")
    with pytest.raises(InputError, match="holds a comparison, whose records would be lost"):
        evaluate(config, outputs, folder / "r", measuring(config), lambda note, done: None)
