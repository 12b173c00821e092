"""The compiled programs of this process: how many there are, what they took, and that they do not grow without end.

Every shape of a picture makes programs of its own, and jax keeps each for the life of the process: 1 to 10 MB, also
for a single operation on an array. A command that meets pictures of many shapes therefore calls ``drop_if_many``
between two of them.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

MOST_GROWTH = 512 * 2**20
"""Bytes by which this process may grow before it drops its programs."""

LEAST = 8
"""Programs that are worth dropping: what has grown over fewer is something else, pictures for instance. One that
measures all metrics of a picture takes some 50 MB."""

MOST = 256
"""Programs before they are dropped, where the system does not tell how large a process is."""

_SETTINGS = (
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes",
)

_count = 0
_seconds = 0.0
_count_when_dropped = 0
_size_when_dropped: int | None = None


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


def settings() -> dict[str, Any]:
    """Return what this process sets of how programs are compiled and kept, for another that does the same work."""
    return {name: getattr(jax.config, name) for name in _SETTINGS}


def set_up(given: Mapping[str, Any]) -> None:
    """Compile and keep programs as the process whose settings these are."""
    for name, value in given.items():
        jax.config.update(name, value)


def drop_if_many() -> None:
    """Drop all compiled programs if this process grew much while they came; who calls one again recompiles it.

    All, and not the oldest: those of a user's own methods and metrics and of single operations are as many and as
    large, and only jax knows where they are. Nothing but time depends on it.
    """
    global _count_when_dropped, _size_when_dropped
    size, came = _resident(), _count - _count_when_dropped
    if _size_when_dropped is None:
        _size_when_dropped = size
    many = came > MOST if size is None else size - (_size_when_dropped or 0) > MOST_GROWTH
    if many and came >= LEAST:
        jax.clear_caches()
        gc.collect()
        _return_memory()
        _count_when_dropped, _size_when_dropped = _count, _resident()


def _resident() -> int | None:
    """Return the bytes of memory that this process holds, on Linux."""
    if sys.platform != "linux":
        return None
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _return_memory() -> None:
    """Give back to the system what the compiler freed: glibc would keep it."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(0)
