"""Trained methods come back from run directories, files and the zoo; what is wrong with one is said."""

from __future__ import annotations

import importlib
import json
import pickle
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from styleresearch.cli import main
from styleresearch.cli.imports import bring
from styleresearch.config.named import ModuleWarning
from styleresearch.data.images import save_image
from styleresearch.encoder.encoder import ENCODERS
from styleresearch.encoder.weights import load as weights_of
from styleresearch.errors import InputError
from styleresearch.store.checkpoints import CheckpointFolder
from styleresearch.tasks import trained
from styleresearch.tasks.comparison import Comparison
from styleresearch.tasks.entry import entry, with_encoder
from styleresearch.tasks.export import export_weights
from styleresearch.tasks.train import TrainingRun, train
from styleresearch.tasks.trained import Trained, load
from styleresearch.training.checkpoint import CheckpointWarning, digest_of
from styleresearch.types import Style

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

from styleresearch.methods import METHODS, Reads, State, Takes, TrainedMethod
from styleresearch.optim.optimizers import Adam


@METHODS.register("tint")
@dataclass(frozen=True, eq=False)
class Tint(TrainedMethod):
    amount: float = 1.0
    takes = Takes(encoder=False)
    reads = Reads(styles="none")

    def init(self, key, encoder, batch):
        return State.start(key, {"color": {"rgb": jnp.zeros(3)}}, Adam(0.1))

    def step(self, state, encoder, batch):
        gradient = {"color": {"rgb": state.params["color"]["rgb"] - jnp.arange(3.0)}}
        return state.descend(gradient, Adam(0.1)), {"total": jnp.float32(1)}

    def inference(self, state):
        return state.params

    def stylize(self, params, encoder, content, styles, *, key, progress=None):
        return jnp.clip(content + self.amount * params["color"]["rgb"][None, None, None], 0, 1)
"""


class Silent:
    preparing = compiled = resumed = report = sampled = lambda self, *_: None


def run(config: dict, folder: Path):
    return train(TrainingRun.of(config), folder, Silent())


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
    encoder = trained.build.resolve(ENCODERS, ENCODER)
    params = jax.jit(found.method().net.init)(jax.random.key(0), jnp.zeros((1, 8, 8, 16)))["params"]
    return replace(found, params=params, facts={**facts, "encoder": encoder.describe()})


def paint(found: Trained, picture, name="impasto", **options):
    """Return what a trained method makes of a picture."""
    method = found.method(**options)
    style = picture[:, ::-1]
    if found.styles:
        style = method.learned_styles(found.params)[found.styles.index(name)][None]
    encoder = found.encoder() if method.takes.encoder else None
    return np.asarray(method.stylize(found.params, encoder, picture, [Style(style)], key=jax.random.key(0)))


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


@pytest.fixture
def tint(own_folder) -> Path:
    """The folder of a run of the user's own method, before its module is imported in a new process."""
    (own_folder / "my_tint.py").write_text(OWN)
    data = {**FEEDFORWARD["data"], "workers": 0}
    config = {**FEEDFORWARD, "imports": ("my_tint",), "method": {"name": "tint"}, "data": data}
    run({**config, "train": {**config["train"], "ema": 0.0}}, own_folder / "run")
    forget(own_folder)
    return own_folder


def forget(folder: Path) -> None:
    """As in a process of its own."""
    trained.METHODS._entries.pop("tint", None)
    sys.modules.pop("my_tint", None)
    sys.path[:] = [each for each in sys.path if each != str(folder)]
    importlib.invalidate_caches()


def test_a_method_of_the_users_own_comes_back(tint, random_image):
    bring(["my_tint"])
    found = load(str(tint / "run"))
    picture = 0.5 * random_image(0)
    rgb = found.params["color"]["rgb"]
    assert np.ptp(rgb) > 0.1
    assert np.allclose(paint(found, picture), np.clip(picture + rgb[None, None, None], 0, 1))
    export_weights(found, tint / "tint.safetensors")
    assert np.allclose(paint(load("tint.safetensors"), picture, amount=0.0), picture)
    assert entry("x", {"checkpoint": "tint.safetensors", "amount": 0.5}).method.amount == 0.5


# A file is data


def test_nothing_is_imported_because_a_file_says_so(tint):
    bring(["my_tint"])
    export_weights(load("run"), tint / "tint.safetensors")
    forget(tint)
    (tint / "my_tint.py").write_text("open('EXECUTED', 'w')\n" + OWN)
    needs = r"needs the module 'my_tint', and nothing is imported because a file says so\. Here it is my_tint\.py, not"
    for use in (
        lambda: load("run"),
        lambda: load("tint.safetensors").method(),
        lambda: entry("x", {"checkpoint": "run"}),
    ):
        with pytest.raises(InputError, match=needs) as caught:
            use()
        assert "--import my_tint, or imports=('my_tint',)" in str(caught.value)
        assert "\n" not in str(caught.value)
    assert load("tint.safetensors").step == 2  # what it says of itself may be read
    (tint / "my_tint.py").unlink()
    with pytest.raises(InputError, match=r"It cannot be found here; bring it, and if you trust it, name it: --import"):
        load("run")
    assert "my_tint" not in sys.modules
    assert not (tint / "EXECUTED").exists()


def test_a_module_that_any_installation_has_is_not_imported_either(adain, tmp_path):
    export_weights(adain, tmp_path / "a.safetensors")
    tampered(tmp_path / "a.safetensors", lambda header: header["facts"]["config"].update(imports=["antigravity"]))
    with pytest.raises(InputError, match="needs the module 'antigravity'"):
        load(str(tmp_path / "a.safetensors")).method()
    assert "antigravity" not in sys.modules


def test_another_module_than_in_training_is_used_with_a_warning(tint, random_image):
    (tint / "my_tint.py").write_text(OWN.replace("self.amount * params", "2 * self.amount * params"))
    bring(["my_tint"])
    with pytest.warns(
        ModuleWarning, match=r"'my_tint' is another than when .*run was made \(sha256 \w{12} then, \w{12} now\)"
    ):
        found = load("run")
    with pytest.warns(ModuleWarning, match="what it paints may differ"):
        found.method()


def test_a_module_in_another_folder_is_named_by_its_file(tint, monkeypatch):
    (tint / "exp").mkdir()
    (tint / "my_tint.py").rename(tint / "exp" / "my_tint.py")
    facts = json.loads((tint / "run" / "run.json").read_text())
    (tint / "run" / "run.json").write_text(json.dumps({**facts, "origin": {"file": "exp/mine.py", "modules": {}}}))
    with pytest.raises(InputError, match=r"Here it is exp/my_tint\.py, the same as then; .* --import exp/my_tint\.py,"):
        load("run")
    bring(["exp/my_tint.py"])
    assert load("run").step == 2
    with pytest.raises(InputError, match=r"--import exp/other\.py: there is no such file"):
        bring(["exp/other.py"])
    with pytest.raises(InputError, match="--import names the module 'other', which cannot be found"):
        bring(["other"])


def test_the_command_imports_what_the_user_names(tint, monkeypatch, capsys, random_image):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tint))
    save_image(tint / "a.png", np.asarray(random_image(0)[0]))
    command = ["stylize", "--checkpoint=run", "--content=a.png", "--style=a.png", "--out=b.png"]
    assert main(command) == 2
    assert "if you trust it, name it: --import my_tint" in capsys.readouterr().err
    assert main([*command, "--import=my_tint"]) == 0
    assert main(["export", "--checkpoint=run", "--out=x.safetensors"]) == 0  # imported in this process already
    assert "mine" not in load("x.safetensors").facts.get("origin", "")


def test_a_comparison_names_the_modules_of_its_checkpoints(tint):
    config = {
        "encoder": ENCODER,
        "size": 32,
        "contents": {"name": "photographs", "names": ("cat",)},
        "styles": {"name": "photographs", "names": ("coffee",)},
        "methods": {"own": {"checkpoint": "run"}},
        "metrics": {"ssim": {"name": "ssim"}},
    }
    with pytest.raises(InputError, match=r"methods\.own: run needs the module 'my_tint'.* or imports=\('my_tint',\)"):
        Comparison.of(config)
    what = Comparison.of({**config, "imports": ("my_tint",)})
    assert what.entries[0].trained.step == 2
    assert set(what.modules) == {"my_tint"}


class Canary:
    def __reduce__(self):
        return open, ("EXECUTED", "w")


def test_no_pickle_runs(adain, directory, own_folder):
    bomb = pickle.dumps(Canary())
    (own_folder / "a.safetensors").write_bytes(bomb)
    for name in ("run.json", "config.json"):
        (directory / name).write_bytes(bomb)
    for source in ("a.safetensors", str(directory)):
        with pytest.raises(InputError):
            load(source)
    with pytest.raises(InputError):
        weights_of("mine", Path("a.safetensors"))
    save_file({"x": np.frombuffer(bomb, np.uint8)}, own_folder / "a.safetensors", {"styleresearch": "{}"})
    with pytest.raises(InputError):
        load("a.safetensors")
    assert not (own_folder / "EXECUTED").exists()
    pickle.loads(bomb).close()
    assert (own_folder / "EXECUTED").exists()  # it would have sung


def test_where_a_config_lay_does_not_leave_with_the_weights(adain, tmp_path):
    origin = {"file": "/home/me/secret.py", "modules": {}}
    facts = {**adain.facts, "origin": origin, "config": {**adain.facts["config"], "origin": origin}}
    export_weights(replace(adain, facts=facts), tmp_path / "a.safetensors")
    assert b"secret" not in (tmp_path / "a.safetensors").read_bytes()


# What a file claims


def tampered(file: Path, change, tensors=None) -> None:
    """Change the header of a file of weights, or its tensors."""
    with safe_open(file, framework="numpy") as opened:
        header = json.loads(opened.metadata()["styleresearch"])
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    change(header)
    (tensors or (lambda _: None))(arrays)
    save_file(arrays, file, {"styleresearch": json.dumps(header)})


def claims(**changes):
    """Return a change of the options of the method that a file names."""

    def change(header):
        method = header["facts"]["method"]
        for name, value in changes.items():
            part, _, key = name.partition("__")
            if key:
                method[part][key] = value
            else:
                method[part] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (claims(net__widths=[4096]), r"its conv\d/\w+ is float32\(.*\) and its method takes float32\(.*4096"),
        (claims(net__widths=[10**9]), r"widths\[0\] = 1000000000 is not from 1 to 4096"),
        (claims(net__depths=[7]), r"its conv2/bias is float32\(3,\) and its method takes float32\(6,\)"),
        (claims(layer="relu3_1"), r"is damaged, or its options were changed"),
        (claims(net__widths=["6"]), r"is damaged|net"),
        (claims(name="gatys"), r"has no option|its method is not one that is trained"),
        (claims(name="cut"), r"has no option"),
        (claims(styles={"name": "folder", "path": "/"}), r"has no option 'styles'"),
        (claims(net=3), r"net"),
    ],
)
def test_options_that_do_not_fit_the_tensors_are_refused(adain, tmp_path, change, message):
    file = tmp_path / "a.safetensors"
    export_weights(adain, file)
    tampered(file, change)
    for use in (lambda: load(str(file)).method(), lambda: entry("x", {"checkpoint": str(file)})):
        with pytest.raises(InputError, match=message) as caught:
            use()
        assert "\n" not in str(caught.value)


def renamed(arrays):
    arrays["conv1/other"] = arrays.pop("conv1/bias")


def reshaped(arrays):
    arrays["conv1/kernel"] = arrays["conv1/kernel"].reshape(-1)


def whole_numbers(arrays):
    arrays["conv1/bias"] = arrays["conv1/bias"].astype(np.int32)


def one_more(arrays):
    arrays["extra"] = np.zeros(3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (renamed, "it lacks the parameter conv1/bias"),
        (reshaped, r"its conv1/kernel is float32\(\d+,\) and its method takes float32\(3, 3, 16, 6\)"),
        (whole_numbers, r"its conv1/bias is int32\(6,\) and its method takes float32\(6,\)"),
        (one_more, "its method has no parameter extra"),
        (
            lambda arrays: arrays.update({"conv1": np.zeros(3)}),
            "'conv1' is a tensor, and holds others",
        ),
    ],
)
def test_tensors_that_are_not_the_methods_are_refused(adain, tmp_path, change, message):
    file = tmp_path / "a.safetensors"
    export_weights(adain, file)
    tampered(file, lambda header: None, change)
    with pytest.raises(InputError, match=message):
        load(str(file)).method()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("step", value) for value in (-1, "3", None, 1.5, True)),
        *(("facts.config", value) for value in (3, [], {}, {"encoder": 3}, {"encoder": {}, "imports": [3]})),
        *(("facts.method", value) for value in (3, {}, {"name": 3}, {"name": ["adain"]})),
        *(("facts.encoder", value) for value in ("x", {}, {"weights": "random"}, {"weights": "random", "digest": 3})),
        *(("facts.styles", value) for value in ("ab", [3], {"a": 1})),
        *(("facts.modules", value) for value in (["a"], {"a": 3})),
        ("facts.data", {"content": []}),
        ("facts.provenance", {"packages": "jax"}),
        ("facts.version", "\ud800"),
        ("facts.version", 3),
    ],
)
def test_a_header_that_is_not_one_of_ours_is_one_message(adain, tmp_path, field, value):
    file = tmp_path / "a.safetensors"
    export_weights(adain, file)

    def change(header):
        *parents, last = field.split(".")
        for name in parents:
            header = header[name]
        header[last] = value

    tampered(file, change)
    with pytest.raises(InputError, match="is not a file of trained weights") as caught:
        load(str(file))
    assert "\n" not in str(caught.value)


def test_a_header_that_nests_too_deeply_is_one_message(adain, tmp_path):
    for text in ("[" * 100_000, '{"step": 1, "facts": ' * 5000):
        save_file({"x": np.zeros(3)}, tmp_path / "a.safetensors", {"styleresearch": text})
        with pytest.raises(InputError, match="is not a file of trained weights"):
            load(str(tmp_path / "a.safetensors"))


def test_names_of_styles_that_have_no_pictures_are_refused(directory, tmp_path):
    file = tmp_path / "a.safetensors"
    export_weights(load(str(directory)), file)
    tampered(file, lambda header: header["facts"].update(styles=["a", "b", "c"]))
    with pytest.raises(InputError, match="it names 3 styles"):
        load(str(file)).method()
    tampered(file, claims(net__styles=10_000))
    with pytest.raises(InputError, match="it has pictures of 2 styles, its network 10000"):
        load(str(file)).method()


def test_pictures_that_only_training_reads_are_not_opened(directory, tmp_path):
    file = tmp_path / "a.safetensors"
    export_weights(load(str(directory)), file)
    tampered(file, claims(styles={"name": "folder", "path": "/nowhere"}))
    assert load(str(file)).method().styles is None


def test_a_run_json_of_another_method_is_refused(directory, adain):
    facts = json.loads((directory / "run.json").read_text())
    for method in (
        adain.spec,
        {"name": "identity"},
        {**facts["method"], "net": {"name": "transform", "widths": [9, 9]}},
    ):
        (directory / "run.json").write_text(json.dumps({**facts, "method": method, "styles": []}))
        with pytest.raises(InputError, match=r"is damaged|has no option") as caught:
            load(str(directory)).method()
        assert "\n" not in str(caught.value)


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
    assert CheckpointFolder(directory / "checkpoints").steps() == [1]


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
    found = entry("fast", {"checkpoint": str(directory), "label": "Fast", "preserve_color": {"how": "luminance"}})
    assert (found.name, found.label, found.trained.step) == ("fast", "Fast", 2)
    assert found.preserve_color is not None
    assert found.spec["checkpoint"] == str(directory)  # what the run's config says, not what it became
    assert with_encoder(found) is found  # it does not look at features to stylise

    export_weights(adain, tmp_path / "a.safetensors", "float32")
    weak = entry("adain", {"checkpoint": str(tmp_path / "a.safetensors"), "strength": 0.25})
    assert (weak.label, weak.method.strength) == ("adain", 0.25)
    assert with_encoder(weak).encoder.digest == adain.facts["encoder"]["digest"]


def test_wrong_columns(directory):
    checkpoint = str(directory)
    with pytest.raises(InputError, match="has no option 'strenght'"):
        entry("x", {"checkpoint": checkpoint, "strenght": 1.0})
    with pytest.raises(InputError, match="give name or checkpoint, not both"):
        entry("x", {"checkpoint": checkpoint, "name": "feedforward"})
    untrained = {key: value for key, value in FEEDFORWARD["method"].items() if key != "styles"}
    with pytest.raises(
        InputError, match=r"'feedforward' has to be trained \(styleresearch train\); .* dict\(checkpoint=DIR\)"
    ):
        entry("x", untrained)
    with pytest.raises(InputError, match="does not exist"):
        entry("x", {"checkpoint": "nowhere"})
    assert entry("x", {"name": "identity"}).trained is None
