"""Which files are in a folder of pictures, and their digests, computed once for each file."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from styleresearch.data.datasets import cache
from styleresearch.data.datasets.base import Progress
from styleresearch.data.images import READ_SUFFIXES
from styleresearch.errors import InputError
from styleresearch.registry import nearest

# A file that was written twice within the clock's tick has one time for two contents: do not trust a time so young.
_RACY_NS = 2 * 10**9


@dataclass(frozen=True)
class File:
    """A file of a folder.

    Attributes:
        name: path relative to the folder, with "/".
        size: in bytes.
        sha256: of its bytes, as hexadecimal digits.
    """

    name: str
    size: int
    sha256: str


def list_pictures(root: Path, recursive: bool) -> tuple[tuple[str, ...], int]:
    """Return the sorted relative names of the files that look like pictures, and how many other files there are.

    Hidden files and folders count as other, as do files whose ending is not in ``READ_SUFFIXES``.

    Raises:
        InputError: if the folder cannot be listed.
    """

    def fail(error: OSError) -> None:
        raise InputError(
            f"cannot list the folder {error.filename!r}: {error.strerror}. Give a folder of pictures"
        ) from error

    found, others, seen = [], 0, set()
    for folder, folders, files in os.walk(root, onerror=fail, followlinks=True):
        seen.add(os.path.realpath(folder))
        inside = (name for name in folders if not name.startswith("."))
        # A link to a folder above would be walked for ever.
        folders[:] = [name for name in inside if recursive and os.path.realpath(Path(folder, name)) not in seen]
        for name in files:
            if Path(name).suffix.lower() in READ_SUFFIXES and not name.startswith("."):
                found.append(Path(folder, name).relative_to(root).as_posix())
            else:
                others += 1
    return tuple(sorted(found)), others


def selected(
    names: Sequence[str], include: str | Path | Sequence[str] | None, exclude: str | Path | Sequence[str] | None
) -> tuple[str, ...]:
    """Return those of ``names`` that are listed in ``include`` and not in ``exclude``.

    A list names a file by its path relative to the folder or by its file name alone, which may mean several.

    Raises:
        InputError: if ``include`` lists what is not there, or nothing that ``exclude`` lists is.
    """
    known = set(names) | {PurePosixPath(name).name for name in names}
    chosen = tuple(names)
    if include is not None:
        wanted = _listed("include", include)
        missing = sorted(wanted - known)
        if missing:
            raise InputError(
                f"include lists {len(missing)} files that the folder lacks: {', '.join(missing)}."
                f"{nearest(missing[0], known)}"
            )
        chosen = tuple(name for name in chosen if name in wanted or PurePosixPath(name).name in wanted)
    if exclude is not None:
        unwanted = _listed("exclude", exclude)
        # A list may be of a larger collection than the folder; but one that fits nothing is of another.
        if unwanted and not unwanted & known:
            raise InputError(
                f"exclude lists {len(unwanted)} files and the folder has none of them, for example "
                f"{min(unwanted)!r}.{nearest(min(unwanted), known)} List paths relative to the folder, or file names"
            )
        chosen = tuple(name for name in chosen if name not in unwanted and PurePosixPath(name).name not in unwanted)
    return chosen


def _listed(what: str, names: str | Path | Sequence[str]) -> set[str]:
    if not isinstance(names, str | Path):
        return set(names)
    try:
        lines = Path(names).expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(
            f"{what}: cannot read {str(names)!r} ({getattr(error, 'strerror', None) or error}); give a text file with "
            "one file name a line, or a list ('a.jpg', ...)"
        ) from error
    return {line.strip() for line in lines} - {""}


def manifest(root: Path, names: Sequence[str], progress: Progress | None = None) -> tuple[File, ...]:
    """Return the files with their digests; a file that has its size and time of before is not read again.

    Raises:
        InputError: if one cannot be read.
    """
    record = cache.folder() / "manifests" / f"{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]}.json"
    known = _recorded(record)
    found, stored = [], dict(known)
    for i, name in enumerate(names):
        try:
            status = (root / name).stat()
            times = [status.st_size, status.st_mtime_ns]
            before = known.get(name, [])
            if before[:2] == times:
                digest = before[2]
            else:
                now = time.time_ns()
                with (root / name).open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                stored.pop(name, None)
                if now - status.st_mtime_ns > _RACY_NS:
                    stored[name] = [*times, digest]
        except OSError as error:
            raise InputError(
                f"cannot read {root / name}: {error.strerror or error}. Mend it, or leave it out with exclude"
            ) from error
        found.append(File(name, status.st_size, digest))
        if progress is not None:
            progress("checking", i + 1, len(names))
    if stored != known:
        cache.write(record, json.dumps(stored).encode())
    return tuple(found)


def _recorded(record: Path) -> dict[str, list]:
    try:
        recorded = json.loads(record.read_bytes())
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
