"""The order of a rater's trials: balanced, and a function of the seed alone."""

from __future__ import annotations

from collections import Counter

import pytest

from styleresearch.study.order import Shape, random_numbers, trials_of

SHAPES = [Shape(4, 2, 12, 36, 6, 4), Shape(2, 0, 3, 3, 1, 0), Shape(5, 1, 6, 60, 6, 4), Shape(3, 2, 7, 20, 2, 5)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_methods_sides_and_pictures_are_in_balance(shape: Shape, seed: int) -> None:
    trials = trials_of(shape, seed)
    votes = [trial for trial in trials if trial.kind == "vote"]
    assert Counter(trial.kind for trial in trials) == Counter(
        vote=shape.trials, repeat=shape.repeats, catch=shape.catches
    )
    pairs = Counter(frozenset((trial.left, trial.right)) for trial in votes)
    cells = Counter(trial.cell for trial in votes)
    assert max(pairs.values()) - min(pairs.values()) <= 1
    assert max(cells.values()) - min(cells.values()) <= 1
    for pair in pairs:
        low, high = sorted(pair)
        at_left = Counter(trial.left for trial in votes if {trial.left, trial.right} == pair)
        assert abs(at_left[low] - at_left[high]) <= 1
    assert len({(trial.cell, frozenset((trial.left, trial.right))) for trial in votes}) == shape.trials, "no repeats"
    assert all(trial.left < shape.methods and trial.right < shape.methods for trial in votes)


@pytest.mark.parametrize("seed", range(20))
def test_repeats_swap_sides_and_come_much_later(seed: int) -> None:
    trials = trials_of(SHAPES[0], seed)
    for at, trial in enumerate(trials):
        if trial.kind == "repeat":
            first = next(
                i for i, t in enumerate(trials)
                if (t.kind, t.cell, t.left, t.right) == ("vote", trial.cell, trial.right, trial.left)
            )  # fmt: skip
            assert at - first >= SHAPES[0].trials // 3


def test_catch_trials_have_a_floor_on_either_side() -> None:
    caught = [trial for seed in range(10) for trial in trials_of(SHAPES[0], seed) if trial.kind == "catch"]
    assert all((trial.left >= 4) != (trial.right >= 4) for trial in caught)
    assert sum(trial.left >= 4 for trial in caught) == len(caught) / 2
    assert {max(trial.left, trial.right) for trial in caught} == {4, 5}


def test_another_seed_is_another_order() -> None:
    assert trials_of(SHAPES[0], 1) == trials_of(SHAPES[0], 1) != trials_of(SHAPES[0], 2)


def test_random_numbers_are_even() -> None:
    below = random_numbers(3)
    counts = Counter(below(10) for _ in range(10_000))
    assert set(counts) == set(range(10))
    # 1000 each, standard deviation 30.
    assert all(abs(count - 1000) < 120 for count in counts.values())
