"""From a config file to objects, and what a user reads when that cannot be done."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from styleresearch import build
from styleresearch.comparison import OPTIONAL, REQUIRED, comparison
from styleresearch.encoder import encoder as encoders
from styleresearch.errors import InputError
from styleresearch.fit import fit_of
from styleresearch.losses import LOSSES
from styleresearch.methods.gatys import Gatys
from styleresearch.methods.optimizers import LBFGS, Adam

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted([*(ROOT / "configs").glob("*.py"), *(ROOT / "experiments").glob("*.py")])

EXAMPLE = """
from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.size = 32
    config.scale = 0.5
    config.flag = False
    config.name = "example"
    config.seeds = (0,)
    config.method = dict(zebra=dict(weight=1.0), ant=dict(weight=2), layers=("relu1_1", "relu2_1"))
    config.nothing = None
    return config
"""


@pytest.fixture
def example(own_folder) -> str:
    (own_folder / "example.py").write_text(EXAMPLE)
    return "example.py"


def write(folder: Path, text: str, name: str = "example.py") -> str:
    (folder / name).write_text(text)
    return name


# Reading a file


def test_a_config_becomes_plain_values_in_the_order_of_the_file(example):
    config = build.load_config(example)
    assert config == {
        "size": 32,
        "scale": 0.5,
        "flag": False,
        "name": "example",
        "seeds": (0,),
        "method": {"zebra": {"weight": 1.0}, "ant": {"weight": 2}, "layers": ("relu1_1", "relu2_1")},
    }
    assert list(config) == ["size", "scale", "flag", "name", "seeds", "method"]
    assert list(config["method"]) == ["zebra", "ant", "layers"]


def test_overrides(example):
    overrides = [
        "--config.size=48",
        "--config.scale=2",
        "--config.flag=true",
        "--config.name=a=b c",
        "--config.seeds=(1, 2)",
        "--config.method.zebra.weight=1e-3",
        "--config.method.layers=('conv1_1',)",
    ]
    config = build.load_config(example, overrides)
    assert (config["size"], config["scale"], config["flag"], config["name"]) == (48, 2.0, True, "a=b c")
    assert config["seeds"] == (1, 2)
    assert config["method"] == {"zebra": {"weight": 1e-3}, "ant": {"weight": 2}, "layers": ("conv1_1",)}
    assert list(config["method"]) == ["zebra", "ant", "layers"]
    assert build.load_config(example)["size"] == 32, "one call's overrides must not leak into the next"


def test_overrides_do_not_come_from_this_process_own_arguments(example, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pytest", "--config.size=1"])
    assert build.load_config(example)["size"] == 32


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("--config.sise=3", r"config has no key 'sise'\. Did you mean 'size'\?"),
        ("--config.method.zebr.weight=3", r"config\.method has no key 'zebr'\. Did you mean 'zebra'\?"),
        ("--config.method.zebra.wait=3", r"config\.method\.zebra has no key 'wait'\. .*It has: weight"),
        ("--config.size.x=3", r"config\.size has no key 'x'\. It is 32, without keys"),
        ("--config.size=large", r"config example\.py: .*--config\.size=large.*give a value of the type"),
        ("--config.size=1.5", r"--config\.size=1\.5"),
        ("--config.flag=perhaps", r"--config\.flag=perhaps"),
        ("--config.method=3", r"--config\.method=3"),
        ("--config.size", r"--config\.size needs a value"),
        ("--config.=3", r"config has no key ''"),
    ],
)
def test_a_bad_override_is_named(example, override, message):
    with pytest.raises(InputError, match=message) as caught:
        build.load_config(example, [override])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def get_config(:\n", r"config example\.py line 1: SyntaxError"),
        ("\nimport no_such_module\n", r"line 2: ModuleNotFoundError: No module named 'no_such_module'"),
        ("def get_config():\n    x = {}\n    return x['a']\n", r"line 3: KeyError: 'a'"),
        ("def get_config():\n    raise ValueError('my reason')\n", r"line 2: ValueError: my reason"),
        ("import math\n", r"has no function get_config\(\)"),
        ("get_config = 3\n", r"has no function get_config\(\)"),
        ("def get_config(size):\n    return size\n", r"TypeError: get_config\(\) missing 1 required"),
        ("def get_config():\n    return dict(size=3)\n", r"returned dict, not an ml_collections\.ConfigDict"),
        ("def get_config():\n    pass\n", r"returned NoneType, not"),
        (EXAMPLE.replace("config.size = 32", "config.size = print"), r"only numbers, texts, tuples and dicts"),
        (EXAMPLE.replace("config.size = 32", "config.size = object()"), r"only numbers, texts, tuples and dicts"),
        (EXAMPLE.replace("config.size = 32", "config.f = 1\n    config.f = 'text'"), r"line 8: TypeError"),
    ],
)
def test_a_broken_file_is_named_with_its_line(own_folder, text, message):
    with pytest.raises(InputError, match=message):
        build.load_config(write(own_folder, text))


def test_a_file_does_not_see_the_one_before(own_folder):
    assert build.load_config(write(own_folder, EXAMPLE))["size"] == 32
    assert build.load_config(write(own_folder, EXAMPLE.replace("32", "33")))["size"] == 33
    with pytest.raises(InputError, match="no function get_config"):
        build.load_config(write(own_folder, "x = 1\n", "empty.py"))


def test_a_file_in_an_odd_place_is_read(own_folder):
    folder = own_folder / "a folder: with #odd% [name]"
    folder.mkdir()
    assert build.load_config(str(folder / write(folder, EXAMPLE)))["size"] == 32


def test_a_missing_file_comes_with_the_nearest(own_folder):
    with pytest.raises(
        InputError, match=r"no config file configs/quikstart\.py\. Did you mean 'configs/quickstart\.py'"
    ):
        build.load_config("configs/quikstart.py")
    write(own_folder, EXAMPLE, "my_experiment.py")
    with pytest.raises(InputError, match=r"no config file my_experment\.py\. Did you mean 'my_experiment\.py'\?"):
        build.load_config("my_experment.py")
    with pytest.raises(InputError, match=r"Shipped: .*configs/evaluation\.py, .*configs/gatys_authors\.py"):
        build.load_config("no/where.py")
    with pytest.raises(InputError, match="no config file"):
        build.load_config(str(own_folder))


def test_shipped_configs_are_found_from_any_folder_and_only_by_their_own_name(own_folder):
    shipped = build.load_config("configs/quickstart.py")
    assert shipped["name"] == "Quickstart"
    with pytest.raises(InputError, match="no config file"):
        build.load_config("/somewhere/else/configs/quickstart.py")
    (own_folder / "configs").mkdir()
    own = write(own_folder / "configs", EXAMPLE, "quickstart.py")
    assert build.load_config(f"configs/{own}")["name"] == "example", "the user's own file comes first"


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
    what = comparison(config_of())
    assert [column.name for column in what.columns] == ["zebra", "ant"]
    assert [column.label for column in what.columns] == ["zebra", "Content"]
    method = what.columns[0].method
    assert isinstance(method, Gatys)
    assert isinstance(method.optimizer, LBFGS)
    assert {name: float(weight) for name, weight in method.objective.weights.items()} == {"content": 2.0, "style": 1.0}
    assert method.objective.layers == ("relu2_1", "relu1_1")
    assert [name for name, _ in what.suite.metrics] == ["style", "ssim"]
    assert what.seeds == (0,)
    assert what.contents["cat"].shape[:2] == (32, 48)


def test_preserve_color_goes_with_any_method():
    keep = build.column("x", {"name": "identity", "preserve_color": {"how": "histogram", "when": "before"}})
    assert keep.preserve_color is not None
    assert (keep.preserve_color.how, keep.preserve_color.when) == ("histogram", "before")
    for wrong, message in [
        ("luminance", r"preserve_color must be dict\(how=..., when=...\), got 'luminance'"),
        ({"how": "hue"}, "'hue' is not one of 'luminance'"),
        ({"wen": "after"}, "no option 'wen'.*Did you mean 'when'"),
    ]:
        with pytest.raises(InputError, match=message):
            build.column("x", {"name": "identity", "preserve_color": wrong})


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
            "a__b": {"name": "identity"},
        },
        metrics={"sim": {"name": "sism"}, "loss": {"name": "loss", "loss": {"name": "grm"}}},
    )
    with pytest.raises(InputError) as caught:
        comparison(broken)
    message = str(caught.value)
    expected = [
        r"methods\.typo: unknown method 'gatis'\. Did you mean 'gatys'\?",
        r"methods\.color: .*match = 'covarianze' is not one of 'mean_std', 'covariance', 'histogram'",
        r"methods\.weight: .*style: weight must be a finite number, got 'heavy'",
        r"methods\.weight: .*optimizer.*no option 'learning_rat'\. Did you mean 'learning_rate'\?",
        r"methods\.no_spec: a method must be dict\(name=\.\.\., \*\*options\), got 3",
        r"methods\.a__b: the method name 'a__b' cannot be part of a file name",
        r"metrics\.sim: unknown metric 'sism'\. Did you mean 'ssim'\?",
        r"metrics\.loss: .*unknown loss 'grm'\. Did you mean 'gram'\?",
        r"encoder 'vgg16': pooling = 'maxx' is not one of 'max', 'average'",
        r"contents: .*no picture 'kat'\. Did you mean 'cat'\?",
        r"styles: unknown picture source 'paintre'\. Did you mean 'painter'\?",
        r"size: must be a whole number of pixels, at least 1, got 'large'",
        r"style_size: must be a whole number of pixels, at least 1, got 0",
        r"seeds: a seed must be a whole number from 0 to 4294967295, got -1",
        r"precision: 'float31' is not known; allowed: default, bfloat16, tensorfloat32, float32",
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
        comparison(config_of(methods={"zebra": wrong}, metrics={"content": metric}))
    assert re.search(r"methods\.zebra: vgg16 has no layer 'relu9_1'\. Did you mean 'relu", str(caught.value))
    assert re.search(r"metrics\.content: vgg16 has no layer 'relu42'\. Did you mean 'relu4_2'\?", str(caught.value))
    with pytest.raises(InputError, match=r"encoder\.normalise_on: unknown picture source 'fotos'"):
        comparison(config_of(encoder={"name": "vgg16", "normalise_on": {"name": "fotos"}}))


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
        ({"seeds": ()}, r"seeds: must be a tuple of different whole numbers, at least one, got \(\)"),
        ({"seeds": (1, 1)}, r"seeds: must be a tuple of different"),
        ({"seeds": 3}, r"seeds: must be a tuple of different"),
        ({"seeds": (2**32,)}, r"seeds: a seed must be a whole number from 0"),
        ({"size": True}, r"size: must be a whole number"),
        ({"style_size": 30_000}, r"styles: size 30000: the short side of a picture must be 1 to"),
        ({"size": 8}, r"contents\.cat: SSIM needs images of at least 11x11 px, got 8x8"),
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
        comparison(config_of(**changes))
    assert str(caught.value).startswith("the config cannot be used: ")
    assert "\n" not in str(caught.value)


def test_missing_keys_are_all_named():
    with pytest.raises(InputError) as caught:
        comparison({"encoder": SMALL})
    for key in set(REQUIRED) - {"encoder"}:
        assert f"the key {key!r} is missing" in str(caught.value)


def test_names_that_cannot_be_file_names_are_refused(own_folder):
    for name in ("a/b", "a\\b", ".hidden", "a__b", ""):
        with pytest.raises(InputError, match="cannot be part of a file name"):
            comparison(config_of(methods={name: {"name": "identity"}}))


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
    what = comparison(config_of(imports=("own_losses",), methods=methods))
    method = what.columns[0].method
    assert isinstance(method, Gatys)
    assert isinstance(method.optimizer, Adam)
    assert type(method.objective.terms[0][1]).__name__ == "Peaks"
    # A second config of the same process imports it again.
    comparison(config_of(imports=("own_losses",), methods=methods))
    with pytest.raises(InputError, match=r"own_peaks.*no option 'layer'\. Did you mean 'layers'\?"):
        build.objective({"peaks": {"name": "own_peaks", "layer": ("relu1_1",)}})


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
        comparison(config_of(imports=("own_broken",)))


# The configs that come with the package


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configs_build(path, monkeypatch):
    config = {**build.load_config(str(path)), "encoder": SMALL}
    if "methods" in config:
        assert set(config) <= {*REQUIRED, *OPTIONAL}
        what = comparison(config)
        assert len(what.cells()) == len(what.columns) * len(what.contents) * len(what.styles)
        keys = {cell.key for cell in what.cells()}
        assert len(keys) == len(what.cells())
    elif "train" in config:
        what = fit_of(config)
        assert what.samples is not None
        assert what.settings.steps > 100
    elif "method" in config:
        assert not build.check_keys(config, ("encoder", "method"), ("imports", "precision"))
        assert isinstance(build.column("method", config["method"]).method, Gatys)
    else:
        assert not build.check_keys(config, ("encoder", "metrics"), ("imports",))
        assert all(build.metric(spec) for spec in config["metrics"].values())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_encoders_are_specs_that_hold(path):
    config = build.load_config(str(path))
    problems = build.Problems()
    build.check_encoder(config["encoder"], {}, problems)
    assert problems.found == []


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_docstrings_say_the_command_and_what_is_reproduced(path):
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text is not None
    commands = re.findall(r"^    styleresearch (\w+) .*$", text, re.MULTILINE)
    config = build.load_config(str(path))
    kinds = {"methods": "compare", "train": "train", "method": "stylize", "metrics": "evaluate"}
    assert commands == [next(command for key, command in kinds.items() if key in config)]
    if "method" in config:
        assert "Reproduces" in text
        assert "Differs from" in text
    # The command works on this very file: by its name, or because it is the default.
    assert f"{path.parent.name}/{path.name}" in text or path.stem == "gatys_fast"


def test_evaluation_measures_what_the_quickstart_measures():
    quickstart, evaluation = (build.load_config(f"configs/{name}.py") for name in ("quickstart", "evaluation"))
    assert evaluation["metrics"] == quickstart["metrics"]
    assert evaluation["encoder"] == quickstart["encoder"]


def test_overrides_reach_a_real_process(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "styleresearch", "compare", "--workdir=run", "--config.methods.identity.name=identitty"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 2
    assert "methods.identity: unknown method 'identitty'. Did you mean 'identity'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
