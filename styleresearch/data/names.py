"""One spelling for what different programs write differently: the name of a picture."""

from __future__ import annotations

import unicodedata


def canonical(name: str) -> str:
    r"""Return a name as it is compared with others.

    That is without blanks and byte order marks at its ends, with ``/`` for ``\``, without leading ``./``, and in the
    Unicode form NFC (macOS writes an accent as a letter of its own). Capitals count.
    """
    name = name.strip().strip("\ufeff").strip().replace("\\", "/")
    while name.startswith("./"):
        name = name[2:].lstrip("/")
    return unicodedata.normalize("NFC", name)
