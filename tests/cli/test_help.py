"""The command line as a whole: help at once, versions, words it does not know."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from styleresearch import __version__

ROOT = Path(__file__).resolve().parents[2]


COMMANDS = (
    "stylize",
    "compare",
    "reproduce",
    "train",
    "show",
    "export",
    "evaluate",
    "plan",
    "check",
    "data",
    "weights",
)


def seconds(*arguments: str) -> float:
    """Return the median time of three runs of this Python."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@pytest.mark.parametrize("arguments", [("-m", "styleresearch", "--help"), ("-c", "import styleresearch")])
def test_help_and_import_take_less_than_a_second(arguments):
    assert seconds(*arguments) - seconds("-c", "pass") < 1.0


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help_imports_nothing_heavy(arguments):
    script = (
        "import sys\nfrom styleresearch.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as leaving:\n    assert leaving.code == 0\n"
        "heavy = {'jax', 'flax', 'numpy', 'scipy', 'matplotlib', 'skimage', 'tensorflow_datasets', 'h5py', 'onnx'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "usage: styleresearch" in done.stdout


def test_help_names_every_command(cli):
    done = cli("--help")
    assert done.status == 0
    for command in COMMANDS:
        assert command in done.out


def test_version(cli):
    done = cli("--version")
    assert (done.status, done.out) == (0, f"styleresearch {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required"),
        (("stylise",), "invalid choice: 'stylise'"),
        (("weights", "list", "--config.x=3"), "unrecognised arguments: --config.x=3"),
        (("compare", "--workdir=run", "--confg=x"), "unrecognised arguments: --confg=x"),
        (("compare", "--workdir=run", "3"), "unrecognised arguments: 3"),
    ],
)
def test_words_that_are_not_known(cli, own_folder, arguments, message):
    done = cli(*arguments)
    assert done.status == 2
    assert "usage: styleresearch" in done.err
    assert message in done.err
    assert list(own_folder.iterdir()) == []


def test_the_module_runs_as_a_process_and_its_exit_status_arrives(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    call = [sys.executable, "-m", "styleresearch", "stylize", "--content=a.png", "--style=b.png", "--out=c.png"]
    done = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("styleresearch: there is no file a.png")
    assert "Traceback" not in done.stderr
