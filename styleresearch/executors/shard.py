"""A share of the cells: for schedulers that start one command several times, each with another number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from styleresearch.errors import InputError
from styleresearch.store import digests


@dataclass(frozen=True)
class Shard:
    """One of ``count`` shares of the cells, which together are all, however much is done when one begins.

    Attributes:
        index: from 1.
        count: of shards.
    """

    index: int
    count: int

    @classmethod
    def of(cls, text: str) -> Shard:
        """Return the shard that a text says, "2/8".

        Raises:
            InputError: if it says none.
        """
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise InputError(f"--shard {text}: give I/N, from 1/N to N/N, e.g. 1/8 for the first of eight")
        return cls(int(found[1]), int(found[2]))

    def share(self, names: Sequence[str]) -> frozenset[str]:
        """Return the names of its cells: every ``count``-th in an order that mixes cheap and dear ones."""
        return frozenset(sorted(names, key=digests.of_json)[self.index - 1 :: self.count])
