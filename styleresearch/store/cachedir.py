"""Where everything that can be had again is kept: weights, prepared datasets, compiled programs."""

from __future__ import annotations

import os
from pathlib import Path


def cachedir(part: str) -> Path:
    """Return the folder of one part: in ``$STYLERESEARCH_CACHE``, or else in the platform's cache folder.

    It need not exist.
    """
    chosen = os.environ.get("STYLERESEARCH_CACHE")
    if chosen:
        return Path(chosen).expanduser() / part
    import pooch

    return Path(pooch.os_cache("styleresearch")) / part
