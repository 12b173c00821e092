"""What a comparison consists of, before anything is computed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from styleresearch.config import build
from styleresearch.config.build import resolve
from styleresearch.data.images import load_image, save_image
from styleresearch.encoder.encoder import ENCODERS
from styleresearch.errors import InputError
from styleresearch.evaluation.optimised import optimised_by
from styleresearch.losses.objective import Objective
from styleresearch.losses.style import Gram
from styleresearch.tasks.comparison import Comparison


def keys(what: Comparison) -> dict[tuple[str, str], str]:
    return {(cell.entry.name, cell.pair): cell.key for cell in what.stylisations()}


def test_cells_go_pair_by_pair(config_of):
    what = Comparison.of(config_of(seeds=(4, 2)))
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


def test_a_key_changes_with_what_determines_the_output_and_with_nothing_else(config_of):
    base = keys(Comparison.of(config_of()))
    assert keys(Comparison.of(config_of())) == base
    methods = config_of()["methods"]
    for same in (
        {"metrics": {"color": {"name": "color_histogram"}}},
        {"methods": {**methods, "color": {**methods["color"], "label": "Another label"}}},
        {"name": "Another name"},
        {"seeds": (0,)},
    ):
        assert keys(Comparison.of(config_of(**same))) == base, same
    for other in (
        {"encoder": {"name": "vgg16", "weights": "random", "width": 0.125, "seed": 1}},
        {"encoder": {"name": "vgg16", "weights": "random", "width": 0.125, "pooling": "average"}},
        {"precision": "bfloat16"},
        {"size": 32},
        {"style_size": 20},
        {"seeds": (1,)},
    ):
        changed = keys(Comparison.of(config_of(**other)))
        assert changed.keys() == base.keys()
        assert not set(changed.values()) & set(base.values()), other
    color = {**methods, "color": {"name": "color_transfer", "match": "mean_std"}}
    changed = keys(Comparison.of(config_of(methods=color)))
    assert {cell[0] for cell in base if base[cell] != changed[cell]} == {"color"}
    what = dataclasses.replace(Comparison.of(config_of()), modules={"mine": "another digest"})
    assert not set(keys(what).values()) & set(base.values())


def test_pictures_are_those_that_the_run_directory_will_hold(config_of, tmp_path):
    what = Comparison.of(config_of(size=30))
    for image in (*what.contents.values(), *what.styles.values()):
        save_image(tmp_path / "again.png", image)
        np.testing.assert_array_equal(load_image(tmp_path / "again.png"), image)


def test_nothing_is_cropped_or_squashed(config_of, folder):
    what = Comparison.of(config_of(size=20, style_size=15))
    # The short side is the size, the long one is rounded: 40 x 61 becomes 20 x 30.5, 55 x 44 becomes 25 x 20.
    assert what.contents["wide"].shape[:2] == (20, 30)
    assert what.contents["tall"].shape[:2] == (25, 20)
    assert what.styles["style"].shape[:2] == (15, 20)
    for name in ("wide", "tall"):
        np.testing.assert_allclose(what.contents[name], load_image(folder / f"{name}.png", 20), atol=0.501 / 255)
    assert Comparison.of(config_of()).contents["wide"].shape[:2] == (40, 61)


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
        (
            {"metrics": {"ssim": {"name": "ssim", "twin": {"name": "alexnet"}}}},
            "metrics.ssim: only the metric 'loss' has a twin",
        ),
        (
            {"metrics": {"style": {"name": "loss", "loss": {"name": "gram"}, "twin": {"name": "alexnt"}}}},
            "metrics.style.twin: unknown encoder 'alexnt'. Did you mean 'alexnet'?",
        ),
        (
            {"metrics": {"style": {"name": "loss", "loss": {"name": "gram"}, "twin": {"name": "vgg16"}}}},
            "metrics.style: a twin is held out if its encoder is another than the metric's, 'vgg16'",
        ),
        (
            {"metrics": {"smooth": {"name": "loss", "loss": {"name": "total_variation"}, "twin": {"name": "alexnet"}}}},
            "metrics.smooth: the loss reads no layer that another encoder could have in its place",
        ),
        (
            {
                "metrics": {
                    "style": {"name": "loss", "loss": {"name": "gram"}, "twin": {"name": "alexnet"}},
                    "style_twin": {"name": "ssim"},
                }
            },
            "metrics.style: its twin is called 'style_twin', and so is another metric; rename that one",
        ),
    ],
)
def test_what_is_wrong_with_metrics_is_said_before_anything_is_loaded(config_of, changes, message):
    with pytest.raises(InputError) as error:
        Comparison.of(config_of(**changes))
    assert message in str(error.value)


def test_a_metric_may_have_an_encoder_of_its_own_and_equal_ones_are_read_once(config_of, monkeypatch):
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
        "same": {"name": "frechet", "encoder": config_of()["encoder"]},
    }
    suite = Comparison.of(config_of(metrics=metrics, plane=("shared", "one"))).suite
    assert len(read) == len(suite.networks) == 2
    contracts = {name: entry["contract"]["encoder"]["name"] for name, entry in suite.contracts().items()}
    assert contracts == {"shared": "vgg16", "one": "vgg19", "two": "vgg19", "same": "vgg16"}


def test_a_twin_is_the_same_loss_under_another_encoder_beside_its_metric(config_of):
    judge = {"name": "efficientnet_lite0", "weights": "random", "width": 0.1}
    layers = ("relu1_1", "relu3_1")
    style = {"name": "loss", "title": "Style", "loss": {"name": "gram", "layers": layers}, "twin": judge}
    metrics = {"style": style, "ssim": {"name": "ssim"}}
    suite = Comparison.of(config_of(metrics=metrics, plane=("style_twin", "ssim"))).suite
    contracts = suite.contracts()
    assert list(contracts) == ["style", "style_twin", "ssim"]
    assert [entry.get("twin_of") for entry in contracts.values()] == [None, "style", None]
    metric, twin = (contracts[name]["contract"] for name in ("style", "style_twin"))
    assert twin["encoder"]["name"] == "efficientnet_lite0"
    assert contracts["style_twin"]["label"] == "Style, held out"
    assert metric["settings"]["loss"] | {"layers": ("stage1", "stage3")} == twin["settings"]["loss"]
    objective = Objective.of({"style": (1.0, Gram(layers))})
    assert suite.in_sample(optimised_by(objective, suite.encoder.digest)) == ["style"], "nobody optimised the twin"
