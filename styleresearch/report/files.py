"""The files that a record names: data of whoever made the run, so they count only where they lie in its directory."""

from __future__ import annotations

from pathlib import Path


def within(run_dir: Path, relative: str | None) -> Path | None:
    """Return a file of a run directory; ``None`` for one that is not there or that lies outside of it.

    Outside is whatever an absolute path, a ``..`` or a link leads to: a report of a stranger's run must not carry this
    user's files.
    """
    if not relative:
        return None
    try:
        path = (run_dir / relative).resolve(strict=True)
        inside = path.is_relative_to(run_dir.resolve()) and path.is_file()
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, a link that leads to itself
        return None
    return path if inside else None
