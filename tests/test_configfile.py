"""Reading a config file: what comes of it, and what a user reads when that cannot be done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from styleresearch import configfile
from styleresearch.errors import InputError

ROOT = Path(__file__).resolve().parents[1]

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


def test_a_config_becomes_plain_values_in_the_order_of_the_file(example):
    config = configfile.load_config(example)
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
    config = configfile.load_config(example, overrides)
    assert (config["size"], config["scale"], config["flag"], config["name"]) == (48, 2.0, True, "a=b c")
    assert config["seeds"] == (1, 2)
    assert config["method"] == {"zebra": {"weight": 1e-3}, "ant": {"weight": 2}, "layers": ("conv1_1",)}
    assert list(config["method"]) == ["zebra", "ant", "layers"]
    assert configfile.load_config(example)["size"] == 32, "one call's overrides must not leak into the next"


def test_overrides_do_not_come_from_this_process_own_arguments(example, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pytest", "--config.size=1"])
    assert configfile.load_config(example)["size"] == 32


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
        configfile.load_config(example, [override])
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
        configfile.load_config(write(own_folder, text))


def test_a_file_does_not_see_the_one_before(own_folder):
    assert configfile.load_config(write(own_folder, EXAMPLE))["size"] == 32
    assert configfile.load_config(write(own_folder, EXAMPLE.replace("32", "33")))["size"] == 33
    with pytest.raises(InputError, match="no function get_config"):
        configfile.load_config(write(own_folder, "x = 1\n", "empty.py"))


def test_a_file_in_an_odd_place_is_read(own_folder):
    folder = own_folder / "a folder: with #odd% [name]"
    folder.mkdir()
    assert configfile.load_config(str(folder / write(folder, EXAMPLE)))["size"] == 32


def test_a_missing_file_comes_with_the_nearest(own_folder):
    with pytest.raises(
        InputError, match=r"no config file configs/quikstart\.py\. Did you mean 'configs/quickstart\.py'"
    ):
        configfile.load_config("configs/quikstart.py")
    write(own_folder, EXAMPLE, "my_experiment.py")
    with pytest.raises(InputError, match=r"no config file my_experment\.py\. Did you mean 'my_experiment\.py'\?"):
        configfile.load_config("my_experment.py")
    with pytest.raises(InputError, match=r"Shipped: .*configs/evaluation\.py, .*configs/gatys_authors\.py"):
        configfile.load_config("no/where.py")
    with pytest.raises(InputError, match="no config file"):
        configfile.load_config(str(own_folder))


def test_shipped_configs_are_found_from_any_folder_and_only_by_their_own_name(own_folder):
    shipped = configfile.load_config("configs/quickstart.py")
    assert shipped["name"] == "Quickstart"
    with pytest.raises(InputError, match="no config file"):
        configfile.load_config("/somewhere/else/configs/quickstart.py")
    (own_folder / "configs").mkdir()
    own = write(own_folder / "configs", EXAMPLE, "quickstart.py")
    assert configfile.load_config(f"configs/{own}")["name"] == "example", "the user's own file comes first"


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
