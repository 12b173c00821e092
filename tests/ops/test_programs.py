"""Compiled programs are counted, and dropped when there are many."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.ops import programs


@pytest.fixture
def size(monkeypatch) -> list[int]:
    """What the system says of this process's size; three programs are worth dropping."""
    said = [10**9]
    monkeypatch.setattr(programs, "LEAST", 3)
    monkeypatch.setattr(programs, "_resident", lambda: said[0])
    monkeypatch.setattr(programs, "_size_when_dropped", said[0])
    monkeypatch.setattr(programs, "_count_when_dropped", programs.compiled()[0])
    return said


def test_programs_are_counted_with_their_time():
    double = jax.jit(lambda x: 2 * x)
    count, seconds = programs.compiled()
    for size in (2, 3, 3):
        double(np.ones(size, np.float32)).block_until_ready()
    assert programs.compiled()[0] - count == 2
    assert programs.compiled()[1] > seconds


def test_programs_go_when_the_process_has_grown_and_come_back_when_called(size):
    double = jax.jit(lambda x: 2 * x)
    for length in (1, 2):
        double(np.ones(length, np.float32))
    size[0] += programs.MOST_GROWTH + 1
    programs.drop_if_many()
    assert double._cache_size() == 2  # it is not they that are large
    jnp.sin(np.ones(5, np.float32))  # a single operation is a program as well
    programs.drop_if_many()
    assert double._cache_size() == 0
    np.testing.assert_array_equal(double(np.ones(2, np.float32)), [2, 2])
    for length in range(3, 7):
        double(np.ones(length, np.float32))
        programs.drop_if_many()
    assert double._cache_size() == 5  # the process has not grown since


def test_programs_are_counted_where_no_size_is_told(size, monkeypatch):
    monkeypatch.setattr(programs, "MOST", 4)
    size[0] = None
    double = jax.jit(lambda x: 2 * x)
    for length in range(1, 5):
        double(np.ones(length, np.float32))
        programs.drop_if_many()
    assert double._cache_size() == 4
    double(np.ones(5, np.float32))
    programs.drop_if_many()
    assert double._cache_size() == 0
