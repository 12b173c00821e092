"""The digests of a folder's pictures, computed once for each file."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from styleresearch.data.datasets import cache
from styleresearch.data.datasets.base import Progress
from styleresearch.store import digests, jsonfile

# A file that was written twice within the clock's tick has one time for two contents: do not trust a time so young.
_RACY_NS = 2 * 10**9


@dataclass(frozen=True)
class File:
    """A file of a folder.

    Attributes:
        name: path relative to the folder, with "/".
        size: in bytes.
        sha256: of its bytes, as hexadecimal digits; "unreadable" of what cannot be read, a broken picture.
    """

    name: str
    size: int
    sha256: str


def manifest(root: Path, names: Sequence[str], progress: Progress | None = None) -> tuple[File, ...]:
    """Return the files with their digests; a file that has its size and time of before is not read again."""
    record = cache.folder() / "manifests" / f"{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]}.json"
    known = _recorded(record)
    found, stored = [], dict(known)
    for i, name in enumerate(names):
        try:
            status = (root / name).stat()
            times = [status.st_size, status.st_mtime_ns]
            before = known.get(name, [])
            if before[:2] == times:
                found.append(File(name, status.st_size, before[2]))
            else:
                stored.pop(name, None)
                now = time.time_ns()
                found.append(File(name, status.st_size, _digest(root / name)))
                if now - status.st_mtime_ns > _RACY_NS:
                    stored[name] = [*times, found[-1].sha256]
        except OSError:  # a link to nowhere, no permission
            found.append(File(name, 0, "unreadable"))
        if progress is not None:
            progress("checking", i + 1, len(names))
    if stored != known:
        cache.write(record, json.dumps(stored).encode())
    return tuple(found)


def _digest(path: Path) -> str:
    """Return the sha256 of a file's bytes; raise OSError if it cannot be read."""
    if not path.is_file():  # whoever opens a pipe waits for another to write to it
        raise OSError("not a regular file")
    return digests.of_file(path)


def _recorded(record: Path) -> dict[str, list]:
    try:
        recorded = jsonfile.read(record, names=True)
    except (OSError, ValueError):  # none yet, or damaged: everything is read again
        return {}
    return {
        name: entry
        for name, entry in (recorded.items() if isinstance(recorded, dict) else ())
        if isinstance(entry, list) and [type(part) for part in entry] == [int, int, str]
    }


def digest_of(files: Iterable[File], settings: str) -> str:
    """Return the sha256 of names, sizes and contents, and of how they were prepared."""
    digest = hashlib.sha256(f"{settings}\n".encode())
    for file in files:
        # ASCII, because a name may hold a line break, or bytes that are no UTF-8.
        digest.update(f"{file.name!a} {file.size} {file.sha256}\n".encode())
    return digest.hexdigest()
