"""Which files the user's modules are, and what they import in turn: read from their source, without importing any."""

from __future__ import annotations

import ast
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.machinery import all_suffixes
from pathlib import Path

OURS = Path(__file__).parents[1].name


def find(name: str, folders: Sequence[Path]) -> Path | None:
    """Return the file of a module in the first folder that has it, without importing anything; None if none has."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for folder in folders:
        place = folder.joinpath(*parts)
        for start in (place / "__init__", place):
            for suffix in all_suffixes():
                if (file := start.with_name(start.name + suffix)).is_file():
                    return file
    return None


def shown(path: Path) -> str:
    """Return a path as it is found from the current folder, where it lies below it."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def line_of(error: BaseException, is_users: Callable[[Path], bool]) -> tuple[Path, int] | None:
    """Return file and line of the last code of the user's that an error passed through."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno))
    passed = [(Path(file), line or 1) for file, line in frames if is_users(Path(file))]
    return passed[-1] if passed else None


def is_package(file: Path) -> bool:
    """Return whether a file is that of a package, which other modules lie beside."""
    return file.name.startswith("__init__.")


def is_installed(file: Path) -> bool:
    """Return whether a file came with Python or with an installed package: no code of the user's."""
    return bool({"site-packages", "dist-packages"} & set(file.parts)) or any(map(file.is_relative_to, _library()))


@cache
def _library() -> tuple[Path, ...]:
    return tuple(Path(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib"))


def reached(file: Path, name: str, folders: Sequence[Path]) -> dict[str, Path]:
    """Return the modules of these folders that a file imports and those that they import in turn: name -> file.

    Read from the source, so that it does not depend on what this process has imported already.
    """
    found: dict[str, Path] = {}
    left = [(name, file)]
    while left:
        name, file = left.pop()
        for each in _imports_of(file, name):
            parts = each.split(".")
            # Importing a.b.c runs a and a.b as well.
            for whole in (".".join(parts[: index + 1]) for index in range(len(parts))):
                if whole not in found and parts[0] != OURS and (code := find(whole, folders)) is not None:
                    found[whole] = code
                    left.append((whole, code))
    return found


def _imports_of(file: Path, name: str) -> Iterator[str]:
    """Yield what the source of the module ``name`` imports, by full names; of ``from a import b`` both a and a.b."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):  # importing it tells what is wrong
        return
    package = name.split(".") if is_package(file) else name.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)
