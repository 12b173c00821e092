"""Pools of earlier pictures: what comes in, what is shown, what stays."""

from __future__ import annotations

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.methods.base import State
from styleresearch.methods.pool import Pool

exchange = jax.jit(Pool.exchange)


def numbered(*numbers):
    """Return one picture of 1x2 px for each number, which it shows in every pixel."""
    return jnp.broadcast_to(jnp.asarray(numbers, jnp.float32)[:, None, None, None], (len(numbers), 1, 2, 3))


def numbers(images):
    """Return the numbers that pictures show."""
    images = np.asarray(images)
    assert (images == images[:, :1, :1, :1]).all()
    return [int(image[0, 0, 0]) for image in images]


@pytest.fixture(scope="module")
def history():
    """What 400 pictures in batches of two met in a pool of five: (before, arrivals, shown, after), as numbers."""
    pool, met = Pool.empty(5, numbered(0)), []
    for batch in range(200):
        arrivals = (2 * batch + 1, 2 * batch + 2)
        before = numbers(pool.images)
        pool, shown = exchange(pool, numbered(*arrivals), jax.random.key(batch))
        met.append((before, arrivals, numbers(shown), numbers(pool.images)))
    return met


def test_it_fills_first_and_shows_the_arrivals(history):
    pool = Pool.empty(5, numbered(0))
    assert (pool.images.shape, pool.images.dtype, int(pool.count)) == ((5, 1, 2, 3), jnp.float32, 0)
    for _, arrivals, shown, _ in history[:2]:
        assert shown == list(arrivals)
    assert history[1][3] == [1, 2, 3, 4, 0]
    # Of the third batch the first takes the last place, and is shown.
    assert history[2][2][0] == 5


def test_what_it_counts():
    pool, counts = Pool.empty(3, numbered(0)), []
    for key in range(3):
        pool, _ = exchange(pool, numbered(1, 2), jax.random.key(key))
        counts.append(int(pool.count))
    assert counts == [2, 3, 3]
    assert pool.count.dtype == jnp.int32


def test_a_full_pool_shows_an_arrival_or_what_it_took_the_place_of(history):
    for before, arrivals, shown, after in history[3:]:
        assert Counter(shown) + Counter(after) == Counter(before) + Counter(arrivals)
        # One after the other: the second of a batch may find the first.
        for arrival, seen in zip(arrivals, shown, strict=True):
            expected = [arrival if number == seen else number for number in before]
            assert seen == arrival or expected != before
            before = expected
        assert before == after


def test_every_other_arrival_changes_places_and_all_places_alike(history):
    swapped = [np.not_equal(arrivals, shown) for _, arrivals, shown, _ in history[3:]]
    assert 0.45 < np.mean(swapped) < 0.55
    moved = np.mean([np.not_equal(before, after) for before, _, _, after in history[3:]], 0)
    # Of two arrivals each takes a place with probability 1/10: 0.19 of the batches.
    np.testing.assert_allclose(moved, 0.19, atol=0.09)
    # An earlier picture stays for a while: 50 arrivals and more, now and then.
    assert max(arrivals[0] - min(before) for before, arrivals, _, _ in history[3:]) > 30


def test_a_key_decides():
    pool = Pool(numbered(1, 2, 3, 4), jnp.int32(4))
    arrivals = numbered(5, 6, 7)
    results = [exchange(pool, arrivals, jax.random.key(key)) for key in (0, 0, 1, 2)]
    told = [(numbers(shown), numbers(after.images)) for after, shown in results]
    assert told[0] == told[1]
    assert len({str(each) for each in told}) == 3


def test_without_places_everything_passes():
    pool = Pool.empty(0, numbered(0))
    after, shown = exchange(pool, numbered(1, 2), jax.random.key(0))
    assert numbers(shown) == [1, 2]
    assert after.images.shape == (0, 1, 2, 3)
    assert int(after.count) == 0


@pytest.mark.parametrize("size", [0, 2])
def test_in_a_state_whose_buffers_are_given_away(size):
    def advance(state, images):
        pool, shown = state.memory["style"].exchange(images, jax.random.fold_in(state.key, state.step))
        return state.replace(step=state.step + 1, memory={"style": pool}), shown

    advance = jax.jit(advance, donate_argnums=0)
    pool = Pool.empty(size, numbered(0))
    state = State(jnp.int32(0), jax.random.key(0), {}, {}, memory={"style": pool})
    plain = Pool.empty(size, numbered(0))
    for step in range(4):
        arrivals = numbered(2 * step + 1, 2 * step + 2)
        structure = jax.tree.structure(state)
        state, shown = advance(state, arrivals)
        plain, expected = exchange(plain, arrivals, jax.random.fold_in(jax.random.key(0), step))
        assert jax.tree.structure(state) == structure
        assert numbers(shown) == numbers(expected)
        np.testing.assert_array_equal(state.memory["style"].images, plain.images)
