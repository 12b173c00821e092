"""Trained methods come back from run directories, files and the zoo; what is wrong with one is said."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from styleresearch import trained
from styleresearch.errors import InputError
from styleresearch.fit import fit, fit_of
from styleresearch.trained import Trained, column, export_weights, load, with_encoder
from styleresearch.training.checkpoint import Checkpoints, CheckpointWarning, digest_of

ENCODER = {"name": "vgg16", "weights": "random", "width": 0.125}
STYLES = {"name": "painter", "names": ("impasto", "mosaic"), "seed": 0}
OBJECTIVE = {
    "content": {"name": "feature", "layers": ("relu2_1",), "weight": 1.0},
    "style": {"name": "gram", "layers": ("relu1_1",), "weight": 1.0},
}
FEEDFORWARD = {
    "encoder": ENCODER,
    "method": {
        "name": "feedforward",
        "net": {"name": "transform", "widths": (4, 8), "residuals": 0, "styles": 2, "pixels": "unit"},
        "styles": {**STYLES, "size": 32},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "objective": OBJECTIVE,
    },
    "data": {"content": {"name": "photographs", "names": ("cat", "coffee")}, "batch_size": 2, "crop": 32, "resize": 40},
    "train": {"steps": 2, "log_every": 1, "save_every": 1, "keep": 2, "sample_every": 0, "ema": 0.9},
}
OWN = """
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from styleresearch.methods import METHODS
from styleresearch.methods.base import State, TrainedMethod
from styleresearch.methods.optimizers import Adam


@METHODS.register("tint")
@dataclass(frozen=True, eq=False)
class Tint(TrainedMethod):
    amount: float = 1.0
    reads_styles = False
    encodes = False

    def init(self, key, encoder, batch):
        return State.start(key, {"color": {"rgb": jnp.zeros(3)}}, Adam(0.1))

    def step(self, state, encoder, batch):
        gradient = {"color": {"rgb": state.params["color"]["rgb"] - jnp.arange(3.0)}}
        return state.descend(gradient, Adam(0.1)), {"total": jnp.float32(1)}

    def inference(self, state):
        return state.params

    def stylize(self, params, encoder, content, style, *, key, progress=None):
        return jnp.clip(content + self.amount * params["color"]["rgb"][None, None, None], 0, 1)
"""


class Silent:
    preparing = compiled = resumed = report = sampled = lambda self, *_: None


def run(config: dict, folder: Path):
    return fit(fit_of(config), folder, Silent())


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The state and the directory of a run."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    return run(FEEDFORWARD, folder), folder


@pytest.fixture
def directory(finished, tmp_path) -> Path:
    """A copy of the run's directory, to be tampered with."""
    return shutil.copytree(finished[1], tmp_path / "run")


@pytest.fixture
def adain() -> Trained:
    """An AdaIN decoder before its first step."""
    net = {"name": "decoder", "widths": (6,), "depths": (1,), "initial": "he"}
    spec = {"name": "adain", "layer": "relu2_1", "net": net, "optimizer": {"name": "adam"}, "objective": OBJECTIVE}
    facts = {"config": {"encoder": ENCODER}, "method": spec}
    found = Trained("adain", spec, None, 3, facts)
    encoder = trained.build.encoder(ENCODER)
    params = found.method().net.init(jax.random.key(0), jnp.zeros((1, 8, 8, 16)))["params"]
    return replace(found, params=params, facts={**facts, "encoder": encoder.describe()})


def paint(found: Trained, picture, name="impasto", **options):
    """Return what a trained method makes of a picture."""
    method = found.method(**options)
    style = picture[:, ::-1]
    if found.styles:
        style = jnp.asarray(found.params["thumbnails"])[found.styles.index(name)][None]
    encoder = found.encoder() if method.encodes else None
    return np.asarray(method.stylize(found.params, encoder, picture, style, key=jax.random.key(0)))


# Where from


def test_a_run_directory_gives_the_averaged_parameters(finished, directory):
    state, _ = finished
    found = load(str(directory))
    assert (found.step, found.styles, found.source) == (2, ("impasto", "mosaic"), str(directory))
    assert found.digest == digest_of({"net": state.ema, "thumbnails": state.constants["thumbnails"]})
    assert "styles" not in found.spec
    assert found.method().styles is None
    assert found.encoder().describe() == found.facts["encoder"]


def test_a_file_paints_the_same_picture_bit_by_bit(directory, adain, tmp_path, random_image):
    picture = random_image(0, 37, 41)
    for found in (load(str(directory)), adain):
        export_weights(found, tmp_path / "a.safetensors", "float32")
        again = load(str(tmp_path / "a.safetensors"))
        assert (again.step, again.styles, again.digest) == (found.step, found.styles, found.digest)
        assert again.spec == found.spec
        assert paint(again, picture).tobytes() == paint(found, picture).tobytes()


def test_half_precision_keeps_the_picture(directory, adain, tmp_path, random_image):
    picture = random_image(0, 37, 41)
    for found in (load(str(directory)), adain):
        for dtype in ("float16", "float32"):
            export_weights(found, tmp_path / f"{dtype}.safetensors", dtype)
        half = load(str(tmp_path / "float16.safetensors"))
        assert {leaf.dtype for leaf in jax.tree.leaves(half.params)} == {np.dtype("float32")}
        assert 0 < np.abs(paint(half, picture) - paint(found, picture)).max() < 0.01
        weights = load_file(tmp_path / "float16.safetensors")
        assert {str(leaf.dtype) for leaf in weights.values()} == {"float16"}


def test_a_parameter_that_half_precision_cannot_hold_is_not_stored_as_infinite(adain, tmp_path):
    adain.params["conv1"]["bias"] = jnp.full(6, 1e5)
    with pytest.raises(InputError, match="conv1/bias has values beyond float16; store it as float32"):
        export_weights(adain, tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_the_zoo(adain, tmp_path, monkeypatch):
    monkeypatch.setattr(trained, "ZOO", tmp_path)
    with pytest.raises(InputError, match=r"the zoo has no weights 'adain'\. It has: none"):
        load("zoo:adain")
    export_weights(adain, tmp_path / "adain.safetensors")
    assert trained.zoo_names() == ("adain",)
    assert load("zoo:adain").spec == adain.spec
    with pytest.raises(InputError, match=r"no weights 'adian'\. Did you mean 'adain'\? It has: adain"):
        load("zoo:adian")
    with pytest.raises(InputError, match=r"nowhere does not exist; .* one of the zoo: zoo:adain"):
        load(str(tmp_path / "nowhere"))


def test_a_method_of_the_users_own_comes_back(own_folder, random_image):
    (own_folder / "my_tint.py").write_text(OWN)
    data = {**FEEDFORWARD["data"], "workers": 0}
    config = {**FEEDFORWARD, "imports": ("my_tint",), "method": {"name": "tint"}, "data": data}
    run({**config, "train": {**config["train"], "ema": 0.0}}, own_folder / "run")
    trained.METHODS._entries.pop("tint")  # as in a process of its own
    del sys.modules["my_tint"]
    found = load(str(own_folder / "run"))
    picture = 0.5 * random_image(0)
    rgb = found.params["color"]["rgb"]
    assert np.ptp(rgb) > 0.1
    assert np.allclose(paint(found, picture), np.clip(picture + rgb[None, None, None], 0, 1))
    export_weights(found, own_folder / "tint.safetensors")
    assert np.allclose(paint(load("tint.safetensors"), picture, amount=0.0), picture)
    (own_folder / "my_tint.py").unlink()
    del sys.modules["my_tint"]
    importlib.invalidate_caches()
    with pytest.raises(InputError, match="names the module 'my_tint', which cannot be found"):
        load("tint.safetensors").method()


# What is wrong


def test_no_run(tmp_path):
    with pytest.raises(InputError, match=r"holds no training run \(no run\.json\); give a run directory"):
        load(str(tmp_path))


def test_a_run_without_a_checkpoint(directory):
    shutil.rmtree(directory / "checkpoints")
    with pytest.raises(InputError, match=r"has no checkpoint yet; wait for its first one"):
        load(str(directory))


@pytest.mark.parametrize(
    ("content", "why"),
    [('{"config": {', "Expecting"), ("[]", "it holds no facts"), ('{"config": {}, "method": {}}', "'encoder'")],
)
def test_a_damaged_run_json(directory, content, why):
    (directory / "run.json").write_text(content)
    with pytest.raises(InputError, match=rf"run\.json cannot be read \({why}.*writes it anew"):
        load(str(directory))


def test_a_damaged_checkpoint_is_passed_over(directory):
    (directory / "checkpoints" / "2" / "manifest.json").write_text("{")
    with pytest.warns(CheckpointWarning, match="using .*1 instead"):
        assert load(str(directory)).step == 1
    assert Checkpoints(directory / "checkpoints").steps() == [1]


def test_files_that_are_none(adain, tmp_path):
    file = tmp_path / "a.safetensors"
    message = "is not a file of trained weights .*; make one: styleresearch export"
    file.write_bytes(b"no tensors")
    with pytest.raises(InputError, match=message):
        load(str(file))
    save_file({"x": np.zeros(3)}, file)  # of another program
    with pytest.raises(InputError, match=message):
        load(str(file))
    for header in ("nonsense", "[]", '{"step": 1}', '{"step": 1, "facts": {"config": {}}}', '{"step": 1, "facts": 3}'):
        save_file({"x": np.zeros(3)}, file, {"styleresearch": header})
        with pytest.raises(InputError, match=message):
            load(str(file))
    export_weights(adain, file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(InputError, match=message):
        load(str(file))


def test_another_encoder_is_refused(adain, tmp_path):
    facts = json.loads(json.dumps(adain.facts))
    facts["encoder"]["digest"] = "0" * 64
    other = replace(adain, facts=facts)
    with pytest.raises(
        InputError, match=r"adain was trained with the encoder weights 'random' of digest 000000000000,"
    ):
        other.encoder()
    # The digest of pictures says less: they pass through a decoder that may round otherwise.
    normalised = {**ENCODER, "normalise_on": {"name": "painter", "names": ("mosaic",), "seed": 0, "size": 32}}
    facts["config"]["encoder"] = normalised
    assert other.encoder().weights == "random"


# In a comparison


def test_columns(directory, adain, tmp_path, random_image):
    found = column("fast", {"checkpoint": str(directory), "label": "Fast", "preserve_color": {"how": "luminance"}})
    assert (found.name, found.label, found.trained.step) == ("fast", "Fast", 2)
    assert found.preserve_color is not None
    assert found.spec["checkpoint"] == str(directory)  # what the run's config says, not what it became
    assert with_encoder(found) is found  # it does not look at features to stylise

    export_weights(adain, tmp_path / "a.safetensors", "float32")
    weak = column("adain", {"checkpoint": str(tmp_path / "a.safetensors"), "strength": 0.25})
    assert (weak.label, weak.method.strength) == ("adain", 0.25)
    assert with_encoder(weak).encoder.digest == adain.facts["encoder"]["digest"]


def test_wrong_columns(directory):
    checkpoint = str(directory)
    with pytest.raises(InputError, match="has no option 'strenght'"):
        column("x", {"checkpoint": checkpoint, "strenght": 1.0})
    with pytest.raises(InputError, match="give name or checkpoint, not both"):
        column("x", {"checkpoint": checkpoint, "name": "feedforward"})
    untrained = {key: value for key, value in FEEDFORWARD["method"].items() if key != "styles"}
    with pytest.raises(
        InputError, match=r"'feedforward' has to be trained \(styleresearch train\); .* dict\(checkpoint=DIR\)"
    ):
        column("x", untrained)
    with pytest.raises(InputError, match="does not exist"):
        column("x", {"checkpoint": "nowhere"})
    assert column("x", {"name": "identity"}).trained is None
