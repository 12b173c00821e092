"""The user's own modules: what a config may import, what it names, and what nothing imports because a file says so.

A config file is code that its user runs, so it may import what lies beside it, and name modules in ``imports``. A file
of weights or of settings is data: what it names is never imported because it says so, see ``require``.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from styleresearch.config.modulefiles import OURS, find, is_installed, is_package, line_of, reached, shown
from styleresearch.errors import InputError, Notice
from styleresearch.store import digests


class ModuleWarning(Notice):
    """The code of a module is another than when a method was trained."""


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
            if (code := _file(sys.modules.pop(name))) is not None:
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
    loaded = _file(module)
    if loaded is None:  # folders without an __init__.py, or built in
        return hasattr(module, "__path__") and any((folder / top).is_dir() for folder in folders)
    here = None if is_installed(loaded) else find(top, folders)
    return here is not None and _differs(module, here)


def _differs(module: ModuleType, file: Path) -> bool:
    """Return whether a module came from another file, or from this one before it was edited (a notebook)."""
    loaded, now = _file(module), digests.of_file(file)
    return loaded is None or not file.samefile(loaded) or _imported.get(module, now) != now


def _is_users(module: ModuleType, folders: Sequence[Path]) -> bool:
    """Return whether a top-level module or package lies in one of these folders."""
    file = _file(module)
    places = [*getattr(module, "__path__", ())] if file is None else [file.parent if is_package(file) else file]
    return any(Path(place).resolve().parent == folder.resolve() for place in places for folder in folders)


def _file(module: Any) -> Path | None:
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
    files = {name: _used(name, _file(sys.modules[name]), []) for name in names}
    return dict.fromkeys(names, "") | {
        each: _digest_of(each, code) for used in files.values() for each, code in used.items()
    }


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


# What data names


def require(names: Sequence[str], then: Mapping[str, str], source: str, places: Sequence[Path] = ()) -> None:
    """Make sure that the modules which a file of data names have been imported, by whoever uses the file.

    Nothing is imported here: a stranger's file could name any module that Python finds.

    Args:
        names: of the modules.
        then: module name -> sha256 of its file when the file was made.
        source: the file, for messages.
        places: folders where they may lie too.

    Raises:
        InputError: if one has not been imported; says where it would be found and whether it is the same.

    Warns:
        ModuleWarning: if one is not what it was then.
    """
    for name in names:
        if name not in sys.modules:
            raise InputError(
                f"{source} needs the module {name!r}, and nothing is imported because a file says so. "
                f"{_what_to_do(name, then.get(name), places)}"
            )
    for name, digest in then.items():
        now = _digest_of(name, _file(sys.modules.get(name)))
        if digest and now and now != digest:
            warnings.warn(
                f"the module {name!r} is another than when {source} was made (sha256 {digest[:12]} then, {now[:12]} "
                "now); what it paints may differ",
                ModuleWarning,
                stacklevel=2,
            )


def _what_to_do(name: str, then: str | None, places: Sequence[Path]) -> str:
    searched = find(name, [Path.cwd(), *map(Path, sys.path)])
    file = searched or find(name, places)
    if file is None:
        return f"It cannot be found here; bring it, and if you trust it, name it: --import {name}"
    now = digests.of_file(file)
    same = "whose digest is not known" if not then else "the same as then" if now == then else "not the same as then"
    told = name if searched is not None or "." in name else shown(file)
    return (
        f"Here it is {shown(file)}, {same}; if you trust it, name it: --import {told}, or imports=({name!r},) in the "
        "config of a comparison"
    )


def _digest_of(name: str, file: Path | None) -> str:
    """Return the digest of a module's code: as it runs here, or else as it lies in a file."""
    module = sys.modules.get(name)
    running = None if module is None else _imported.get(module)
    return running or ("" if file is None else digests.of_file(file))
