"""What the cache knows of a folder's pictures: their digests, which can be read, and what had to be converted."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from styleresearch.data.pictures import cache
from styleresearch.data.pictures.base import Progress
from styleresearch.data.pictures.checked import ahead, plain
from styleresearch.data.pictures.normalise import PNG, normalise
from styleresearch.errors import InputError
from styleresearch.store import jsonfile

# Part of every identity: a new number where other pictures are made of the same files.
_FORMAT = "styleresearch folder 2"
# A file that was written twice within the clock's tick has one time for two contents: do not trust a time so young.
_RACY_NS = 2 * 10**9


@dataclass(frozen=True)
class File:
    """A picture's file as it was when it was read.

    Attributes:
        size: in bytes.
        time: when it was changed, in ns; None of one that was too young to trust its time.
        sha256: of its bytes, as hexadecimal digits; "unreadable" of what is no file or may not be read.
        converted: name of the file in ``Catalogue.converted`` that stands for it; None of one that is plain already.
        broken: why it cannot be read; None of one that can.
    """

    size: int
    time: int | None
    sha256: str
    converted: str | None = None
    broken: str | None = None

    def is_as(self, status: os.stat_result) -> bool:
        """Return whether a file has the size and time of before."""
        return (self.size, self.time) == (status.st_size, status.st_mtime_ns)


_UNREADABLE = File(0, None, "unreadable")
_TYPES = (int, (int, type(None)), str, jsonfile.TEXT_OR_NONE, jsonfile.TEXT_OR_NONE)


@dataclass(frozen=True)
class Catalogue:
    """The pictures of a folder, which stay where they are, and what is known of them.

    Attributes:
        root: the folder.
        size: longest short side in pixels at which they are used; ``None`` for their own.
    """

    root: Path
    size: int | None

    @property
    def record(self) -> Path:
        """The file of the cache that keeps it."""
        place = os.fsencode(self.root.resolve())
        digest = hashlib.sha256(f"{_FORMAT} {self.size} ".encode() + place).hexdigest()
        return cache.folder() / f"{plain(self.root.resolve().name)}-{digest[:16]}.json"

    @property
    def converted(self) -> Path:
        """The folder of the cache with the pictures that had to be converted, whatever folder they are from."""
        return cache.folder() / "converted"

    def look(self, files: Sequence[str], progress: Progress | None = None) -> dict[str, File]:
        """Return what is known of files (relative to the folder), after reading those that are new or have changed.

        One that has its size and time of before is not read again, and one of the same bytes not decoded.

        Raises:
            InputError: if the cache cannot be written.
        """
        known = read_record(self.record)
        seen, new = {}, []
        for i, name in enumerate(files):
            before = known.get(name)
            with suppress(OSError):
                if before is not None and before.is_as((self.root / name).stat()) and self._is_there(before):
                    seen[name] = before
            if name not in seen:
                new.append(name)
            if progress is not None:
                progress("checking", i + 1, len(files))
        same = {file.sha256: file for file in known.values() if file.broken is None and self._is_there(file)}
        for name, future in ahead("preparing", lambda name: self._read(self.root / name, same), new, progress):
            seen[name] = future.result()
        self._keep(known, seen)
        return {name: seen[name] for name in files}

    def identity(self, pictures: Mapping[str, File]) -> str:
        """Return the sha256 of names, sizes and contents, and of how the pictures are used."""
        digest = hashlib.sha256(f"{_FORMAT} size={self.size}\n".encode())
        for name, file in pictures.items():
            # ASCII, because a name may hold a line break, or bytes that are no UTF-8.
            digest.update(f"{name!a} {file.size} {file.sha256}\n".encode())
        return digest.hexdigest()

    def encoded(self, name: str, file: File) -> bytes:
        """Return a picture as plain JPEG or PNG bytes: of what it was when it was looked at.

        Raises:
            InputError: if its file is not that any more.
        """
        if file.converted is None:
            return _unchanged(self.root / name, file)
        try:
            return (self.converted / file.converted).read_bytes()
        except FileNotFoundError:  # whoever deletes the cache loses nothing
            path = self.root / name
            return normalise(path, data := _unchanged(path, file), self.size) or data

    def _is_there(self, file: File) -> bool:
        return file.converted is None or (self.converted / file.converted).exists()

    def _read(self, path: Path, same: Mapping[str, File]) -> File:
        seen, data = _UNREADABLE, b""
        with suppress(OSError):  # a link to nowhere, no permission
            now, status = time.time_ns(), path.stat()
            if path.is_file():  # whoever opens a pipe waits for another to write to it
                data = path.read_bytes()
                old = now - status.st_mtime_ns > _RACY_NS and len(data) == status.st_size
                seen = File(len(data), status.st_mtime_ns if old else None, hashlib.sha256(data).hexdigest())
        if seen.sha256 in same:
            return replace(seen, converted=same[seen.sha256].converted)
        try:
            made = normalise(path, data, self.size)
        except InputError as error:
            return replace(seen, broken=str(error))
        if made is None:
            return seen
        digest = hashlib.sha256(f"{_FORMAT} {self.size} {seen.sha256}".encode()).hexdigest()
        name = f"{digest[:32]}{'.png' if made.startswith(PNG) else '.jpg'}"
        cache.write(self.converted / name, made)
        return replace(seen, converted=name)

    def _keep(self, known: Mapping[str, File], seen: Mapping[str, File]) -> None:
        """Keep what was seen, and what is known of files that were not asked for and are still there."""
        others = {name: file for name, file in known.items() if name not in seen and (self.root / name).exists()}
        files = {**others, **{name: file for name, file in seen.items() if file is not _UNREADABLE}}
        if files != known:
            kept = {name: astuple(file) for name, file in files.items()}
            text = json.dumps({"folder": str(self.root.resolve()), "size": self.size, "files": kept})
            cache.write(self.record, text.encode())


def read_record(path: Path) -> dict[str, File]:
    """Return name -> file of a record in the cache; empty if there is none, or a damaged one: all is read again."""
    try:
        read = jsonfile.read(path, names=True)
    except (OSError, ValueError):
        return {}
    files = read.get("files") if isinstance(read, dict) else None
    return {
        name: File(*entry)
        for name, entry in (files.items() if isinstance(files, dict) else ())
        if isinstance(entry, list) and len(entry) == len(_TYPES) and all(map(jsonfile.conforms, entry, _TYPES))
    }


def _unchanged(path: Path, file: File) -> bytes:
    """Return the bytes of a file; raise InputError if they are not those of before."""
    try:
        with path.open("rb") as opened:
            status, data = os.fstat(opened.fileno()), opened.read()
    except OSError as error:
        raise InputError(
            f"{path} can no longer be read ({error.strerror or error}): put it back and start again, or train on what "
            "there is now in another directory"
        ) from error
    if not file.is_as(status) and hashlib.sha256(data).hexdigest() != file.sha256:
        raise InputError(
            f"{path} has changed since it was first read: put it back as it was and start again, or train on what "
            "there is now in another directory"
        )
    return data
