"""A config file and the modules that it names: the user's own code, run and turned into plain settings."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import runpy
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from absl import flags
from ml_collections import ConfigDict, config_flags

from styleresearch.errors import InputError
from styleresearch.registry import nearest

SHIPPED = (Path(__file__).parent / "configs", Path(__file__).parent.parent / "configs")
"""Where the project's own configs lie: in an installed wheel, and in a checkout."""


def load_config(path: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return the config that a file's ``get_config()`` makes, with ``--config.x=...`` overrides applied.

    Args:
        path: a Python file; ``configs/NAME.py`` also finds the configs that come with the package.
        overrides: command line flags, e.g. ``["--config.size=256"]``.

    Raises:
        InputError: if the file is missing or fails, or an override names an unknown key or has the wrong type.
    """
    config = _run(_find(path), path)
    for override in overrides:
        _check_override(config, override)
    flag_values = flags.FlagValues()
    arguments = ["styleresearch", *overrides]
    try:
        # ml_collections looks for overrides in sys.argv unless it is told; there they are only for a real process.
        holder = config_flags.DEFINE_config_dict("config", config, flag_values=flag_values, sys_argv=arguments)
        flag_values(arguments)
        config = holder.value
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError, SyntaxError) as error:
        raise InputError(f"config {path}: {_first_line(error)}; give a value of the type that the file has") from error
    try:
        # By way of JSON: iterating a ConfigDict sorts its keys, and tables follow the order of the file. What JSON
        # cannot hold could not be written to config.json either.
        return without_none(plain(json.loads(config.to_json())))
    except (TypeError, ValueError) as error:
        raise InputError(f"config {path}: only numbers, texts, tuples and dicts: {_first_line(error)}") from error


def _run(file: Path, path: str) -> ConfigDict:
    """Return what ``get_config()`` of a Python file returns."""
    try:
        make = runpy.run_path(str(file)).get("get_config")
        config = make() if callable(make) else None
    except Exception as error:  # the user's own code may raise anything
        raise InputError(f"config {path}{_line_of(error, file)}: {type(error).__name__}: {error}") from error
    if not callable(make):
        raise InputError(f"config {path} has no function get_config(); define one that returns the ConfigDict")
    if not isinstance(config, ConfigDict):
        raise InputError(
            f"config {path}: get_config() returned {type(config).__name__}, not an ml_collections.ConfigDict"
        )
    return config


def _line_of(error: Exception, file: Path) -> str:
    """Return `` line N`` for the last line of ``file`` that an error passed through, or nothing."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    if isinstance(error, SyntaxError) and error.lineno:
        lines = [error.lineno]
    return f" line {lines[-1]}" if lines else ""


def _check_override(config: ConfigDict, override: str) -> None:
    """Raise for ``--config.a.b=value`` without a value, or if ``a.b`` is not in the config."""
    name, equals, _ = override.partition("=")
    if not equals:
        raise InputError(f"{name} needs a value: {name}=VALUE")
    node: Any = config
    seen = "config"
    for key in name.removeprefix("--config.").split("."):
        known = [str(each) for each in node] if isinstance(node, ConfigDict) else []
        if key not in known:
            has = f"It has: {', '.join(known)}" if known else f"It is {node!r}, without keys"
            raise InputError(f"{name}: {seen} has no key {key!r}.{nearest(key, known)} {has}")
        node, seen = node[key], f"{seen}.{key}"


def _first_line(error: Exception) -> str:
    text = str(error.args[0]) if error.args else str(error)
    return text.strip().split("\n")[0].rstrip(".")


def _find(path: str) -> Path:
    file = Path(path)
    if file.is_file():
        return file
    if file.parent == Path("configs"):
        for folder in SHIPPED:
            if (folder / file.name).is_file():
                return folder / file.name
    known = sorted({f"configs/{each.name}" for folder in SHIPPED if folder.is_dir() for each in folder.glob("*.py")})
    beside = [str(each) for each in file.parent.glob("*.py")] if file.parent.is_dir() else []
    raise InputError(f"there is no config file {path}.{nearest(path, [*beside, *known])} Shipped: {', '.join(known)}")


def plain(value: Any) -> Any:
    """Return what JSON gave with tuples for lists: settings must be hashable."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return tuple(map(plain, value)) if isinstance(value, list) else value


def without_none(value: Any) -> Any:
    """Return nested dicts without the keys that hold None.

    A placeholder is there for ``--config.KEY=VALUE`` to find; without a value the option keeps its own default.
    """
    if isinstance(value, dict):
        return {key: without_none(each) for key, each in value.items() if each is not None}
    return value


_imported: dict[str, str] = {}
"""User's module -> sha256 of its file when it was imported."""


def import_modules(config: Mapping[str, Any]) -> dict[str, str]:
    """Import ``config.imports``: the user's own modules, for what they register. The current folder is searched too.

    Returns:
        Module name -> sha256 of its file: results depend on the user's code as on a setting.

    Raises:
        InputError: if one cannot be found, or fails.
    """
    digests = {}
    names = config.get("imports", ())
    if not isinstance(names, tuple) or not all(isinstance(name, str) and name for name in names):
        raise InputError(f"must be a tuple of module names, e.g. ('my_losses',), got {names!r}")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)
    for name in names:
        try:
            found = importlib.util.find_spec(name)
        except (ImportError, ValueError):  # a package of a dotted name is not there; a name like ".x"
            found = None
        if found is None:
            raise InputError(
                f"config.imports names the module {name!r}, which cannot be found; "
                "run from the folder that holds it, or install it"
            )
        file = Path(found.origin or "")
        digests[name] = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        try:
            # Edited since this process imported it (a notebook): the digest must be that of the code that runs.
            if name in sys.modules and _imported.get(name, digests[name]) != digests[name]:
                importlib.reload(sys.modules[name])
            else:
                importlib.import_module(name)
        except InputError as error:
            raise InputError(f"the module {name!r}: {error}") from error
        except Exception as error:  # the user's own code may raise anything
            where = f"{found.origin}{_line_of(error, Path(found.origin or ''))}"
            raise InputError(f"the module {name!r} ({where}) failed: {type(error).__name__}: {error}") from error
        _imported[name] = digests[name]
    return digests
