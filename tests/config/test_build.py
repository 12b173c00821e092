"""From a config file to objects, and what a user reads when that cannot be done."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from styleresearch.config import build
from styleresearch.config.file import load_config
from styleresearch.config.forms import part
from styleresearch.config.problems import Problems, check_keys
from styleresearch.config.sweep import KEYS as OF_SWEEPS
from styleresearch.encoder import encoder as encoders
from styleresearch.errors import InputError
from styleresearch.evaluation.metrics import METRICS
from styleresearch.losses import LOSSES, Objective
from styleresearch.methods.gatys import Gatys
from styleresearch.optim.optimizers import LBFGS, Adam
from styleresearch.tasks.comparison import OPTIONAL, REQUIRED, Comparison
from styleresearch.tasks.entry import entry
from styleresearch.tasks.sweep import sweep_of
from styleresearch.tasks.train import TrainingRun

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted([*(ROOT / "configs").glob("*.py"), *(ROOT / "experiments").glob("*.py")])


def write(folder: Path, text: str, name: str = "example.py") -> str:
    (folder / name).write_text(text)
    return name


# From a config to objects


SMALL = {"name": "vgg16", "weights": "random", "width": 0.125}
OBJECTIVE = {
    "content": {"name": "feature", "layers": ("relu2_1",), "weight": 2.0},
    "style": {"name": "gram", "layers": ("relu1_1", "relu2_1")},
}


def config_of(**changes) -> dict:
    config = {
        "encoder": SMALL,
        "size": 32,
        "contents": {"name": "photographs", "names": ("cat",)},
        "styles": {"name": "textures", "names": ("brick",)},
        "methods": {
            "zebra": {"name": "gatys", "evaluations": 4, "optimizer": {"name": "lbfgs"}, "objective": OBJECTIVE},
            "ant": {"name": "identity", "label": "Content"},
        },
        "metrics": {"style": {"name": "loss", "loss": OBJECTIVE["style"]}, "ssim": {"name": "ssim"}},
    }
    return {**config, **changes}


def test_specs_inside_specs_are_built(own_folder):
    what = Comparison.of(config_of())
    assert [column.name for column in what.entries] == ["zebra", "ant"]
    assert [column.label for column in what.entries] == ["zebra", "Content"]
    method = what.entries[0].method
    assert isinstance(method, Gatys)
    assert isinstance(method.optimizer, LBFGS)
    assert {name: float(weight) for name, weight in method.objective.weights.items()} == {"content": 2.0, "style": 1.0}
    assert method.objective.layers == ("relu2_1", "relu1_1")
    assert list(what.suite.metrics) == ["style", "ssim"]
    assert what.seeds == (0,)
    assert what.contents["cat"].shape[:2] == (32, 48)


def test_preserve_color_goes_with_any_method():
    keep = entry("x", {"name": "identity", "preserve_color": {"how": "histogram", "when": "before"}})
    assert keep.preserve_color is not None
    assert (keep.preserve_color.how, keep.preserve_color.when) == ("histogram", "before")
    for wrong, message in [
        ("luminance", r"preserve_color: must be dict\(\*\*options\), got 'luminance'\. Options: how, when"),
        ({"how": "hue"}, "'hue' is not one of 'luminance'"),
        ({"wen": "after"}, "no option 'wen'.*Did you mean 'when'"),
    ]:
        with pytest.raises(InputError, match=message):
            entry("x", {"name": "identity", "preserve_color": wrong})


@pytest.fixture
def no_weights(monkeypatch):
    """Fail if anything loads weights, or makes an encoder at all."""

    def refuse(*_args, **_keywords):
        raise AssertionError("weights were loaded before the config was checked")

    monkeypatch.setattr(encoders, "load", refuse)
    monkeypatch.setattr(encoders, "_random", refuse)


def test_all_problems_are_reported_together_before_weights_are_loaded(no_weights):
    broken = config_of(
        encoder={"name": "vgg16", "weights": "vgg16", "pooling": "maxx"},
        size="large",
        style_size=0,
        seeds=(0, -1),
        precision="float31",
        contents={"name": "photographs", "names": ("kat",)},
        styles={"name": "paintre"},
        methods={
            "typo": {"name": "gatis"},
            "color": {"name": "color_transfer", "match": "covarianze"},
            "weight": {
                "name": "gatys",
                "optimizer": {"name": "adam", "learning_rat": 0.1},
                "objective": {**OBJECTIVE, "style": {"name": "gram", "weight": "heavy"}},
            },
            "no_spec": 3,
            "a/b": {"name": "identity"},
        },
        metrics={"sim": {"name": "sism"}, "loss": {"name": "loss", "loss": {"name": "grm"}}},
    )
    with pytest.raises(InputError) as caught:
        Comparison.of(broken)
    message = str(caught.value)
    expected = [
        r"methods\.typo: unknown method 'gatis'\. Did you mean 'gatys'\?",
        r"methods\.color: .*match = 'covarianze' is not one of 'mean_std', 'covariance', 'histogram'",
        r"methods\.weight: .*style: weight = 'heavy' is not of type float",
        r"methods\.weight: .*optimizer.*no option 'learning_rat'\. Did you mean 'learning_rate'\?",
        r"methods\.no_spec: a method must be dict\(name=\.\.\., \*\*options\), got 3",
        r"methods: the method name 'a/b' cannot be part of a file name",
        r"metrics\.sim: unknown metric 'sism'\. Did you mean 'ssim'\?",
        r"metrics\.loss: .*unknown loss 'grm'\. Did you mean 'gram'\?",
        r"encoder 'vgg16': pooling = 'maxx' is not one of 'max', 'average'",
        r"contents: .*no picture 'kat'\. Did you mean 'cat'\?",
        r"styles: unknown picture source 'paintre'\. Did you mean 'painter'\?",
        r"size = 'large' is not of type int",
        r"style_size = 0 is not from 1 to 16384",
        r"seeds\[1\] = -1 is not from 0 to 4294967295",
        r"precision = 'float31' is not one of 'default', 'bfloat16', 'tensorfloat32', 'float32'",
    ]
    for each in expected:
        assert re.search(each, message), f"{each} is missing from\n{message}"
    numbers = [int(number) for number in re.findall(r"^ +(\d+)\. ", message, re.MULTILINE)]
    assert numbers == list(range(1, len(expected) + 1)), message
    assert f"for {len(expected)} reasons" in message


def test_layers_are_checked_before_weights_are_loaded(no_weights):
    methods = config_of()["methods"]
    wrong = {**methods["zebra"], "objective": {"style": {"name": "gram", "layers": ("relu9_1",)}}}
    metric = {"name": "loss", "loss": {"name": "feature", "layers": ("relu42",)}}
    with pytest.raises(InputError) as caught:
        Comparison.of(config_of(methods={"zebra": wrong}, metrics={"content": metric}))
    assert re.search(r"methods\.zebra: vgg16 has no layer 'relu9_1'\. Did you mean 'relu", str(caught.value))
    assert re.search(r"metrics\.content: vgg16 has no layer 'relu42'\. Did you mean 'relu4_2'\?", str(caught.value))
    with pytest.raises(InputError, match=r"encoder: normalise_on: unknown picture source 'fotos'"):
        Comparison.of(config_of(encoder={"name": "vgg16", "normalise_on": {"name": "fotos"}}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stiles": {}}, r"unknown key 'stiles'\. Did you mean 'styles'\?"),
        ({"methods": {}}, r"methods must be dict\(NAME=dict"),
        ({"methods": ("gatys",)}, r"methods must be dict\(NAME=dict"),
        ({"metrics": {}}, r"metrics must be dict\(NAME=dict"),
        ({"encoder": "vgg16"}, r"used: encoder must be dict\(name=\.\.\., \*\*options\), got 'vgg16'"),
        ({"encoder": {"weights": "random"}}, r"encoder spec .* needs a 'name'"),
        ({"contents": "photos"}, r"contents: picture source must be dict\(name="),
        ({"contents": {"name": "folder", "path": "nowhere"}}, r"contents: cannot list the folder 'nowhere'"),
        ({"seeds": ()}, r"seeds = \(\) is not of 1 to 10000 entries"),
        ({"seeds": (1, 1)}, r"seeds: must be different"),
        ({"seeds": 3}, r"seeds = 3 is not of type tuple\[int, \.\.\.\]"),
        ({"seeds": (2**32,)}, r"seeds\[0\] = 4294967296 is not from 0 to 4294967295"),
        ({"size": True}, r"size = True is not of type int"),
        ({"style_size": 30_000}, r"style_size = 30000 is not from 1 to 16384"),
        ({"size": 8}, r"contents\.cat: SSIM needs images of at least 11x11 px, got 12x8"),
        (
            {"imports": "my_losses"},
            r"imports: must be a tuple of module names, e\.g\. \('my_losses',\), got 'my_losses'",
        ),
        ({"imports": (3,)}, r"imports: must be a tuple of module names"),
        ({"imports": ("no_such_module",)}, r"names the module 'no_such_module', which cannot be found"),
        ({"imports": ("no.such.module",)}, r"names the module 'no\.such\.module', which cannot be found"),
        ({"imports": (".relative",)}, r"names the module '\.relative', which cannot be found"),
    ],
)
def test_one_problem_reads_as_one_line(own_folder, changes, message):
    with pytest.raises(InputError, match=message) as caught:
        Comparison.of(config_of(**changes))
    assert str(caught.value).startswith("the config cannot be used: ")
    assert "\n" not in str(caught.value)


def test_missing_keys_are_all_named():
    with pytest.raises(InputError) as caught:
        Comparison.of({"encoder": SMALL})
    for key in set(REQUIRED) - {"encoder"}:
        assert f"the key {key!r} is missing" in str(caught.value)


def test_names_that_cannot_be_file_names_are_refused(own_folder):
    for name in ("a/b", "a\\b", ".hidden", "", "aux", "Con.1", "end.", "end ", " start", "what?", "a:b", "x" * 256):
        with pytest.raises(InputError, match="cannot be part of a file name"):
            Comparison.of(config_of(methods={name: {"name": "identity"}}))
    for name in ("two\nlines", "bell\a"):
        with pytest.raises(InputError, match="holds the control character U"):
            Comparison.of(config_of(methods={name: {"name": "identity"}}))


def test_methods_that_could_not_be_told_apart_are_refused(own_folder):
    two = {"Gatys": {"name": "identity"}, "gatys": {"name": "style_image"}}
    with pytest.raises(InputError, match="the method names 'Gatys' and 'gatys' are one on some file systems"):
        Comparison.of(config_of(methods=two))
    two = {"one": {"name": "identity", "label": "Same"}, "two": {"name": "style_image", "label": "Same"}}
    with pytest.raises(InputError, match=r"methods\.two: one has the label 'Same' too: give it another"):
        Comparison.of(config_of(methods=two))


# The user's own modules

OWN_LOSS = '''
"""A loss of one's own."""
from dataclasses import dataclass
from typing import ClassVar
from styleresearch.losses.base import LOSSES, Loss

@LOSSES.register("own_peaks")
@dataclass(frozen=True)
class Peaks(Loss):
    """Mean of the highest activations."""
    layers: tuple[str, ...] = ("relu1_1",)
    target: ClassVar = "style"
    def summarise(self, features):
        return {layer: features[layer].max((1, 2)) for layer in self.layers}
    def compare(self, pred, target):
        return sum(((pred[layer] - target[layer]) ** 2).mean(1) for layer in self.layers)
'''


def test_a_module_of_the_current_folder_registers_its_loss(own_folder):
    write(own_folder, OWN_LOSS, "own_losses.py")
    methods = {"own": {"name": "gatys", "optimizer": {"name": "adam"}, "objective": {"peaks": {"name": "own_peaks"}}}}
    what = Comparison.of(config_of(imports=("own_losses",), methods=methods))
    method = what.entries[0].method
    assert isinstance(method, Gatys)
    assert isinstance(method.optimizer, Adam)
    assert type(method.objective.terms[0][1]).__name__ == "Peaks"
    # A second config of the same process imports it again.
    Comparison.of(config_of(imports=("own_losses",), methods=methods))
    with pytest.raises(InputError, match=r"own_peaks.*no option 'layer'\. Did you mean 'layers'\?"):
        part({"peaks": {"name": "own_peaks", "layer": ("relu1_1",)}}, Objective)


def test_registrations_of_own_modules_do_not_outlive_their_test():
    assert "own_peaks" not in LOSSES


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n1 / 0\n", r"imports: the module 'own_broken' \(.*own_broken\.py line 2\) failed: ZeroDivisionError"),
        ("x = \n", r"the module 'own_broken' \(.*own_broken\.py line 1\) failed: SyntaxError"),
        ("import not_installed\n", r"'own_broken' \(.* line 1\) failed: ModuleNotFoundError: .*'not_installed'"),
        (OWN_LOSS.replace("own_peaks", "gram"), r"the module 'own_broken': loss 'gram' is already registered"),
    ],
)
def test_a_module_that_fails_is_named_with_its_line(own_folder, text, message):
    write(own_folder, text, "own_broken.py")
    with pytest.raises(InputError, match=message):
        Comparison.of(config_of(imports=("own_broken",)))


# The configs that come with the package


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configs_build(path, plain_pictures):
    config = {**load_config(str(path)), "encoder": SMALL}
    if "methods" in config:
        assert set(config) <= {*REQUIRED, *OPTIONAL, *OF_SWEEPS}
        [part] = sweep_of(config).parts()
        what = Comparison.of(part.config)
        assert len(what.stylisations()) == len(what.entries) * len(what.contents) * len(what.styles)
        keys = {cell.key for cell in what.stylisations()}
        assert len(keys) == len(what.stylisations())
    elif "train" in config:
        # What fits the real encoder's channels cannot fit the small one's.
        config.pop("start", None)
        if "condition_layer" in config["method"]:
            config["method"]["discriminator"]["condition"] //= 8
        what = TrainingRun.of(config)
        assert what.samples is not None
        assert what.settings.steps > 100
    elif "method" in config:
        assert not check_keys(config, ("encoder", "method"), ("imports", "precision"))
        assert isinstance(entry("method", config["method"]).method, Gatys)
    else:
        assert not check_keys(config, ("encoder", "metrics"), ("imports", "plane"))
        assert all(build.resolve(METRICS, spec) for spec in config["metrics"].values())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_encoders_are_specs_that_hold(path):
    config = load_config(str(path))
    problems = Problems()
    build.check_encoder(config["encoder"], {}, problems)
    assert problems.found == []


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_docstrings_say_the_command_and_what_is_reproduced(path):
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text is not None
    commands = re.findall(r"^    styleresearch (\w+) .*$", text, re.MULTILINE)
    config = load_config(str(path))
    kinds = {
        "sweep": "sweep",
        "match": "sweep",
        "methods": "compare",
        "train": "train",
        "method": "stylize",
        "metrics": "evaluate",
    }
    assert commands == [next(command for key, command in kinds.items() if key in config)]
    if "method" in config:
        assert "Reproduces" in text
        assert "Differs from" in text
    # The command works on this very file: by its name, or because it is the default.
    assert f"{path.parent.name}/{path.name}" in text or path.stem == "gatys_fast"


def test_evaluation_measures_what_the_quickstart_measures():
    quickstart, evaluation = (load_config(f"configs/{name}.py") for name in ("quickstart", "evaluation"))
    # But the twin: nobody knows what outputs from elsewhere were optimised for, so nothing is to be confirmed.
    metrics = {name: {**spec} for name, spec in quickstart["metrics"].items()}
    assert metrics["style_loss"].pop("twin") == {"name": "efficientnet_lite0"}
    assert evaluation["metrics"] == metrics
    assert evaluation["encoder"] == quickstart["encoder"]
