"""The table of contents by styles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from styleresearch.evaluation.statistics.cells import cell_table, design_of

NAN = math.nan


def test_cell_table_averages_seeds_and_leaves_out_missing_values():
    table = cell_table(
        [1.0, 3.0, None, 5.0, NAN, math.inf],
        ["a", "a", "a", "b", "b", "b"],
        ["x", "x", "y", "x", "y", "y"],
    )
    np.testing.assert_array_equal(table, [[2.0, NAN], [5.0, NAN]])


def test_cell_table_averages_the_seeds_that_have_a_value():
    np.testing.assert_array_equal(cell_table([4.0, None], ["a", "a"], ["x", "x"]), [[4.0]])


def test_cell_table_refuses_different_lengths():
    with pytest.raises(ValueError, match="2 values, 1 contents, 2 styles"):
        cell_table([1.0, 2.0], ["a"], ["x", "y"])


@pytest.mark.parametrize(
    ("table", "design"),
    [
        ([[1.0, 2.0], [3.0, 4.0]], "crossed"),
        ([[1.0, 2.0], [NAN, 4.0]], "crossed"),
        ([[1.0, 2.0, 3.0]], "styles"),
        ([[1.0, 2.0], [NAN, NAN]], "styles"),
        ([[1.0], [2.0]], "contents"),
        ([[1.0, NAN], [NAN, 2.0]], "matched"),
        ([[NAN, 2.0]], "single"),
        ([[NAN]], "empty"),
    ],
)
def test_design(table, design):
    assert design_of(np.array(table)) == design
