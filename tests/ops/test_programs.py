"""Compiled programs are counted, and dropped when there are many."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.ops import programs


@pytest.fixture
def few(monkeypatch) -> int:
    """Three programs are kept; what this process compiled before does not count."""
    monkeypatch.setattr(programs, "MOST", 3)
    monkeypatch.setattr(programs, "_count_when_dropped", programs.compiled()[0])
    return 3


def test_programs_are_counted_with_their_time():
    double = jax.jit(lambda x: 2 * x)
    count, seconds = programs.compiled()
    for size in (2, 3, 3):
        double(np.ones(size, np.float32)).block_until_ready()
    assert programs.compiled()[0] - count == 2
    assert programs.compiled()[1] > seconds


def test_all_programs_go_when_there_are_many_and_come_back_when_called(few):
    double = jax.jit(lambda x: 2 * x)
    for size in range(1, few + 1):
        double(np.ones(size, np.float32))
        programs.drop_if_many()
    assert double._cache_size() == few
    jnp.sin(np.ones(5, np.float32))  # a single operation is a program as well
    programs.drop_if_many()
    assert double._cache_size() == 0
    np.testing.assert_array_equal(double(np.ones(2, np.float32)), [2, 2])
    programs.drop_if_many()
    assert double._cache_size() == 1
