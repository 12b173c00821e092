"""What an optional function needs is asked for when it is used, by a command that can be copied."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from styleresearch.errors import InputError
from styleresearch.extras import require

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def test_a_missing_library_is_asked_for_by_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError) as raised:
        require("h5py", "h5", "reading .h5 files")
    assert str(raised.value) == "reading .h5 files needs h5py, which is missing: pip install 'styleresearch[h5]'"


def test_a_broken_library_is_not_called_missing(monkeypatch, tmp_path):
    (tmp_path / "half_installed.py").write_text("import no_such_library_at_all\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_library_at_all"):
        require("half_installed", "h5", "reading .h5 files")


def test_all_installs_every_extra_that_needs_no_other_framework():
    parts = {name for name in EXTRAS if name not in ("all", "bench", "tfds")}
    assert EXTRAS["all"] == [f"styleresearch[{','.join(sorted(parts))}]"]
