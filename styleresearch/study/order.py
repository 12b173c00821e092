"""Which trials a rater sees, in which order: it follows from one number, here and in the page (``study.js``) alike.

Whoever has the votes, their seed and the protocol can therefore tell that no trial was left out, added or changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, MutableSequence, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any


@dataclass(frozen=True)
class Shape:
    """The numbers that the order follows from.

    Attributes:
        methods: how many methods are compared; they are numbered from 0, and floor baselines after them.
        floors: how many floor baselines there are.
        cells: how many pairs of content and style.
        trials: comparisons of two methods.
        repeats: how many of them come again.
        catches: trials with a floor baseline.
    """

    methods: int
    floors: int
    cells: int
    trials: int
    repeats: int
    catches: int


@dataclass(frozen=True)
class Trial:
    """What a rater sees at a time.

    Attributes:
        kind: "vote", "repeat" or "catch".
        cell: number of the pair of content and style.
        left: number of the method on the left (A, above on a phone).
        right: of the other one.
    """

    kind: str
    cell: int
    left: int
    right: int


def random_numbers(seed: int) -> Callable[[int], int]:
    """Return a function that gives a random whole number below its argument.

    Source: the generator mulberry32 (Tommy Ettinger), 32 bits: two lines in JavaScript.
    """
    state = seed

    def below(count: int) -> int:
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        mixed ^= (mixed + ((mixed ^ (mixed >> 7)) * (mixed | 61))) & 0xFFFFFFFF
        return ((mixed ^ (mixed >> 14)) * count) >> 32

    return below


def shuffled(items: Sequence[Any], below: Callable[[int], int]) -> list[Any]:
    """Return items in random order. Source: Fisher & Yates; Durstenfeld 1964, algorithm 235."""
    found: MutableSequence[Any] = list(items)
    for last in range(len(found) - 1, 0, -1):
        other = below(last + 1)
        found[last], found[other] = found[other], found[last]
    return list(found)


def trials_of(shape: Shape, seed: int) -> list[Trial]:
    """Return a rater's trials in order.

    Each two methods meet equally often, on either side equally often, and each pair of content and style comes equally
    often, all up to one; no comparison comes twice but for the repeats. These are the first third's, sides swapped, in
    the last third; what has a floor baseline comes anywhere.
    """
    below = random_numbers(seed)
    pairs = shuffled(list(combinations(range(shape.methods), 2)), below)
    cells = shuffled(range(shape.cells), below)
    first = [below(2) for _ in pairs]
    # Both lists go round; where both are through at once, the cells move on by one, so that no combination returns.
    together = math.lcm(len(pairs), len(cells))
    votes = []
    for trial in range(shape.trials):
        at, turn = trial % len(pairs), trial // len(pairs)
        sides = pairs[at] if (first[at] + turn) % 2 == 0 else pairs[at][::-1]
        votes.append(Trial("vote", cells[(trial + trial // together) % len(cells)], *sides))
    votes = shuffled(votes, below)
    parts = [votes[: shape.trials // 3], votes[shape.trials // 3 : 2 * shape.trials // 3]]
    parts.append(votes[2 * shape.trials // 3 :])
    parts[2] += [Trial("repeat", t.cell, t.right, t.left) for t in shuffled(parts[0], below)[: shape.repeats]]
    floors = shuffled(range(shape.methods, shape.methods + shape.floors), below)
    methods = shuffled(range(shape.methods), below)
    cells = shuffled(cells, below)
    side = below(2)
    for trial in range(shape.catches):
        pair = methods[trial % len(methods)], floors[trial % len(floors)]
        sides = pair if (side + trial) % 2 == 0 else pair[::-1]
        parts[below(3)].append(Trial("catch", cells[trial % len(cells)], *sides))
    return [trial for part in parts for trial in shuffled(part, below)]
