"""Append-only files of JSON lines that survive a killed process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Ledger:
    """A JSONL file: each finished piece of work is one line, on disk before the next begins.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[dict[str, Any]]:
        """Return the complete lines; a last line that a killed process left torn is not one."""
        if not self.path.exists():
            return []
        entries = []
        for line in self.path.read_bytes().split(b"\n"):
            try:
                entry = json.loads(line) if line.strip() else None
            except ValueError:  # torn: the work it would have recorded is done again
                continue
            if isinstance(entry, dict):
                entries.append(entry)
        return entries

    def append(self, entry: dict[str, Any]) -> None:
        """Write one line and wait until it is on disk."""
        with self.path.open("ab+") as file:
            if file.tell() and self._ends_torn():
                file.write(b"\n")
            file.write(json.dumps(entry, allow_nan=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _ends_torn(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

    def replace(self, entries: Iterable[dict[str, Any]]) -> None:
        """Write the whole file anew, atomically."""
        write_atomically(self.path, "".join(json.dumps(entry, allow_nan=False) + "\n" for entry in entries))


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file (text as UTF-8) so that readers see the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
