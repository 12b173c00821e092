"""A config file: code that its user runs, or the settings that a run saved, turned into plain settings."""

from __future__ import annotations

import inspect
import re
import runpy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any

from absl import flags
from ml_collections import ConfigDict, FrozenConfigDict, config_flags

from styleresearch import modules, registry
from styleresearch.errors import InputError
from styleresearch.modulefiles import line_of, shown
from styleresearch.registry import nearest
from styleresearch.store import jsonfile

SHIPPED = (Path(__file__).parent / "configs", Path(__file__).parent.parent / "configs")
"""Where the project's own configs lie: in an installed wheel, and in a checkout."""

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
    file, argument = _find(path)
    config, origin = _saved(file, path) if file.suffix == ".json" else _run(file, argument, path)
    config = _overridden(config, overrides, path)
    try:
        # By way of JSON: iterating a ConfigDict sorts its keys, and tables follow the order of the file. What JSON
        # cannot hold could not be written to config.json either.
        settings = without_none(plain(jsonfile.parse(config.to_json())))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"config {path}: only numbers, texts, tuples and dicts: {_first_line(error)}") from error
    if "saved" in origin:
        # Settings are data: modules that they name are brought by whoever repeats the run.
        modules.require(imports_of(settings), origin["modules"], path, [Path(origin["file"]).parent])
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


def _overridden(config: ConfigDict, overrides: Sequence[str], path: str) -> ConfigDict:
    """Return a config with overrides applied, the last one of each key."""
    last: dict[str, str] = {}
    for override in overrides:
        key = _check_override(config, override)
        last.pop(key, None)
        last[key] = override
    flag_values = flags.FlagValues()
    arguments = ["styleresearch", *last.values()]
    try:
        # ml_collections looks for overrides in sys.argv unless it is told; there they are only for a real process.
        holder = config_flags.DEFINE_config_dict("config", config, flag_values=flag_values, sys_argv=arguments)
        flag_values(arguments)
        return holder.value
    except (flags.Error, AttributeError, LookupError, TypeError, ValueError, SyntaxError) as error:
        raise InputError(f"config {path}: {_first_line(error)}; give a value of the type that the file has") from error
    except (RecursionError, MemoryError) as error:  # of Python's parser
        raise InputError(f"config {path}: the value of an override nests too deeply") from error


def _check_override(config: ConfigDict, override: str) -> str:
    """Return the key ``a.b`` of ``--config.a.b=value``; raise InputError if the config lacks it or it has no value."""
    found = _OVERRIDE.fullmatch(override)
    if found is None:
        raise InputError(f"{override!r} is no override; write --config.KEY=VALUE")
    no, key, value = found.groups()
    name = f"--config.{key}"
    node: Any = config
    seen, kind = "config", None
    for part in key.split("."):
        known = [str(each) for each in node] if isinstance(node, ConfigDict) else []
        if part not in known:
            has = f"It has: {', '.join(known)}" if known else f"It is {node!r}, without keys"
            raise InputError(f"{name}: {seen} has no key {part!r}.{nearest(part, known)} {has}")
        kind, node, seen = node.get_type(part), node[part], f"{seen}.{part}"
    if no and (value is not None or kind is not bool):
        raise InputError(f"{override.partition('=')[0]} goes with True and False only, and takes no value")
    if value is None and kind is not bool:
        raise InputError(f"{name} needs a value: {name}=VALUE")
    if kind is NoneType:
        raise InputError(
            f"{name}: the config has None there, of no type; write {key.rpartition('.')[2]} = "
            "ml_collections.config_dict.placeholder(int) (or float, str, tuple) to have it set from outside"
        )
    if kind is list:
        raise InputError(f"{name}: the config has a list there; write a tuple, (1, 2), to have it set from outside")
    if not all(part.isidentifier() for part in key.split(".")):
        raise InputError(f"{name}: only keys of letters, digits and _ can be set from outside; rename {key!r}")
    return key


def _first_line(error: BaseException) -> str:
    text = str(error.args[0]) if error.args else str(error)
    return text.strip().split("\n")[0].rstrip(".")


def _find(path: str) -> tuple[Path, str | None]:
    """Return the file, and the argument that follows it after a colon."""
    for name, argument in _readings(path):
        if (file := Path(name)).is_file():
            return file, argument
        if file.parent == Path("configs"):
            for folder in SHIPPED:
                if (folder / file.name).is_file():
                    return folder / file.name, argument
    name = path if ".py:" not in path else path[: path.index(".py:") + 3]
    file = Path(name)
    known = sorted({f"configs/{each.name}" for folder in SHIPPED if folder.is_dir() for each in folder.glob("*.py")})
    beside = [str(each) for each in file.parent.glob("*.py")] if file.parent.is_dir() else []
    raise InputError(f"there is no config file {name}.{nearest(name, [*beside, *known])} Shipped: {', '.join(known)}")


def _readings(path: str) -> Iterator[tuple[str, str | None]]:
    """Yield the ways to read FILE:ARGUMENT; a colon may also be part of the file's name."""
    yield path, None
    for index, letter in enumerate(path):
        if letter == ":":
            yield path[:index], path[index + 1 :]


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
