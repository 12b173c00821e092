"""How much means differ from seed to seed, as a table for a paper (booktabs)."""

from __future__ import annotations

import math

import numpy as np

from styleresearch.report.cells import cells_of
from styleresearch.report.choice import Choice, slug
from styleresearch.report.meantable import heading, math_text, words_of
from styleresearch.report.records import RunRecords
from styleresearch.report.sheet import Entry, Row, Sheet
from styleresearch.report.summary import Summary


def latex_text(summary: Summary, run: RunRecords, choice: Choice) -> str:
    """Return the standard deviation between the seeds' means over all pairs, methods by metrics.

    Raises:
        InputError: if the choice names a column that there is not.
    """
    columns = [column for column in choice.headings(summary) if not column.cost]
    seeds = sorted({pair.seed for pair in run.pairs if pair.seed is not None})
    rows = []
    for method in choice.methods(summary):
        entries = []
        for column in columns:
            tables = [cells_of(run, method.name, column, {p for p in run.pairs if p.seed == seed}) for seed in seeds]
            means = [float(np.nanmean(table)) for table in tables if np.isfinite(table).any()]
            spread = float(np.std(means, ddof=1)) if len(means) > 1 else math.nan
            scale = summary.scales[column.name]
            mean = float(np.mean(means)) if means else math.nan
            known = math.isfinite(spread)
            entries.append(
                Entry(f"${math_text(scale.text(spread))}$", f"of ${math_text(scale.text(mean, spread))}$")
                if known
                else Entry("--")
            )
        rows.append(Row(words_of(method.label), entries))
    caption = (
        f"Standard deviation between the means of {len(seeds)} seeds over the same pairs; beneath, the mean over all. "
        "A method that draws nothing has none."
    )
    headings = [heading(summary, column) for column in columns]
    return Sheet("Method", headings, [("", rows)], caption, f"tab:{slug(run.title)}-seeds", choice.width).latex()
