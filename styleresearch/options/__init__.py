"""What values an option takes: its annotation says so, and whoever gives another is told in one line."""

from styleresearch.options.arguments import Entry, checked, hints_of, options_of, problems_of, settle
from styleresearch.options.bounds import (
    Between,
    Channels,
    Count,
    Decay,
    Epsilon,
    Layers,
    Length,
    Positive,
    Seed,
    Share,
    Weight,
    bounds_of,
)
from styleresearch.options.values import Unfit, said, setting, settled, shown

__all__ = [
    "Between",
    "Channels",
    "Count",
    "Decay",
    "Entry",
    "Epsilon",
    "Layers",
    "Length",
    "Positive",
    "Seed",
    "Share",
    "Unfit",
    "Weight",
    "bounds_of",
    "checked",
    "hints_of",
    "options_of",
    "problems_of",
    "said",
    "setting",
    "settle",
    "settled",
    "shown",
]
