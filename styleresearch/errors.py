"""What a user is meant to read: the one error (what came, what is allowed, what to do), and the one warning."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is complete on its own (it says what came, what is allowed and what to do), so the command line
    prints it without a traceback and exits with status 2.
    """


class Notice(UserWarning):
    """Something that a user should know and that stops nothing.

    The message is complete on its own; the command line prints it without the line of code that it comes from.
    """


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the known name closest to ``name``, or an empty string."""
    match = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    return f" Did you mean {match[0]!r}?" if match else ""
