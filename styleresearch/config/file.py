"""A config file: code that its user runs, or the settings that a run saved, turned into plain settings."""

from __future__ import annotations

import inspect
import re
import runpy
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any

from absl import flags
from ml_collections import ConfigDict, FrozenConfigDict, config_flags

from styleresearch import registry
from styleresearch.config import modules, named
from styleresearch.config.modulefiles import line_of, shown
from styleresearch.config.paths import find
from styleresearch.errors import InputError
from styleresearch.store import jsonfile
from styleresearch.store.rundir import OWN_MODULES

ORIGIN = "origin"
"""The key that says where settings came from: ``file``, ``argument``, ``modules`` (name -> sha256), ``saved``.

It decides no result; it stands in ``config.json`` for whoever repeats the run.
"""

_ORIGIN_SHAPE: jsonfile.Shape = {"file": str, "modules": dict}

_OVERRIDE = re.compile(r"--(no)?config\.([^=]*)(=.*)?", re.DOTALL)


def load_config(path: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return the config that a file's ``get_config()`` makes, with ``--config.x=...`` overrides applied.

    Args:
        path: a Python file, which may import what lies beside it or in the current folder; ``FILE.py:ARGUMENT`` calls
            ``get_config(ARGUMENT)``; ``configs/NAME.py`` also finds the configs that come with the package. Or the
            ``config.json`` that a run saved.
        overrides: command line flags, e.g. ``["--config.size=256"]``; of several for one key the last counts.

    Raises:
        InputError: if the file is missing or fails, or an override names an unknown key or has the wrong type.
    """
    file, argument = find(path)
    config, origin = _saved(file, path) if file.suffix == ".json" else _run(file, argument, path)
    config = _overridden(config, overrides, path, None if "saved" in origin else file.resolve().parent)
    try:
        # By way of JSON: iterating a ConfigDict sorts its keys, and tables follow the order of the file. What JSON
        # cannot hold could not be written to config.json either.
        settings = without_none(plain(jsonfile.parse(config.to_json())))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"config {path}: only numbers, texts, tuples and dicts: {_first_line(error)}") from error
    if "saved" in origin:
        # Settings are data: modules that they name are brought by whoever repeats the run.
        named.require(
            imports_of(settings), origin["modules"], path, [Path(origin["file"]).parent, file.parent / OWN_MODULES]
        )
    else:
        origin["modules"] |= modules.digests_of(imports_of(settings), [file.resolve().parent])
    known = any(value for key, value in origin.items() if key != "file") or settings.get("imports")
    return {**settings, ORIGIN: origin} if known else settings


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config without what it says of where it came from: runs of equal settings are equal."""
    return {key: value for key, value in config.items() if key != ORIGIN}


def imports_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the modules that a config names.

    Raises:
        InputError: if that is not a tuple of names.
    """
    names = config.get("imports", ())
    if not isinstance(names, tuple) or not all(isinstance(name, str) and name for name in names):
        raise InputError(f"imports: must be a tuple of module names, e.g. ('my_losses',), got {names!r}")
    return names


def import_modules(config: Mapping[str, Any]) -> dict[str, str]:
    """Import ``config.imports``, looked for beside the config, in the current folder, and where packages lie.

    Returns:
        Module name -> sha256 of its file, see ``modules.import_modules``.

    Raises:
        InputError: if one cannot be found, or fails.
    """
    names, origin = imports_of(config), config.get(ORIGIN) or {}
    if "saved" in origin:
        return modules.imported(names)
    return modules.import_modules(names, [Path(origin["file"]).parent] if origin else [])


def modules_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Return module name -> sha256 of its file, of the user's modules that the settings were made with."""
    return dict((config.get(ORIGIN) or {}).get("modules") or {})


def _run(file: Path, argument: str | None, path: str) -> tuple[ConfigDict, dict[str, Any]]:
    """Return what ``get_config()`` of a Python file returns, and its origin."""
    known = len(registry.registrations)
    with modules.beside(file) as imported:
        try:
            make = runpy.run_path(str(file)).get("get_config")
            config = _called(make, argument, path) if callable(make) else None
        except InputError:
            raise
        except Exception as error:  # the user's own code may raise anything
            raise InputError(f"config {path}{_where(error, file)}: {_what(error)}") from error
    if not callable(make):
        raise InputError(f"config {path} has no function get_config(); define one that returns the ConfigDict")
    if not isinstance(config, ConfigDict):
        raise InputError(
            f"config {path}: get_config() returned {type(config).__name__}, not an ml_collections.ConfigDict"
        )
    if isinstance(config, FrozenConfigDict):
        thawed: Any = config.as_configdict()
        config = thawed
    if ORIGIN in config:
        raise InputError(f"config {path}: {ORIGIN!r} is what a saved config says of where it came from; leave it out")
    # What registers something is needed wherever the settings are: named as if the config had listed it.
    brought = [name for name in dict.fromkeys(registry.registrations[known:]) if name in imported]
    names = config.get("imports", ())
    if brought and isinstance(names, (tuple, list)):
        with config.unlocked():
            config.imports = (*names, *(name for name in brought if name not in names))
    return config, {
        "file": shown(file),
        **({} if argument is None else {"argument": argument}),
        "modules": imported,
    }


def _called(make: Any, argument: str | None, path: str) -> Any:
    """Return what ``get_config`` returns; raise InputError if it takes no argument and got one, or the reverse."""
    given = () if argument is None else (argument,)
    try:
        inspect.signature(make).bind(*given)
    except TypeError as error:
        if argument is None:
            raise InputError(
                f"config {path}: get_config() cannot be called without an argument ({error}); give one after a colon: "
                f"--config={path}:VALUE"
            ) from error
        raise InputError(
            f"config {path}: its get_config() takes no argument; leave ':{argument}' out, or define get_config(name)"
        ) from error
    return make(*given)


def _where(error: Exception, file: Path) -> str:
    """Return `` line N`` of the config file, and the line of a module that it imports, if the error came from there."""
    own = line_of(error, lambda place: place == file)
    folders = (file.resolve().parent, Path.cwd())
    deepest = line_of(error, lambda place: place == file or any(map(place.is_relative_to, folders)))
    text = "" if own is None else f" line {own[1]}"
    return text if deepest in (None, own) else f"{text} ({shown(deepest[0])} line {deepest[1]})"


def _what(error: Exception) -> str:
    hint = ""
    if isinstance(error, ModuleNotFoundError):
        hint = "; modules are looked for beside the config, in the current folder, and among what is installed"
    elif isinstance(error, ImportError) and "relative import" in str(error):
        hint = "; a config is no part of a package: write 'from base import ...' for the base.py beside it"
    return f"{type(error).__name__}: {error}{hint}"


def _saved(file: Path, path: str) -> tuple[ConfigDict, dict[str, Any]]:
    """Return the settings that a run saved, and their origin."""
    try:
        found = jsonfile.read(file)
        if not isinstance(found, dict):
            raise ValueError("it holds no settings")
        origin = found.pop(ORIGIN, None) or {"file": "", "modules": {}}
        if not jsonfile.conforms(origin, _ORIGIN_SHAPE) or not jsonfile.conforms(
            origin["modules"], dict.fromkeys(origin["modules"], str)
        ):
            raise ValueError(f"its {ORIGIN} is not one")
        return ConfigDict(plain(found)), {**origin, "saved": shown(file)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise InputError(f"config {path} is damaged or not one of ours: {_first_line(error)}") from error


def _overridden(config: ConfigDict, overrides: Sequence[str], path: str, folder: Path | None) -> ConfigDict:
    """Return a config with overrides applied, the last one of each key.

    What the config has is set as ml_collections does it, by the type that the file has; what it has not, as the option
    says, which a module of the user's may bring that is looked for in this folder; None where the settings are data.
    """
    last: dict[str, str] = {}
    for override in overrides:
        _, key, _ = _parts(override)
        last.pop(key, None)
        last[key] = override
    there = {key: override for key, override in last.items() if _has(config, key)}
    for key, override in there.items():
        _check_type(config, key, override)
    flag_values = flags.FlagValues()
    arguments = ["styleresearch", *there.values()]
    try:
        # ml_collections looks for overrides in sys.argv unless it is told; there they are only for a real process.
        holder = config_flags.DEFINE_config_dict("config", config, flag_values=flag_values, sys_argv=arguments)
        flag_values(arguments)
        config = holder.value
    except (flags.Error, AttributeError, LookupError, TypeError, ValueError, SyntaxError) as error:
        raise InputError(f"config {path}: {_first_line(error)}; give a value of the type that the file has") from error
    except (RecursionError, MemoryError) as error:  # of Python's parser
        raise InputError(f"config {path}: the value of an override nests too deeply") from error
    added = {key: override for key, override in last.items() if key not in there}
    if added and folder is not None:
        modules.import_modules(imports_of(plain(config.to_dict())), [folder])
    _add(config, added)
    return config


def _add(config: ConfigDict, added: Mapping[str, str]) -> None:
    """Set keys that a config has not; what is named first, for a name says which other keys there may be."""
    if not added:
        return
    from styleresearch.config.overrides import value_of  # imports jax, which a config without such keys need not

    for key in sorted(added, key=lambda key: (not f".{key}".endswith(".name"), key.count("."))):
        no, _, value = _parts(added[key])
        found = value_of(plain(config.to_dict()), key, None if value is None else value[1:], bool(no))
        node: Any = config
        with config.unlocked():
            *parents, last = key.split(".")
            for parent in parents:
                node[parent] = node.get(parent) or ConfigDict()
                node = node[parent]
            node[last] = found


def _parts(override: str) -> tuple[str | None, str, str | None]:
    """Return "no" or None, the key "a.b" and "=value" or None of an override."""
    found = _OVERRIDE.fullmatch(override)
    if found is None:
        raise InputError(f"{override!r} is no override; write --config.KEY=VALUE")
    no, key, value = found.groups()
    if no and value is not None:
        raise InputError(f"{override.partition('=')[0]} goes with True and False only, and takes no value")
    return no, key, value


def _has(config: ConfigDict, key: str) -> bool:
    """Return whether a config has a key, with a type: one of None has none."""
    node: Any = config
    kind: Any = None
    for part in key.split("."):
        if not isinstance(node, ConfigDict) or part not in node:
            return False
        kind, node = node.get_type(part), node[part]
    return kind is not NoneType


def _check_type(config: ConfigDict, key: str, override: str) -> None:
    """Raise InputError if a key that the config has cannot be set from outside, or not like this."""
    no, _, value = _parts(override)
    name = f"--config.{key}"
    *parents, last = key.split(".")
    node: Any = config
    for parent in parents:
        node = node[parent]
    kind: Any = node.get_type(last)
    if no and kind is not bool:
        raise InputError(f"--noconfig.{key} goes with True and False only, and takes no value")
    if value is None and kind is not bool:
        raise InputError(f"{name} needs a value: {name}=VALUE")
    if kind is list:
        raise InputError(f"{name}: the config has a list there; write a tuple, (1, 2), to have it set from outside")
    if not all(part.isidentifier() for part in key.split(".")):
        raise InputError(f"{name}: only keys of letters, digits and _ can be set from outside; rename {key!r}")


def _first_line(error: BaseException) -> str:
    text = str(error.args[0]) if error.args else str(error)
    return text.strip().split("\n")[0].rstrip(".")


def plain(value: Any) -> Any:
    """Return what JSON gave with tuples for lists: settings must be hashable."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return tuple(map(plain, value)) if isinstance(value, (list, tuple)) else value


def without_none(value: Any) -> Any:
    """Return nested dicts without the keys that hold None.

    A placeholder is there for ``--config.KEY=VALUE`` to find; without a value the option keeps its own default.
    """
    if isinstance(value, dict):
        return {key: without_none(each) for key, each in value.items() if each is not None}
    return value
