"""What of a run a paper shows, and how."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from styleresearch.errors import InputError, nearest
from styleresearch.report.records import Heading
from styleresearch.report.sheet import Width
from styleresearch.report.summary import Summary
from styleresearch.store.record import MethodName

Interval = Literal["beneath", "pm", "none"]


@dataclass(frozen=True)
class Choice:
    """What tables show.

    Attributes:
        columns: names of metrics and costs, in this order; empty for all metrics.
        floors: whether floor baselines are rows.
        costs: whether costs are columns where ``columns`` names none.
        interval: where the interval of a mean stands: beneath it, as plus or minus, or nowhere.
        width: what a table has to fit: a column of a paper, or its page.
    """

    columns: tuple[str, ...] = ()
    floors: bool = False
    costs: bool = False
    interval: Interval = "beneath"
    width: Width = "column"

    def headings(self, summary: Summary) -> list[Heading]:
        """Return the columns.

        Raises:
            InputError: for a name that the run has not.
        """
        known = {column.name: column for column in summary.columns}
        for name in self.columns:
            if name not in known:
                raise InputError(f"no column {name!r} in this run.{nearest(name, known)} There are: {', '.join(known)}")
        return [known[name] for name in self.columns] or [c for c in summary.columns if self.costs or not c.cost]

    def methods(self, summary: Summary) -> list[MethodName]:
        """Return the rows: without floor baselines, where those are not all that there is."""
        own = [method for method in summary.methods if self.floors or not method.baseline]
        return own or list(summary.methods)


EVERYTHING = Choice(floors=True, costs=True, width="page")
"""What a run's own table shows."""


def slug(title: str) -> str:
    """Return a run's title as a label of LaTeX can hold it: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "comparison"
