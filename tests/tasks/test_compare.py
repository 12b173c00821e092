"""What a comparison consists of, before anything is computed; the command's tests run whole ones."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pytest

from styleresearch.config import build
from styleresearch.config.build import resolve
from styleresearch.data.images import load_image, save_image
from styleresearch.data.outputs import find_outputs
from styleresearch.encoder.encoder import ENCODERS
from styleresearch.errors import InputError
from styleresearch.store import digests
from styleresearch.store.record import Record
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks import compare as run
from styleresearch.tasks.comparison import Comparison
from styleresearch.tasks.entry import entry
from styleresearch.tasks.evaluate import evaluate, measuring
from styleresearch.tasks.stylize import stylize
from styleresearch.types import Style


def config_of(folder: Path, **changes) -> dict:
    config = {
        "encoder": {"name": "vgg16", "weights": "random", "width": 0.125},
        "contents": {"name": "files", "paths": (str(folder / "wide.png"), str(folder / "tall.png"))},
        "styles": {"name": "files", "paths": (str(folder / "style.png"),)},
        "methods": {"identity": {"name": "identity"}, "color": {"name": "color_transfer"}},
        "metrics": {"ssim": {"name": "ssim"}},
    }
    return {**config, **changes}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name, shape in {"wide": (40, 61), "tall": (55, 44), "style": (36, 48)}.items():
        save_image(tmp_path / f"{name}.png", rng.random((*shape, 3)))
    return tmp_path


def keys(what: Comparison) -> dict[tuple[str, str], str]:
    return {(cell.entry.name, cell.pair): cell.key for cell in what.stylisations()}


def test_cells_go_pair_by_pair(folder):
    what = Comparison.of(config_of(folder, seeds=(4, 2)))
    cells = what.stylisations()
    assert [(cell.pair, cell.entry.name) for cell in cells] == [
        (f"{content}__style__s{seed}", method)
        for content in ("wide", "tall")
        for seed in (4, 2)
        for method in ("identity", "color")
    ]
    assert cells[1].output == "images/color/wide__style__s4.png"
    assert cells[1].curve == "curves/color/wide__style__s4.json"
    assert len({cell.key for cell in cells}) == len(cells)


def test_a_key_changes_with_what_determines_the_output_and_with_nothing_else(folder):
    base = keys(Comparison.of(config_of(folder)))
    assert keys(Comparison.of(config_of(folder))) == base
    methods = config_of(folder)["methods"]
    for same in (
        {"metrics": {"color": {"name": "color_histogram"}}},
        {"methods": {**methods, "color": {**methods["color"], "label": "Another label"}}},
        {"name": "Another name"},
        {"seeds": (0,)},
    ):
        assert keys(Comparison.of(config_of(folder, **same))) == base, same
    for other in (
        {"encoder": {"name": "vgg16", "weights": "random", "width": 0.125, "seed": 1}},
        {"encoder": {"name": "vgg16", "weights": "random", "width": 0.125, "pooling": "average"}},
        {"precision": "bfloat16"},
        {"size": 32},
        {"style_size": 20},
        {"seeds": (1,)},
    ):
        changed = keys(Comparison.of(config_of(folder, **other)))
        assert changed.keys() == base.keys()
        assert not set(changed.values()) & set(base.values()), other
    color = {**methods, "color": {"name": "color_transfer", "match": "mean_std"}}
    changed = keys(Comparison.of(config_of(folder, methods=color)))
    assert {cell[0] for cell in base if base[cell] != changed[cell]} == {"color"}
    what = dataclasses.replace(Comparison.of(config_of(folder)), modules={"mine": "another digest"})
    assert not set(keys(what).values()) & set(base.values())


def test_pictures_are_those_that_the_run_directory_will_hold(folder, tmp_path):
    what = Comparison.of(config_of(folder, size=30))
    for image in (*what.contents.values(), *what.styles.values()):
        save_image(tmp_path / "again.png", image)
        np.testing.assert_array_equal(load_image(tmp_path / "again.png"), image)


def test_nothing_is_cropped_or_squashed(folder):
    what = Comparison.of(config_of(folder, size=20, style_size=15))
    # The short side is the size, the long one is rounded: 40 x 61 becomes 20 x 30.5, 55 x 44 becomes 25 x 20.
    assert what.contents["wide"].shape[:2] == (20, 30)
    assert what.contents["tall"].shape[:2] == (25, 20)
    assert what.styles["style"].shape[:2] == (15, 20)
    for name in ("wide", "tall"):
        np.testing.assert_allclose(what.contents[name], load_image(folder / f"{name}.png", 20), atol=0.501 / 255)
    assert Comparison.of(config_of(folder)).contents["wide"].shape[:2] == (40, 61)


def test_baselines_through_stylize(folder):
    encoder = build.resolve(ENCODERS, config_of(folder)["encoder"])
    content, style = (load_image(folder / f"{name}.png") for name in ("wide", "style"))
    column = entry("floor", {"name": "identity"})
    picture, cost = stylize(column, encoder, content, [Style(style[None])], seed=0)
    np.testing.assert_array_equal(picture, content)
    assert cost.seconds > 0
    with pytest.raises(InputError, match="method 'floor' takes one style and no masks"):
        stylize(column, encoder, content, [Style(style[None])] * 2, seed=0)
    with pytest.raises(ArithmeticError, match="the picture that method 'floor' made holds NaN"):
        stylize(column, encoder, content * np.nan, [Style(style[None])], seed=0)


@pytest.mark.parametrize("precision", ["default", "bfloat16", "tensorfloat32", "float32"])
def test_the_precision_reaches_the_method(folder, monkeypatch, precision):
    seen = []
    column = entry("floor", {"name": "identity"})
    monkeypatch.setattr(
        type(column.method),
        "stylize",
        lambda self, params, encoder, content, styles, **_: (
            seen.append(jax.config.jax_default_matmul_precision) or content
        ),
    )
    content = load_image(folder / "wide.png")
    encoder = build.resolve(ENCODERS, config_of(folder)["encoder"])
    stylize(column, encoder, content, [Style(content[None])], seed=0, precision=precision)
    assert seen == [None if precision == "default" else precision]


def _records(what: Comparison, workdir: Path, monkeypatch, **changes) -> list[Record]:
    """Run a comparison on a machine whose provenance has ``changes``; return its records."""
    with monkeypatch.context() as patch:
        patch.setattr(run, "provenance", lambda *args, of=run.provenance: {**of(*args), **changes})
        run.compare(what, workdir, lambda event: None)
    return RunDirectory(workdir).records.read()


def test_a_record_says_where_its_picture_was_made_wherever_it_was_measured(folder, monkeypatch):
    methods = config_of(folder)["methods"]
    first = Comparison.of(config_of(folder, methods={"identity": methods["identity"]}))
    _records(first, folder / "r", monkeypatch, device="a laptop")
    metrics = {"color": {"name": "color_histogram"}}
    records = _records(Comparison.of(config_of(folder, metrics=metrics)), folder / "r", monkeypatch, device="a server")
    assert {record.provenance["device"] for record in records} == {"a server"}
    made = {record.method.name: record.provenance["made"]["device"] for record in records}
    assert made == {"identity": "a laptop", "color": "a server"}


def test_other_package_versions_measure_anew_so_that_one_table_has_one_version(folder, monkeypatch):
    methods = config_of(folder)["methods"]
    first = Comparison.of(config_of(folder, methods={"identity": methods["identity"]}))
    _records(first, folder / "r", monkeypatch, packages={"jax": "1"})
    records = _records(Comparison.of(config_of(folder)), folder / "r", monkeypatch, packages={"jax": "2"})
    assert [record.provenance["packages"] for record in records] == [{"jax": "2"}] * 4
    assert {record.provenance["made"]["packages"]["jax"] for record in records} == {"1", "2"}


def test_a_measurement_that_is_kept_carries_the_new_config(folder, monkeypatch):
    folder.joinpath("out").mkdir()
    save_image(folder / "out" / "wide__style.png", load_image(folder / "wide.png"))
    outputs, _ = find_outputs([folder / "out"], folder, folder)
    config = {name: config_of(folder)[name] for name in ("encoder", "metrics")}
    for title in ("first", "second"):
        evaluate(config | {"name": title}, outputs, folder / "r", measuring(config), lambda note, done: None)
    (record,) = RunDirectory(folder / "r").records.read()
    assert record.provenance["config_hash"] == digests.of_json(config | {"name": "second"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"plane": "ssim"}, "plane: must be two different names of metrics, across and up, or (), got 'ssim'"),
        ({"plane": ("ssim",)}, "plane: must be two different names"),
        ({"plane": ("ssim", "ssim")}, "plane: must be two different names"),
        ({"plane": ("ssim", "sism2")}, "plane: there is no metric 'sism2'. Did you mean 'ssim'?"),
        (
            {"plane": ("ssim", "set"), "metrics": {"ssim": {"name": "ssim"}, "set": {"name": "frechet"}}},
            "plane: metric 'set' has one value for a set of pictures; name one that each picture has",
        ),
        (
            {"metrics": {"ssim": {"name": "ssim", "encoder": {"name": "vgg16"}}}},
            "metrics.ssim: metric 'ssim' does not look through an encoder; leave encoder out",
        ),
        (
            {"metrics": {"set": {"name": "frechet", "encoder": {"name": "vgg61"}}}},
            "metrics.set.encoder: unknown encoder 'vgg61'. Did you mean 'vgg19'?",
        ),
        (
            {"metrics": {"set": {"name": "frechet", "layers": ("relu9_1",), "encoder": {"name": "vgg16"}}}},
            "metrics.set: vgg16 has no layer 'relu9_1'",
        ),
    ],
)
def test_what_is_wrong_with_metrics_is_said_before_anything_is_loaded(folder, changes, message):
    with pytest.raises(InputError) as error:
        Comparison.of(config_of(folder, **changes))
    assert message in str(error.value)


def test_a_metric_may_have_an_encoder_of_its_own_and_equal_ones_are_read_once(folder, monkeypatch):
    read = []

    def note(registry, spec):
        read.extend([spec] if registry is ENCODERS else [])
        return resolve(registry, spec)

    monkeypatch.setattr(build, "resolve", note)
    own = {"name": "vgg19", "weights": "random", "width": 0.125}
    metrics = {
        "shared": {"name": "loss", "loss": {"name": "gram"}},
        "one": {"name": "loss", "loss": {"name": "gram"}, "encoder": own},
        "two": {"name": "frechet", "encoder": dict(own)},
        "same": {"name": "frechet", "encoder": config_of(folder)["encoder"]},
    }
    suite = Comparison.of(config_of(folder, metrics=metrics, plane=("shared", "one"))).suite
    assert len(read) == len(suite.networks) == 2
    contracts = {name: entry["contract"]["encoder"]["name"] for name, entry in suite.contracts().items()}
    assert contracts == {"shared": "vgg16", "one": "vgg19", "two": "vgg19", "same": "vgg16"}


def test_how_results_are_drawn_is_no_part_of_what_they_are(folder):
    metrics = {"ssim": {"name": "ssim"}, "color": {"name": "color_histogram"}}
    plain, drawn = config_of(folder, metrics=metrics), config_of(folder, metrics=metrics, plane=("ssim", "color"))
    hashes = []
    for index, config in enumerate((plain, drawn)):
        assert run.compare(Comparison.of(config), folder / "run", lambda event: None) == []
        records = RunDirectory(folder / "run").records.read()
        hashes.append({record.provenance["config_hash"] for record in records})
        if not index:
            before = records
    assert hashes[0] == hashes[1]
    assert records == before
