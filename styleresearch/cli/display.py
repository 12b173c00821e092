"""Live progress of long work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from styleresearch import interrupt

if TYPE_CHECKING:
    from styleresearch.methods.base import Progress as MethodProgress
    from styleresearch.tasks.worklist import Event


class _Bars(Progress):
    """A progress display whose every update is a place where an interrupt is heard."""

    def update(self, *args: Any, **fields: Any) -> None:
        interrupt.check()
        super().update(*args, **fields)


def bars(console: Console) -> Progress:
    """Return a progress display with a description, a bar, a count and the time.

    Its updates raise KeyboardInterrupt when the process was asked to stop, whatever swallowed the first one.
    """
    return _Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
        console=console,
    )


def terms(progress: MethodProgress) -> str:
    """Return the latest loss terms on one line."""
    return "  ".join(
        f"{name} {values[-1]:.4g}" for name, values in progress.history.items() if name != "evaluations" and values
    )


@contextmanager
def following(console: Console) -> Iterator[Callable[[Event], None]]:
    """Show a comparison while it runs: a line for each finished stylisation under a live display."""
    with bars(console) as display:
        overall = display.add_task("comparison", total=None, note="")
        current = display.add_task("", total=1, note="", visible=False)

        def listener(event: Event) -> None:
            display.update(overall, total=event.total, completed=event.done, note=event.note)
            if event.work is None:
                return
            name = f"{event.work.entry.label}  {event.work.pair}"
            if event.error is not None:
                display.console.print(f"{event.done:>4}/{event.total}  {name}  failed", style="red", markup=False)
            elif event.progress is not None:
                step = event.progress
                display.update(
                    current,
                    description=name,
                    total=step.budget,
                    completed=step.evaluations,
                    note=terms(step),
                    visible=True,
                )
            elif event.cost is not None:
                compiled = (
                    f" (+ {event.cost.compile_seconds:.1f} s compiling)" if event.cost.compile_seconds > 1 else ""
                )
                display.console.print(
                    f"{event.done:>4}/{event.total}  {name}  {event.cost.seconds:.1f} s{compiled}", markup=False
                )
                display.update(current, visible=False)

        yield listener
