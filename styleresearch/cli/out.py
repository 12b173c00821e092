"""What every command that writes one file checks before it works, not after."""

from __future__ import annotations

import os
from pathlib import Path


def check_out(path: Path) -> None:
    """Check that a file can be written.

    Raises:
        InputError: if ``path`` is a folder, or its folder is not there or cannot be written.
    """
    from styleresearch.errors import InputError

    folder = path.resolve().parent
    if path.is_dir() or not folder.is_dir():
        what = "is a folder" if path.is_dir() else "is in a folder that does not exist"
        raise InputError(f"--out {path} {what}; name a file in an existing folder")
    if not os.access(folder, os.W_OK):
        raise InputError(f"--out {path}: the folder cannot be written; name another")
