"""The compiled programs of this process: how many there are, what they took, and that they do not grow without end.

Every shape of a picture makes programs of its own, and jax keeps each for the life of the process: 1 to 10 MB, also
for a single operation on an array. A command that meets pictures of many shapes therefore calls ``drop_if_many``
between two of them.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Any

import jax

MOST = 256
"""Programs that are compiled before all are dropped: some hundred MB."""

_count = 0
_seconds = 0.0
_count_when_dropped = 0


def _on_duration(event: str, duration_secs: float, **_: Any) -> None:
    global _count, _seconds
    if event == "/jax/core/compile/backend_compile_duration":
        _count += 1
        _seconds += duration_secs


jax.monitoring.register_event_duration_secs_listener(_on_duration)


def compiled() -> tuple[int, float]:
    """Return how many programs this process has compiled, and the seconds that took.

    Programs that were read from jax's persistent cache count too; those of operations outside of ``jax.jit`` as well.
    """
    return _count, _seconds


def drop_if_many() -> None:
    """Drop all compiled programs if more than ``MOST`` came since they were last dropped; who calls one recompiles it.

    All, and not the oldest: programs of a user's own methods and metrics and of single operations are as many and as
    large, and only jax knows where they are.
    """
    global _count_when_dropped
    if _count - _count_when_dropped > MOST:
        _count_when_dropped = _count
        jax.clear_caches()
        gc.collect()
        _return_memory()


def _return_memory() -> None:
    """Give back to the system what the compiler freed: glibc would keep it."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(0)
