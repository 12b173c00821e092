"""From records to tables of cells: a method's values of one column, contents by styles."""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np
from jaxtyping import Float

from styleresearch.evaluation.statistics.cells import cell_table
from styleresearch.report.records import Heading, RunRecords
from styleresearch.store.record import Pair


def cells_of(
    run: RunRecords, method: str, column: Heading, pairs: Container[Pair] | None = None
) -> Float[np.ndarray, "contents styles"]:
    """Return the cell table over the pairs of the whole run, so that tables of different methods line up.

    Values of other pairs than ``pairs`` are missing in it.
    """
    values: list[float | None] = []
    records = run.of_method(method)
    for pair in run.pairs:
        record = records.get(pair) if pairs is None or pair in pairs else None
        values.append(None if record is None else column.value(record))
    return cell_table(values, [pair.content for pair in run.pairs], [pair.style for pair in run.pairs])


def by_ratio(run: RunRecords, column: Heading, methods: Iterable[str]) -> bool:
    """Return whether methods are compared by their ratio in a column: it is a loss, and all their values are above 0.

    Losses and distances are skewed, and their size differs from style to style; their ratios are alike.
    """
    if column.cost or column.better != "lower":
        return False
    tables = [cells_of(run, method, column) for method in methods]
    return all(bool((table[np.isfinite(table)] > 0).all()) for table in tables)
