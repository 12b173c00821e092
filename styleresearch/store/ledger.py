"""Append-only files of JSON lines that survive a killed process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from styleresearch.store import atomic, jsonfile


class Ledger:
    """A JSONL file: each finished piece of work is one line, on disk before the next begins.

    Args:
        path: the file; it need not exist.
        shape: what a line must be, see ``jsonfile.conforms``; another is as good as torn.
    """

    def __init__(self, path: Path, shape: jsonfile.Shape | None = None) -> None:
        self.path = path
        self._shape: jsonfile.Shape = {} if shape is None else shape

    def read(self) -> list[dict[str, Any]]:
        """Return the complete lines of the right shape; what a killed process left torn is not one.

        The work that a torn line would have recorded is done again.
        """
        if not self.path.exists():
            return []
        entries = []
        for line in self.path.read_bytes().split(b"\n"):
            try:
                entry = jsonfile.parse(line) if line.strip() else None
            except ValueError:
                continue
            if jsonfile.conforms(entry, self._shape):
                entries.append(entry)
        return entries

    def append(self, *entries: dict[str, Any]) -> None:
        """Write lines, into a folder that is made if it is not there, and wait until they are on disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.named(self.path), self.path.open("ab+") as file:
            if file.tell() and self._ends_torn():
                file.write(b"\n")
            file.write("".join(json.dumps(entry, allow_nan=False) + "\n" for entry in entries).encode())
            file.flush()
            os.fsync(file.fileno())

    def _ends_torn(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

    def replace(self, entries: Iterable[dict[str, Any]]) -> None:
        """Write the whole file anew, atomically."""
        atomic.write(self.path, "".join(json.dumps(entry, allow_nan=False) + "\n" for entry in entries))
