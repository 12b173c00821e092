"""The user's own modules: what a config may import, and what it names.

A config file is code that its user runs, so it may import what lies beside it, and name modules in ``imports``. What
data names is in ``config.named``.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from styleresearch import plugins
from styleresearch.config.modulefiles import OURS, find, is_installed, is_package, line_of, reached, shown
from styleresearch.errors import InputError
from styleresearch.registry import plugins_of
from styleresearch.store import digests

# What a config imports while it runs


@contextmanager
def beside(file: Path) -> Iterator[dict[str, str]]:
    """Let the code of ``file`` import what lies beside it or in the current folder, before what is installed.

    Afterwards ``sys.path`` and ``sys.modules`` are as before: the next config may have a ``base.py`` of its own.

    Yields:
        Module name -> sha256 of its file, of the user's modules that were imported; filled at the end.
    """
    folders = [file.resolve().parent, Path.cwd()]
    before, path, found = dict(sys.modules), list(sys.path), {}
    tops = {name.partition(".")[0] for name in before}
    others = {top for top in tops if _is_another(top, before, folders)}
    hidden = {name: module for name, module in before.items() if name.partition(".")[0] in others}
    for name in hidden:
        del sys.modules[name]
    sys.path[:0] = dict.fromkeys(map(str, folders))
    importlib.invalidate_caches()
    try:
        yield found
    finally:
        # What a config itself puts there ("../common") is the user's too; what a package puts there for itself stays.
        added = [each for each in sys.path if each not in path and Path(each) not in folders]
        installed = [each for each in added if is_installed(Path(each))]
        folders += [Path(each) for each in added if each not in installed]
        users = {
            name: _is_users(module, folders)
            for name, module in list(sys.modules.items())
            if "." not in name and (name not in before or name in hidden)
        }
        for name in [name for name in sys.modules if users.get(name.partition(".")[0])]:
            if (code := file_of(sys.modules.pop(name))) is not None:
                found[name] = digests.of_file(code)
        for name, code in reached(file, "", folders).items():
            found.setdefault(name, digests.of_file(code))
        sys.modules.update(hidden)
        sys.path[:] = [*path, *installed]


def _is_another(top: str, known: Mapping[str, Any], folders: Sequence[Path]) -> bool:
    """Return whether a package or module that was imported is not the one that these folders have."""
    module = known.get(top)
    if top == OURS or module is None:
        return False
    loaded = file_of(module)
    if loaded is None:  # folders without an __init__.py, or built in
        return hasattr(module, "__path__") and any((folder / top).is_dir() for folder in folders)
    here = None if is_installed(loaded) else find(top, folders)
    return here is not None and _differs(module, here)


def _differs(module: ModuleType, file: Path) -> bool:
    """Return whether a module came from another file, or from this one before it was edited (a notebook)."""
    loaded, now = file_of(module), digests.of_file(file)
    return loaded is None or not file.samefile(loaded) or _imported.get(module, now) != now


def _is_users(module: ModuleType, folders: Sequence[Path]) -> bool:
    """Return whether a top-level module or package lies in one of these folders."""
    file = file_of(module)
    places = [*getattr(module, "__path__", ())] if file is None else [file.parent if is_package(file) else file]
    return any(Path(place).resolve().parent == folder.resolve() for place in places for folder in folders)


def file_of(module: Any) -> Path | None:
    """Return the file that a module came from; ``None`` where there is none."""
    name = getattr(module, "__file__", None)
    return Path(name) if isinstance(name, str) and Path(name).is_file() else None


# What a config or a command names


_imported: WeakKeyDictionary[ModuleType, str] = WeakKeyDictionary()
"""Module that was imported here for the user -> sha256 of its file at that time."""


def import_modules(names: Sequence[str], folders: Sequence[Path] = (), named: str = "config.imports") -> dict[str, str]:
    """Import the user's own modules, for what they register.

    Args:
        names: of the modules.
        folders: searched first; then the current folder, then what is installed.
        named: who names them, for messages.

    Returns:
        Module name -> sha256 of its file, of these and of the user's modules that they import in turn: results depend
        on the user's code as on a setting. Empty for what has no file.

    Raises:
        InputError: if one cannot be found, or fails.
    """
    folders = [*(folder.resolve() for folder in folders), Path.cwd()]
    first = list(dict.fromkeys(map(str, folders)))
    sys.path[:0] = first
    importlib.invalidate_caches()
    try:
        return {name: digest for each in names for name, digest in _import(each, folders, named).items()}
    finally:
        for folder in first:
            sys.path.remove(folder)
            # Last, but there: code of the modules may import its neighbours later on, also in worker processes.
            if folder not in sys.path:
                sys.path.append(folder)


def bring(names: Sequence[str]) -> None:
    """Import what a command's ``--import`` names: modules, or files ``FILE.py``.

    Raises:
        InputError: if a module cannot be found, or fails.
    """
    for name in names:
        file = Path(name)
        if file.suffix != ".py":
            import_modules((name,), named="--import")
            continue
        if not file.is_file():
            raise InputError(f"--import {name}: there is no such file")
        import_modules((file.stem,), [file.parent], named="--import")


def digests_of(names: Sequence[str], folders: Sequence[Path]) -> dict[str, str]:
    """Return what ``import_modules`` would, of those modules that lie in these folders or the current one."""
    folders = [*folders, Path.cwd()]
    files = {name: file for name in names if (file := find(name, folders)) is not None}
    used = {each: code for name, file in files.items() for each, code in reached(file, name, folders).items()}
    return {name: digests.of_file(file) for name, file in {**used, **files}.items()}


def _import(name: str, folders: Sequence[Path], named: str) -> dict[str, str]:
    here = find(name, folders)
    if here is not None:
        _forget_stale({name: here, **reached(here, name, folders)})
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # a package of a dotted name is not there; a name like ".x"
        spec = None
    if spec is None:
        raise InputError(
            f"{named} names the module {name!r}, which cannot be found; put it beside the config, run from the folder "
            "that holds it, or install it"
        )
    used = _used(name, None if spec.origin is None else Path(spec.origin), folders)
    found = {each: digests.of_file(code) for each, code in used.items()}
    try:
        importlib.import_module(name)
    except InputError as error:
        raise InputError(f"the module {name!r}: {error}") from error
    except Exception as error:  # the user's own code may raise anything
        line = line_of(error, lambda path: path in used.values())
        where = spec.origin if line is None else f"{shown(line[0])} line {line[1]}"
        raise InputError(f"the module {name!r} ({where}) failed: {type(error).__name__}: {error}") from error
    _imported.update({sys.modules[each]: digest for each, digest in found.items() if each in sys.modules})
    return {name: "", **found}


def imported(names: Sequence[str]) -> dict[str, str]:
    """Return what ``import_modules`` returned of modules that have been imported already."""
    files = {name: _used(name, file_of(sys.modules[name]), []) for name in names}
    return dict.fromkeys(names, "") | {
        each: digest_of_code(each, code) for used in files.values() for each, code in used.items()
    }


def sources_of(names: Iterable[str]) -> dict[str, Path]:
    """Return module name -> its source, of those that have been imported and are no part of an installed package."""
    files = {name: file_of(sys.modules.get(name)) for name in names if plugins.of_module(name) is None}
    return {name: file for name, file in files.items() if file is not None and not is_installed(file)}


def of_plugins(*settings: Any) -> dict[str, str]:
    """Return module -> digest of its code, of the plug-ins that have what these settings name, which has been built.

    Results depend on the code of a plug-in as on that of the user's own modules.
    """
    return {name: _code(name) for name in plugins_of(set(_texts(settings)) if plugins.known() else ())}


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in settings."""
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, (tuple, list)) else ():
        yield from _texts(each)


def _code(name: str) -> str:
    """Return the digest of the source of a module, or of a package with all that is in it."""
    file = file_of(sys.modules.get(name))
    if file is None or not is_package(file):
        return "" if file is None else digests.of_file(file)
    sources = {path.relative_to(file.parent).as_posix(): path for path in file.parent.rglob("*.py")}
    return digests.of_json({place: digests.of_file(path) for place, path in sources.items()})


def _used(name: str, file: Path | None, folders: Sequence[Path]) -> dict[str, Path]:
    """Return the file of a module, and those of the user's modules that it imports in turn, by name."""
    if file is None or not file.is_file():
        return {}
    root = file.parents[name.count(".") + is_package(file)]
    return {name: file, **reached(file, name, folders if is_installed(file) else [root, *folders])}


def _forget_stale(files: Mapping[str, Path]) -> None:
    """Forget these modules if one was imported here for another config, or was edited since."""
    loaded = {name: sys.modules[name] for name in files if name in sys.modules}
    if any(module in _imported and _differs(module, files[name]) for name, module in loaded.items()):
        for name in loaded:
            del sys.modules[name]


def digest_of_code(name: str, file: Path | None) -> str:
    """Return the digest of a module's code: as it runs here, or else as it lies in a file, if in any."""
    if name in plugins.known():
        return _code(name)
    module = sys.modules.get(name)
    running = None if module is None else _imported.get(module)
    return running or ("" if file is None else digests.of_file(file))
