"""Libraries that one optional function needs: said so, with the command that installs them, where they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from styleresearch.errors import InputError


class MissingExtraError(InputError):
    """A library that an extra of this package installs is missing."""


def require(library: str, extra: str, purpose: str) -> ModuleType:
    """Return a library that is not installed with the package itself.

    Args:
        library: the name of the module.
        extra: the extra of this package that installs it.
        purpose: what needs it, as the beginning of a sentence ("reading .h5 files").

    Raises:
        MissingExtraError: if it is not installed.
    """
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        if error.name != library.partition(".")[0]:
            raise  # it is there, and something that it needs is not
        raise MissingExtraError(f"{purpose} needs {error.name}, which is missing: {install(extra)}") from None


def install(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'styleresearch[{extra}]'"
