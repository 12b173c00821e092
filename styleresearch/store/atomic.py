"""Files that appear whole or not at all: written beside their place, then renamed.

Until then they are called ``.HOST.PID.RANDOM.partial``: short enough beside any name, and it says whose it is, so that
what a killed process left behind can be told from what a living one still writes.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOREIGN_SECONDS = 24 * 3600
"""Age from which a partial file of another host counts as left behind: its processes cannot be asked."""


def _host() -> str:
    """Return what is equal where a number means the same process: not in two containers that have one host's name."""
    try:
        numbering = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - it is no path that is read
    except OSError:  # not Linux
        numbering = ""
    return hashlib.sha256(f"{platform.node()} {numbering}".encode()).hexdigest()[:8]


def process() -> str:
    """Return what tells this process from any other that writes the same disk at the same time."""
    return f"{_host()}.{os.getpid()}"


def _beside(path: Path) -> Path:
    return path.with_name(f".{process()}.{secrets.token_hex(6)}.partial")


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Give an OSError of the block a file name, where it has none: that of a full disk comes from a write."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the name of a file to write, which replaces ``path`` when the block ends well and goes when it does not.

    Readers see the old content or the new, never a part; its content is on disk before its name is.

    Raises:
        OSError: if it cannot be written.
    """
    partial = _beside(path)
    try:
        with named(path):
            yield partial
            _sync(partial)
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Wait until a file is on disk; some file systems say only then that there was no room."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def write(path: Path, content: str | bytes) -> None:
    """Write a file (text as UTF-8) as ``replacing`` does."""
    with replacing(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


def sweep(folder: Path) -> None:
    """Remove the partial files in ``folder`` whose process is gone; those of another host after a day.

    Raises:
        OSError: if the folder is there and cannot be listed.
    """
    if not folder.is_dir():
        return
    for partial in folder.glob(".*.partial"):
        if _is_left(partial):
            partial.unlink(missing_ok=True)


def _is_left(partial: Path) -> bool:
    parts = partial.name.split(".")
    if len(parts) == 5 and parts[1] == _host() and parts[2].isdecimal():
        return not _runs(int(parts[2]))
    try:
        return time.time() - partial.lstat().st_mtime > _FOREIGN_SECONDS
    except FileNotFoundError:  # its process has just ended well
        return False


def _runs(pid: int) -> bool:
    if os.name == "nt":  # there, signal 0 would end the process that it asks for
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True
