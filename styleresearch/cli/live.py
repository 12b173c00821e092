"""A live table of a sweep: done, running, failed, seconds of a cell and time left of each method."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from styleresearch import interrupt

if TYPE_CHECKING:
    from styleresearch.tasks.worklist import Event, Tally

_HEADINGS = ("Method", "Done", "Running", "Failed", "s/cell", "Time left")


@contextmanager
def table(console: Console) -> Iterator[Callable[[Event], None]]:
    """Show a sweep while it runs; a terminal that is none gets a line for what fails, and the table at the end."""
    shown = _Shown()
    with Live(console=console, refresh_per_second=4, get_renderable=shown.rendered) as live:

        def listener(event: Event) -> None:
            interrupt.check()
            if event.error is not None and event.work is not None:
                name = f"{event.work.entry.label}  {event.work.pair}"
                live.console.print(f"{event.done:>4}/{event.total}  {name}  failed", style="red", markup=False)
            shown.take(event)

        yield listener
    if not console.is_terminal:  # which would have ended the last line
        console.print()


class _Shown:
    """What the table holds."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._spent = 0.0
        self._event: Event | None = None
        self._note = ""

    def take(self, event: Event) -> None:
        """Take news."""
        self._event, self._note = event, event.note
        if event.cost is not None:
            self._spent += event.cost.seconds
        if event.progress is not None and event.work is not None:
            step = event.progress
            self._note = f"{event.work.entry.label}, {event.work.pair}: {step.evaluations} of {step.budget}"

    def rendered(self) -> Table:
        """Return the table as it is now."""
        found = Table(*_HEADINGS, box=None, pad_edge=False, padding=(0, 3, 0, 0), caption=Text(self._note, style="dim"))
        for heading in found.columns[1:]:
            heading.justify = "right"
        tallies = {} if self._event is None else self._event.tallies
        for label, tally in tallies.items():
            found.add_row(Text(label), *self._texts(tally))
        return found

    def _texts(self, tally: Tally) -> list[str]:
        seconds = tally.seconds
        # Cells cost what those before did, and are done side by side as those of this call were.
        beside = max(1.0, self._spent / max(time.monotonic() - self._began, 1e-3))
        left = "" if not tally.left else "not known" if seconds is None else clock(tally.left * seconds / beside)
        return [
            f"{tally.done}/{tally.total}",
            str(tally.running or ""),
            str(tally.failed or ""),
            "" if seconds is None else f"{seconds:.2f}",
            left,
        ]


def clock(seconds: float) -> str:
    """Return a time as people write it."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
