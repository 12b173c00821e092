"""Which file ``--config`` names: the user's own, or one that comes with the package, and the argument after a colon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from styleresearch.errors import InputError, nearest

SHIPPED = (Path(__file__).parents[1] / "configs", Path(__file__).parents[2] / "configs")
"""Where the project's own configs lie: in an installed wheel, and in a checkout."""


def find(path: str) -> tuple[Path, str | None]:
    """Return the file, and the argument that follows it after a colon.

    Raises:
        InputError: if there is no such file, with the nearest that there is.
    """
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
