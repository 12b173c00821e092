"""The conformance kit over somebody else's module: right parts pass, wrong ones are explained, slips are one line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from styleresearch.errors import InputError

MODULE = '''
from dataclasses import dataclass
from typing import ClassVar

from styleresearch.data.pictures import SOURCES, files
from styleresearch.losses import LOSSES, Loss


@LOSSES.register("their_mean_over_the_batch")
@dataclass(frozen=True)
class Mean(Loss):
    """Squared difference of means, and over the batch by mistake."""

    target: ClassVar = "style"
    layers: tuple[str, ...] = ("relu1_1",)

    def summarise(self, features):
        return features["relu1_1"].mean((1, 2))

    def compare(self, pred, target):
        return ((pred - target) ** 2).mean()


@SOURCES.register("their_pictures")
def their_pictures(paths: tuple[str, ...]):
    """Pictures that lie somewhere.

    Args:
        paths: where.
    """
    return files.files(paths)
'''


@dataclass(frozen=True)
class Done:
    status: int
    out: str


@pytest.fixture
def kit(own_folder, capsys) -> Callable[..., Done]:
    """Run the kit within this process."""
    (own_folder / "their_parts.py").write_text(MODULE)
    Image.new("RGB", (20, 30), (200, 0, 0)).save(own_folder / "red.png")

    def run(*arguments: str) -> Done:
        given = ["-q", "-c", "/dev/null", f"--rootdir={own_folder}", "-p", "no:cacheprovider", "--pyargs"]
        capsys.readouterr()
        status = pytest.main([*given, "-p", "_styleresearch_pytest", "styleresearch.testing", *arguments])
        return Done(int(status), capsys.readouterr().out)

    return run


def test_right_parts_pass_wrong_ones_are_explained_and_nothing_else_is_run(kit):
    options = json.dumps({"their_pictures": {"paths": ["red.png"]}})
    done = kit("--styleresearch-module=their_parts.py", f"--styleresearch-options={options}")
    assert done.status == 1, done.out
    assert "Value: one number for each image: shape () for one image; compare returns an array of shape (batch,)" in (
        " ".join(done.out.split())
    )
    assert re.search(r"^FAILED .*test_every_property_of_the_card_holds\[their_mean_over_the_batch\]", done.out, re.M)
    assert re.search(r"^1 failed, \d+ passed, \d+ deselected", done.out, re.M), done.out
    assert "skipped" not in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name what is to be tested: --styleresearch-module=my_losses.py"),
        (("--styleresearch-module=nowhere.py",), "there is no file nowhere.py"),
        (("--styleresearch-module=no_such_package",), "cannot be found"),
        (("--styleresearch-module=empty.py",), "empty.py registers no loss, metric, method or kind of pictures"),
        (("--styleresearch-module=their_parts.py", "--styleresearch-options={"), "is no JSON"),
        (("--styleresearch-module=their_parts.py", "--styleresearch-options=[]"), "gives the options of each name"),
    ],
)
def test_a_slip_is_said_once_without_a_traceback(kit, own_folder, arguments, said):
    (own_folder / "empty.py").write_text("")
    done = kit(*arguments)
    assert done.status == 2
    assert done.out.count(said) == 1
    assert "Traceback" not in done.out
    assert "conftest.py" not in done.out


def test_without_pytest_it_says_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytest", None)
    monkeypatch.delitem(sys.modules, "styleresearch.testing")
    with pytest.raises(InputError, match=r"needs pytest, which is missing: pip install 'styleresearch\[testing\]'"):
        __import__("styleresearch.testing")


def test_the_options_are_known_to_every_run_of_pytest_and_import_nothing_of_the_package():
    root = Path(__file__).resolve().parents[2]
    assert '_styleresearch_pytest = "_styleresearch_pytest"' in (root / "pyproject.toml").read_text()
    code = (root / "_styleresearch_pytest.py").read_text()
    assert set(re.findall(r"^(?:from|import) (\w+)", code, re.M)) == {"__future__", "typing"}
