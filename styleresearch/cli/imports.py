"""``--import MODULE``: the user's own modules, for settings and weights that come out of a file."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module of your own, or FILE.py, that registers what a checkpoint or a saved config needs: nothing is "
        "imported because a file says so; may be repeated",
    )


def bring(names: Sequence[str]) -> None:
    """Import what the option names.

    Raises:
        InputError: if a module cannot be found, or fails.
    """
    from styleresearch.config import modules

    modules.bring(names)


def repeated(names: Sequence[str]) -> list[str]:
    """Return the option as a command that repeats this one gives it."""
    return [f"--import={name}" for name in names]


def naming(config: Mapping[str, Any]) -> list[str]:
    """Return the options that name a config's own modules from the current folder, for a command to show."""
    from styleresearch.config.file import ORIGIN, imports_of
    from styleresearch.config.modulefiles import find, shown

    beside = Path((config.get(ORIGIN) or {}).get("file", "")).parent
    files = {name: None if find(name, [Path.cwd()]) else find(name, [beside]) for name in imports_of(config)}
    return [f"--import={name if file is None or '.' in name else shown(file)}" for name, file in files.items()]
