"""Plug-ins: what installed packages register, named by their entry points of the group ``styleresearch.plugins``.

A registry that is asked for a name which it does not have, or for all of them, loads all plug-ins, once. So a command
that uses none imports none. One that cannot be loaded is a line that names its package, and stops nothing.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import metadata

from styleresearch.errors import Notice

GROUP = "styleresearch.plugins"


class PluginWarning(Notice):
    """An installed plug-in cannot be used."""


@dataclass(frozen=True)
class Plugin:
    """An installed package that registers something.

    Attributes:
        package: its name, as pip has it.
        version: its version.
        module: the top-level module or package of its code.
    """

    package: str
    version: str
    module: str


_lock = threading.RLock()
_loaded: dict[str, Plugin] | None = None
"""Module -> plug-in, of those that could be loaded; None as long as nobody asked."""


def load(whole: Callable[[], AbstractContextManager[None]]) -> None:
    """Load all plug-ins, unless that was done.

    Args:
        whole: a context in which each is loaded, which takes back what was registered there if it fails.

    Warns:
        PluginWarning: for each that cannot be loaded, once.
    """
    global _loaded
    with _lock:  # of another thread: what it asks for is there when the lock is free
        if _loaded is None:
            _loaded = {}  # before the first is imported, which may itself ask a registry
            for point in sorted(metadata.entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
                _load(point, _loaded, whole)


def known() -> dict[str, Plugin]:
    """Return top-level module -> plug-in of those that have been loaded; loads none."""
    return _loaded or {}


def _load(
    point: metadata.EntryPoint, loaded: dict[str, Plugin], whole: Callable[[], AbstractContextManager[None]]
) -> None:
    package, version = ("?", "?") if point.dist is None else (point.dist.name, point.dist.version)
    try:
        with whole():
            point.load()
    except (Exception, SystemExit) as error:  # code of others may raise anything
        said = " ".join(str(error).split())
        warnings.warn(
            f"the plug-in {point.name!r} of the package {package} {version} cannot be used: {type(error).__name__}"
            f"{f': {said[:300]}' if said else ''}; mend it, or uninstall {package}",
            PluginWarning,
            stacklevel=2,
        )
    else:
        module = _root(point.module)
        loaded[module] = Plugin(package, version, module)


def _root(module: str) -> str:
    """Return the outermost package of a module that has code: several packages may share a folder without any."""
    parts = module.split(".")
    names = [".".join(parts[: index + 1]) for index in range(len(parts))]
    return next((name for name in names if getattr(sys.modules.get(name), "__file__", None)), module)


def of_module(name: str) -> Plugin | None:
    """Return the plug-in that a module is part of, of those that have been loaded; None for one of nobody's."""
    return next((each for root, each in known().items() if name == root or name.startswith(f"{root}.")), None)
