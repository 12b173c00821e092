"""Reading a config file: what comes of it, and what a user reads when that cannot be done."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from styleresearch.cli.imports import bring
from styleresearch.cli.overrides import split
from styleresearch.config.file import import_modules, load_config, settings_of
from styleresearch.errors import InputError
from styleresearch.losses import LOSSES

ROOT = Path(__file__).resolve().parents[2]

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

BASE = """
from ml_collections import ConfigDict


def get_config(size="32"):
    config = ConfigDict()
    config.size = int(size)
    return config
"""

CHILD = "from base import get_config as base\n\n\ndef get_config():\n    return base()\n"


@pytest.fixture
def example(own_folder) -> str:
    (own_folder / "example.py").write_text(EXAMPLE)
    return "example.py"


def write(folder: Path, text: str, name: str = "example.py") -> str:
    (folder / name).write_text(text)
    return name


def test_a_config_becomes_plain_values_in_the_order_of_the_file(example):
    config = load_config(example)
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
    config = load_config(example, overrides)
    assert (config["size"], config["scale"], config["flag"], config["name"]) == (48, 2.0, True, "a=b c")
    assert config["seeds"] == (1, 2)
    assert config["method"] == {"zebra": {"weight": 1e-3}, "ant": {"weight": 2}, "layers": ("conv1_1",)}
    assert list(config["method"]) == ["zebra", "ant", "layers"]
    assert load_config(example)["size"] == 32, "one call's overrides must not leak into the next"


def test_overrides_do_not_come_from_this_process_own_arguments(example, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pytest", "--config.size=1"])
    assert load_config(example)["size"] == 32


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
        ("--config.nothing=3", r"--config\.nothing: the config has None there, of no type; .*placeholder\(int\)"),
        ("--noconfig.size", r"--noconfig\.size goes with True and False only"),
        ("--noconfig.flag=true", r"--noconfig\.flag goes with True and False only"),
        ("--config.listed=(1,)", r"--config\.listed: the config has a list there; write a tuple"),
        ("--config.in-words.x=1", r"only keys of letters, digits and _ can be set from outside"),
        ("--config.seeds=" + "(1, " * 5000, r"nests too deeply|--config\.seeds"),
    ],
)
def test_a_bad_override_is_named(example, override, message):
    text = EXAMPLE.replace("return config", "config.listed, config['in-words'] = [1], dict(x=1)\n    return config")
    with pytest.raises(InputError, match=message) as caught:
        load_config(write(Path.cwd(), text), [override])
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
        ("def get_config(size):\n    return size\n", r"without an argument \(.*'size'\); .*--config=example\.py:VALUE"),
        ("def get_config():\n    return dict(size=3)\n", r"returned dict, not an ml_collections\.ConfigDict"),
        ("def get_config():\n    pass\n", r"returned NoneType, not"),
        (EXAMPLE.replace("config.size = 32", "config.size = print"), r"only numbers, texts, tuples and dicts"),
        (EXAMPLE.replace("config.size = 32", "config.size = object()"), r"only numbers, texts, tuples and dicts"),
        (EXAMPLE.replace("config.size = 32", "config.f = 1\n    config.f = 'text'"), r"line 8: TypeError"),
    ],
)
def test_a_broken_file_is_named_with_its_line(own_folder, text, message):
    with pytest.raises(InputError, match=message):
        load_config(write(own_folder, text))


def test_a_file_does_not_see_the_one_before(own_folder):
    assert load_config(write(own_folder, EXAMPLE))["size"] == 32
    assert load_config(write(own_folder, EXAMPLE.replace("32", "33")))["size"] == 33
    with pytest.raises(InputError, match="no function get_config"):
        load_config(write(own_folder, "x = 1\n", "empty.py"))


def test_a_file_in_an_odd_place_is_read(own_folder):
    folder = own_folder / "a folder: with #odd% [name]"
    folder.mkdir()
    assert load_config(str(folder / write(folder, EXAMPLE)))["size"] == 32


def test_a_missing_file_comes_with_the_nearest(own_folder):
    with pytest.raises(
        InputError, match=r"no config file configs/quikstart\.py\. Did you mean 'configs/quickstart\.py'"
    ):
        load_config("configs/quikstart.py")
    write(own_folder, EXAMPLE, "my_experiment.py")
    with pytest.raises(InputError, match=r"no config file my_experment\.py\. Did you mean 'my_experiment\.py'\?"):
        load_config("my_experment.py")
    with pytest.raises(InputError, match=r"Shipped: .*configs/evaluation\.py, .*configs/gatys_authors\.py"):
        load_config("no/where.py")
    with pytest.raises(InputError, match="no config file"):
        load_config(str(own_folder))


def test_shipped_configs_are_found_from_any_folder_and_only_by_their_own_name(own_folder):
    shipped = load_config("configs/quickstart.py")
    assert shipped["name"] == "Quickstart"
    with pytest.raises(InputError, match="no config file"):
        load_config("/somewhere/else/configs/quickstart.py")
    (own_folder / "configs").mkdir()
    own = write(own_folder / "configs", EXAMPLE, "quickstart.py")
    assert load_config(f"configs/{own}")["name"] == "example", "the user's own file comes first"


# Overrides as ml_collections has them


def test_of_repeated_overrides_the_last_counts(example):
    overrides = ["--config.seeds=(0,)", "--config.size=48", "--config.seeds=(3,)", "--config.size=64"]
    config = load_config(example, overrides)
    assert (config["seeds"], config["size"]) == ((3,), 64)


def test_a_dict_is_replaced_and_a_key_of_it_set_after_that(example):
    overrides = ["--config.method.zebra={'weight': 4.0}", "--config.method.zebra.weight=5.0"]
    assert load_config(example, overrides)["method"]["zebra"] == {"weight": 5.0}
    with pytest.raises(InputError, match="will overwrite the value"):
        load_config(example, overrides[::-1])


def test_placeholders_take_values_of_their_type(own_folder):
    text = EXAMPLE.replace("config.nothing = None", "config.at = placeholder(int); config.names = placeholder(tuple)")
    file = write(own_folder, "from ml_collections.config_dict import placeholder\n" + text)
    assert not {"at", "names"} & set(load_config(file))
    config = load_config(file, ["--config.at=3", "--config.at=4", "--config.names=a", "--config.names=b"])
    assert (config["at"], config["names"]) == (4, ("b",))
    with pytest.raises(InputError, match=r"--config\.at=x"):
        load_config(file, ["--config.at=x"])


def test_true_and_false_have_short_forms(example):
    assert load_config(example, ["--config.flag"])["flag"] is True
    assert load_config(example, ["--config.flag", "--noconfig.flag"])["flag"] is False


def test_a_value_may_be_an_argument_of_its_own():
    arguments = ["--config.size", "48", "x", "--config.flag", "--config.scale=2", "--config.seeds", "-1", "--other"]
    overrides, rest = split(arguments)
    assert overrides == ["--config.size=48", "--config.flag", "--config.scale=2", "--config.seeds=-1"]
    assert rest == ["x", "--other"]


def test_a_frozen_config_is_thawed(own_folder):
    text = EXAMPLE.replace("return config", "return FrozenConfigDict(config)").replace(
        "import ConfigDict", "import ConfigDict, FrozenConfigDict"
    )
    assert load_config(write(own_folder, text), ["--config.size=40"])["size"] == 40


# FILE.py:ARGUMENT


def test_what_follows_a_colon_is_the_argument_of_get_config(own_folder):
    file = write(own_folder, BASE, "sized.py")
    assert load_config(file) == {"size": 32}
    config = load_config(f"{file}:48", ["--config.size=64"])
    assert config == {"size": 64, "origin": {"file": "sized.py", "argument": "48", "modules": {}}}
    folder = own_folder / "a: b"
    folder.mkdir()
    assert load_config(str(folder / write(folder, BASE)) + ":40")["size"] == 40
    names = write(own_folder, BASE.replace("int(size)", "len(size)"), "names.py")
    assert load_config(f"{names}:a:b")["size"] == 3


def test_an_argument_that_does_not_fit_is_one_message(own_folder, example):
    with pytest.raises(
        InputError, match=r"config example\.py:large: its get_config\(\) takes no argument; leave ':large'"
    ):
        load_config(f"{example}:large")
    with pytest.raises(InputError, match=r"no config file exampel\.py\. Did you mean 'example\.py'"):
        load_config("exampel.py:large")
    file = write(own_folder, BASE, "sized.py")
    with pytest.raises(InputError, match=r"config sized\.py:large line 7: ValueError"):
        load_config(f"{file}:large")


# A config imports what lies beside it


def sha(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_config_builds_on_the_file_beside_it(own_folder):
    folder = own_folder / "exp"
    folder.mkdir()
    write(folder, BASE, "base.py")
    child = write(folder, "import math, json, statistics\n" + CHILD, "child.py")
    origin = {"file": "exp/child.py", "modules": {"base": sha(folder / "base.py")}}
    assert load_config(str(folder / child)) == {"size": 32, "origin": origin}
    assert load_config("exp/child.py")["origin"] == origin


def test_configs_of_the_current_folder_come_before_ours(own_folder, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))  # as an editable install does
    for folder in ("configs", "exp"):
        (own_folder / folder).mkdir()
    write(own_folder / "configs", BASE.replace("32", "36"), "quickstart.py")
    write(own_folder / "exp", CHILD.replace("base import", "configs.quickstart import"), "child.py")
    config = load_config("exp/child.py")
    assert (config["size"], list(config["origin"]["modules"])) == (36, ["configs.quickstart"])
    (own_folder / "configs" / "quickstart.py").unlink()
    assert load_config("exp/child.py")["name"] == "Quickstart"  # there is no other


def test_two_configs_with_a_base_each_do_not_mix(own_folder):
    path, known = list(sys.path), dict(sys.modules)
    for name, size in (("one", "33"), ("two", "34")):
        (own_folder / name).mkdir()
        write(own_folder / name, "from values import SIZE\n" + BASE.replace('"32"', "SIZE"), "base.py")
        write(own_folder / name, f"SIZE = '{size}'\n", "values.py")
        write(own_folder / name, CHILD, "child.py")
    sizes = [load_config(f"{name}/child.py")["size"] for name in ("one", "two", "one")]
    assert sizes == [33, 34, 33]
    write(own_folder, CHILD, "child.py")
    with pytest.raises(
        InputError, match="No module named 'base'; modules are looked for beside the config, in the curr"
    ):
        load_config("child.py")
    assert sys.path == path
    assert {name: id(module) for name, module in sys.modules.items()} == {name: id(known[name]) for name in known}


def test_a_module_of_this_process_is_not_the_one_beside_the_config(own_folder, monkeypatch):
    for folder in ("mine", "exp"):
        (own_folder / folder).mkdir()
    write(own_folder / "mine", BASE.replace("32", "35"), "base.py")
    monkeypatch.syspath_prepend(str(own_folder / "mine"))
    import base  # pyright: ignore[reportMissingImports]

    write(own_folder / "exp", BASE, "base.py")
    write(own_folder / "exp", CHILD, "child.py")
    assert load_config("exp/child.py")["size"] == 32
    assert sys.modules["base"] is base
    write(own_folder / "mine", CHILD, "child.py")
    config = load_config("mine/child.py")
    assert (config["size"], config["origin"]["modules"]) == (35, {"base": sha(own_folder / "mine" / "base.py")})


def test_a_folder_that_a_config_puts_on_the_path_is_the_users_too(own_folder):
    (own_folder / "common").mkdir()
    write(own_folder / "common", BASE, "base.py")
    path = list(sys.path)
    file = write(own_folder, "import sys\nsys.path.insert(0, 'common')\n" + CHILD, "child.py")
    assert load_config(file)["origin"]["modules"] == {"base": sha(own_folder / "common" / "base.py")}
    assert (sys.path, "base" in sys.modules) == (path, False)


def test_what_fails_in_an_imported_file_is_named_with_its_line(own_folder):
    write(own_folder, "x = 1\n1 / 0\n", "base.py")
    write(own_folder, CHILD, "child.py")
    with pytest.raises(InputError, match=r"config child\.py line 1 \(base\.py line 2\): ZeroDivisionError"):
        load_config("child.py")
    write(own_folder, CHILD.replace("from base", "from .base"), "child.py")
    with pytest.raises(InputError, match=r"line 1: ImportError: .*; .*write 'from base import \.\.\.'"):
        load_config("child.py")


OWN_LOSS = """
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from factors import FACTOR
from styleresearch.losses.base import LOSSES, Loss


@LOSSES.register("own_peaks")
@dataclass(frozen=True)
class Peaks(Loss):
    layers: tuple[str, ...] = ("relu1_1",)
    target: ClassVar = "style"

    def summarise(self, features):
        return {layer: FACTOR * features[layer].max((1, 2)) for layer in self.layers}

    def compare(self, pred, target):
        return sum(((pred[layer] - target[layer]) ** 2).mean(1) for layer in self.layers)
"""


@pytest.fixture
def experiment(own_folder) -> str:
    """A config in a folder of its own, with a loss of its own beside it."""
    (own_folder / "exp").mkdir()
    write(own_folder / "exp", OWN_LOSS, "own_losses.py")
    write(own_folder / "exp", "FACTOR = 2\n", "factors.py")
    text = EXAMPLE.replace("config.size = 32", 'config.imports = ("own_losses",)')
    return f"exp/{write(own_folder / 'exp', text)}"


def test_imports_are_found_beside_the_config(own_folder, experiment):
    config = load_config(experiment)
    files = {name: sha(own_folder / "exp" / f"{name}.py") for name in ("factors", "own_losses")}
    assert config["origin"] == {"file": experiment, "modules": files}
    assert import_modules(config) == files
    assert LOSSES.build({"name": "own_peaks"}).layers == ("relu1_1",)


def test_a_change_of_what_a_module_imports_is_seen_and_used(own_folder, experiment):
    before = import_modules(load_config(experiment))
    write(own_folder / "exp", "FACTOR = 30\n", "factors.py")
    after = import_modules(load_config(experiment))
    assert {name for name in before if before[name] != after[name]} == {"factors"}
    assert sys.modules["own_losses"].FACTOR == 30
    (own_folder / "other").mkdir()
    for name in ("own_losses.py", "factors.py", "example.py"):
        text = (own_folder / "exp" / name).read_text()
        write(own_folder / "other", text.replace("30", "4"), name)
    import_modules(load_config("other/example.py"))
    assert sys.modules["own_losses"].FACTOR == 4


def test_a_module_that_a_config_imports_and_that_registers_something_is_one_of_its_imports(own_folder, experiment):
    text = "import own_losses\n" + (own_folder / experiment).read_text().replace('("own_losses",)', "()")
    config = load_config(f"exp/{write(own_folder / 'exp', text, 'short.py')}")
    assert config["imports"] == ("own_losses",)
    import_modules(config)
    assert LOSSES.problems({"name": "own_peaks", "layer": 3})[0].startswith("loss 'own_peaks' has no option 'layer'")


# What a run saved


def saved(config: dict, folder: Path) -> str:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    return str((folder / "config.json").relative_to(Path.cwd()))


def test_the_config_of_a_run_is_one(own_folder, example):
    write(own_folder, BASE, "sized.py")
    for number, path in enumerate((example, "sized.py:48")):
        config = load_config(path)
        again = load_config(saved(config, own_folder / str(number)))
        assert settings_of(again) == settings_of(config)
        assert list(again)[:-1] == list(settings_of(config))
    assert again["origin"] == {**config["origin"], "saved": "1/config.json"}
    assert load_config("0/config.json", ["--config.seeds=(5,)", "--config.scale=3"])["seeds"] == (5,)


def test_a_saved_config_imports_nothing_by_itself(own_folder, experiment):
    file = saved(load_config(experiment), own_folder / "run")
    write(own_folder / "run", "open('EXECUTED', 'w')\n", "own_losses.py")
    with pytest.raises(
        InputError, match=r"module 'own_losses', .*exp/own_losses\.py, the same as then.*--import exp/own"
    ):
        load_config(file)
    with pytest.raises(InputError, match="nothing is imported because a file says so"):
        load_config(file, ["--config.imports=('own_losses', 'antigravity')"])
    assert not {"own_losses", "antigravity"} & set(sys.modules)
    bring(["exp/own_losses.py"])
    config = load_config(file)
    assert set(import_modules(config)) == {"own_losses", "factors"}
    assert sys.modules["own_losses"].FACTOR == 2
    assert not (own_folder / "EXECUTED").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"a": ' * 3000 + "1" + "}" * 3000,
        '{"a": {"b.c": 1}}',
        '{"a": "\\ud800"}',
        '{"origin": 3}',
        '{"origin": {"file": "x"}}',
        '{"origin": {"file": "x", "modules": {"a": 1}}}',
    ],
)
def test_a_damaged_saved_config_is_one_message(own_folder, text):
    (own_folder / "config.json").write_text(text)
    with pytest.raises(InputError, match=r"^config config\.json") as caught:
        load_config("config.json")
    assert "\n" not in str(caught.value)


def test_what_no_file_can_hold_is_refused(own_folder):
    with pytest.raises(InputError, match="half a character"):
        load_config(write(own_folder, EXAMPLE.replace('"example"', r'"\ud800"')))
    with pytest.raises(InputError, match="'origin' is what a saved config says"):
        load_config(write(own_folder, EXAMPLE.replace("config.name", "config.origin")))


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
