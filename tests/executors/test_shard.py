"""Shares of the cells."""

from __future__ import annotations

import pytest

from styleresearch.errors import InputError
from styleresearch.executors.shard import Shard


def test_shards_are_all_cells_and_each_cell_of_one_shard():
    names = [f"images/{method}/{pair}.png" for pair in range(10) for method in range(8)]
    shares = [Shard(index, 8).share(names) for index in range(1, 9)]
    assert sorted(name for share in shares for name in share) == sorted(names)
    assert {len(share) for share in shares} == {10}
    # The order of a plan has the methods side by side: none of the shards has one method alone.
    assert all(len({name.split("/")[1] for name in share}) > 3 for share in shares)


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2"])
def test_a_shard_that_is_none_is_refused(text):
    assert Shard.of("2/2") == Shard(2, 2)
    with pytest.raises(InputError, match="give I/N, from 1/N to N/N"):
        Shard.of(text)
