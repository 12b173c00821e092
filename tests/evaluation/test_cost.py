"""What a piece of work cost."""

from __future__ import annotations

import gc
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.evaluation.cost import measured


def test_seconds_are_wall_clock_time():
    with measured() as cost:
        time.sleep(0.2)
    assert 0.19 < cost.seconds < 0.4
    assert cost.compile_seconds == 0.0


def test_compilation_is_counted_apart_and_once():
    @jax.jit
    def slow_to_compile(x):
        for i in range(60):
            x = jnp.sin(x @ x.T + i)
        return x

    x = jnp.ones((8, 8))
    slow_to_compile.lower(x)  # tracing is not compilation
    with measured() as outer:
        with measured() as first:
            slow_to_compile(x).block_until_ready()
        with measured() as second:
            slow_to_compile(x).block_until_ready()
    assert first.compile_seconds > 0.02
    assert second.compile_seconds == 0.0
    assert second.seconds < first.compile_seconds
    assert outer.compile_seconds == pytest.approx(first.compile_seconds)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process its peak")
def test_memory_rises_with_what_is_held_and_falls_back():
    gc.collect()
    with measured() as small:
        np.ones(1000)
    with measured() as large:
        held = np.ones(400 * 2**20 // 8)  # 400 MiB
        assert held.sum() > 0
        del held
    with measured() as after:
        np.ones(1000)
    assert small.peak_memory_mb is not None
    assert large.peak_memory_mb is not None
    assert after.peak_memory_mb is not None
    assert 380 < large.peak_memory_mb - small.peak_memory_mb < 450
    try:
        with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123
            file.write("5")
    except OSError:
        return  # the peak cannot be reset here: it covers the process so far
    assert after.peak_memory_mb < large.peak_memory_mb - 350


def test_an_exception_passes_through_and_the_cost_so_far_is_kept():
    costs = []

    def fail() -> None:
        with measured() as cost:
            costs.append(cost)
            time.sleep(0.05)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()
    assert costs[0].seconds >= 0.05
    with measured() as later:
        pass
    assert later.seconds < 0.05
