"""What a checkpoint says of itself: the manifest, sealed with a digest, that is written last and believed first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from styleresearch.store import digests, jsonfile

NAME = "manifest.json"

_SHAPE = {"step": int, "metrics": dict, "leaves": dict, "empty": dict, "files": dict, "sha256": str}
_LEAF = {"dtype": str, "shape": list, "sha256": str}


class Damaged(Exception):  # noqa: N818 - says what the checkpoint is
    """What is on disk is not what was saved."""


class Vanished(Exception):  # noqa: N818 - says what the checkpoint is
    """The run that goes on meanwhile removed the checkpoint, to keep a newer one."""


def write(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of the files in ``folder/state``."""
    files = (path for path in sorted((folder / "state").rglob("*")) if path.is_file())
    whole = {**manifest, "files": {path.relative_to(folder).as_posix(): digests.of_file(path) for path in files}}
    (folder / NAME).write_text(json.dumps(whole | {"sha256": digests.of_json(whole)}), encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """Return the manifest of the checkpoint ``folder``, which its step names.

    Raises:
        Vanished: if the checkpoint is not there any more.
        Damaged: if its manifest is not what was written.
    """
    try:
        manifest = jsonfile.read(folder / NAME)
    except (OSError, ValueError) as error:
        if not folder.is_dir():
            raise Vanished from error
        why = (error.strerror or error) if isinstance(error, OSError) else error
        raise Damaged(f"its manifest cannot be read: {why}") from error
    if not jsonfile.conforms(manifest, _SHAPE) or not all(map(_is_leaf, manifest["leaves"].values())):
        raise Damaged("its manifest cannot be read: it is no manifest")
    stored = manifest.pop("sha256")
    if stored != digests.of_json(manifest) or str(manifest["step"]) != folder.name:
        raise Damaged("its manifest was changed")
    return manifest


def _is_leaf(entry: Any) -> bool:
    return jsonfile.conforms(entry, _LEAF) and all(type(side) is int and side >= 0 for side in entry["shape"])


def check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare the files of a checkpoint with their digests.

    Raises:
        Vanished: if the checkpoint is not there any more.
        Damaged: at the first file that is not what was written.
    """
    for name, digest in manifest["files"].items():
        try:
            found = digests.of_file(folder / name)
        except (OSError, ValueError) as error:  # ValueError: no name of a file
            if not folder.is_dir():
                raise Vanished from error
            raise Damaged(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from error
        if found != digest:
            raise Damaged(f"{name} is not what was written")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep a run that goes on meanwhile from removing a checkpoint, where the file system knows locks.

    Raises:
        Vanished: if it was removed before.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context((folder / NAME).open("rb"))
        except OSError as error:
            if not folder.is_dir():
                raise Vanished from error
            file = None  # damaged, which reading it tells
        if file is not None:
            _lock(file, shared=True)
            if not folder.is_dir():
                raise Vanished
        yield


@contextmanager
def unheld(folder: Path) -> Iterator[bool]:
    """Tell whether nobody reads a checkpoint, and keep it so within."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context((folder / NAME).open("r+b"))
        except OSError:  # damaged: nobody reads it
            yield True
            return
        yield _lock(file, shared=False)


def _lock(file: IO[bytes], shared: bool) -> bool:
    """Lock a file until it is closed, and return True; False if it is not ours alone and others read it."""
    try:
        import fcntl
    except ImportError:  # Windows, where a file that somebody reads cannot be removed anyway
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: readers then begin anew
        return True
    return True
