"""A lock between processes, on a file; the system takes it back from a process that is killed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def held(path: Path, patient: bool = False) -> Iterator[bool]:
    """Hold a lock, and give whether it could be had.

    Args:
        path: the file, made if it is not there.
        patient: wait until it can be had.
    """
    with path.open("a+") as file:
        while not (free := _locked(file)) and patient:
            time.sleep(0.2)
        yield free


def _locked(file: IO[str]) -> bool:
    """Lock an open file until it is closed; return False if another process holds the lock."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: one process at a time is then up to the user
        return True
    return True
