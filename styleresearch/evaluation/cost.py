"""What a piece of work cost: seconds without compilation, seconds of compilation, peak memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jax

from styleresearch.ops import programs


@dataclass
class Cost:
    """Filled when the ``measured`` block ends.

    Attributes:
        seconds: wall-clock time, compilation excluded.
        compile_seconds: time in XLA's compiler and in reading its persistent cache.
        peak_memory_mb: highest memory in use: of the device where it reports one, else of this process (Linux only;
            ``None`` elsewhere). A device's peak cannot be reset, so it covers the process so far.
    """

    seconds: float = 0.0
    compile_seconds: float = 0.0
    peak_memory_mb: float | None = None


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure a block; the caller waits for its arrays inside it."""
    _reset_peak()
    cost = Cost()
    (_, compiled), start = programs.compiled(), time.perf_counter()
    try:
        yield cost
    finally:
        cost.compile_seconds = programs.compiled()[1] - compiled
        cost.seconds = max(0.0, time.perf_counter() - start - cost.compile_seconds)
        cost.peak_memory_mb = _peak()


def _reset_peak() -> None:
    if sys.platform == "linux":
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return  # not permitted in some containers: the peak then covers the process so far


def _peak() -> float | None:
    stats = jax.local_devices()[0].memory_stats()
    if stats and "peak_bytes_in_use" in stats:
        return stats["peak_bytes_in_use"] / 2**20
    if sys.platform != "linux":
        return None
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return None
