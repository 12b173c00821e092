"""The table of cells: one value for each content (row) and style (column), and what varies between its cells.

Every method stylises the same contents with the same styles, so images that share a content (or a style) are alike
and are not independent draws. All statistics here therefore take the cells of a table, and not a list of images.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float

Design = Literal["crossed", "styles", "contents", "matched", "single", "empty"]
"""What varies between the cells of a table; see ``design_of``."""


def cell_table(
    values: Sequence[float | None], contents: Sequence[Hashable], styles: Sequence[Hashable]
) -> Float[np.ndarray, "contents styles"]:
    """Arrange one value per image as contents (rows) by styles (columns), in order of first appearance.

    Several values of one cell (seeds) are averaged, so that each cell counts once. ``None``, NaN and infinities are
    missing values: they are left out of the average, and a cell with none left is NaN.

    Raises:
        ValueError: if the three sequences differ in length.
    """
    if not len(values) == len(contents) == len(styles):
        raise ValueError(f"lengths differ: {len(values)} values, {len(contents)} contents, {len(styles)} styles")
    rows = {name: index for index, name in enumerate(dict.fromkeys(contents))}
    columns = {name: index for index, name in enumerate(dict.fromkeys(styles))}
    total = np.zeros((len(rows), len(columns)))
    count = np.zeros((len(rows), len(columns)))
    for value, content, style in zip(values, contents, styles, strict=True):
        if value is not None and math.isfinite(value):
            total[rows[content], columns[style]] += value
            count[rows[content], columns[style]] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def design_of(table: Float[np.ndarray, "contents styles"]) -> Design:
    """Say what varies between the cells that have a value.

    ``crossed``: several contents and several styles, some of them shared. ``styles`` or ``contents``: only that
    factor varies. ``matched``: several of both and none used twice, so the pairs are independent. ``single`` and
    ``empty``: one value, none.
    """
    present = np.isfinite(table)
    cells, rows, columns = int(present.sum()), int(present.any(axis=1).sum()), int(present.any(axis=0).sum())
    if cells == 0:
        return "empty"
    if cells == 1:
        return "single"
    if rows == 1:
        return "styles"
    if columns == 1:
        return "contents"
    return "matched" if rows == columns == cells else "crossed"


def constant(values: Float[np.ndarray, " n"]) -> bool:
    """Return whether values differ by rounding alone."""
    return float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max())
