"""What the system said when something could not be written, whoever wrote it."""

from __future__ import annotations

import errno
import os

_WORDS = {os.strerror(code): code for code in errno.errorcode} | {"Not enough disk space": errno.ENOSPC}
"""What the system says -> its number; the last are TFDS' own words, for a disk that was full from the beginning."""
_FULL = {code for name in ("ENOSPC", "EDQUOT", "EFBIG") if (code := getattr(errno, name, None)) is not None}


def behind(error: BaseException) -> OSError | None:
    """Return the OSError that is behind an error; ``None`` if the system had no part in it.

    Libraries that write files themselves, or from threads, raise types of their own: array_record and tensorstore, for
    two, put what the system said into the text of a RuntimeError or ValueError.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno is not None:
            return seen
        for words, code in _WORDS.items():
            if words in str(seen):
                return OSError(code, words)
        seen = seen.__cause__
    return error if isinstance(error, OSError) else None


def remedy(error: OSError, otherwise: str) -> str:
    """Return what a user can do about an error of writing: make room where that is it, or something else.

    Args:
        error: what the system said.
        otherwise: what helps whatever it said, as a phrase ("name another folder").
    """
    return f"free some space, or {otherwise}" if error.errno in _FULL else otherwise
