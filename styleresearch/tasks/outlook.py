"""What a sweep has left to do, what it compiles for it, and what that should cost by the cells that are done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from styleresearch.store import digests
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.cells import Cell
from styleresearch.tasks.sweep import sweep_of, worklist_of
from styleresearch.tasks.trainings import trainings_of, without
from styleresearch.tasks.worklist import Worklist


@dataclass(frozen=True)
class Outlook:
    """What the command says.

    Attributes:
        headings: of the table.
        rows: one for each method that is varied, and one for all.
        notes: what the table cannot say.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def outlook(config: Mapping[str, Any], workdir: Path) -> Outlook:
    """Say what a sweep would do in a directory, which is only read.

    Raises:
        InputError: for anything wrong with the config.
    """
    plan, run = sweep_of(config), RunDirectory(workdir)
    parts = plan.parts()
    training = [each for each in trainings_of(parts) if not each.done(run.trainings)]
    rest = [part for part in without(parts, training) if part.config["methods"]]
    notes = [f"To be trained first, then compared: {', '.join(each.methods)}." for each in training]
    if plan.match is not None:
        notes.append(
            f"Match tries up to {plan.match.budget} further values of {plan.match.field} for each method; their cells "
            "are not counted."
        )
    headings = ("Method", "Done", "Left", "Programs", "s/cell", "Cost", "Seconds")
    if not rest:
        return Outlook(headings, (), tuple(notes))
    worklist = worklist_of(plan, rest, run)
    seconds = _seconds(worklist)
    floors = {worklist.label(cell) for cell in worklist.cells if worklist.works[cell.output].entry.method.baseline}
    known = [each for label, each in seconds.items() if each and label not in floors]
    rows, total, unknown, programs = [], 0.0, 0, set[str]()
    for label, tally in worklist.tallies.items():
        mine = [cell for cell in worklist.left if worklist.label(cell) == label]
        compiled = {program(worklist, cell) for cell in mine}
        each, left = seconds[label], tally.left
        rows.append(
            (
                label,
                f"{tally.done}/{tally.total}",
                str(left),
                str(len(compiled)),
                "?" if each is None else f"{each:.2f}",
                "" if not each or label in floors else f"{each / min(known):.1f} ×",
                "" if not left else "?" if each is None else f"{left * each:.0f}",
            )
        )
        total, unknown, programs = total + left * (each or 0.0), unknown + left * (each is None), programs | compiled
    notes.append(
        f"{len(worklist.left)} of {len(worklist.cells)} cells are left, with {len(programs)} programs to compile: "
        f"about {total:.0f} s in one process, compilation aside"
        + (f", and {unknown} cells of methods of which none is done, so that nobody knows." if unknown else ".")
    )
    return Outlook(headings, tuple(rows), tuple(notes))


def program(worklist: Worklist, cell: Cell) -> str:
    """Return what cells share that run the same compiled programs: all but weights, pictures of one size, and seeds."""
    work, comparison = worklist.works[cell.output], worklist.comparisons[cell.part]
    sizes = comparison.contents[work.content].shape, comparison.styles[work.style].shape
    spec = {name: value for name, value in work.entry.spec.items() if name != "label"}
    encoder = (work.entry.encoder or comparison.suite.encoder).describe()["name"]
    return digests.of_json([_without_weights(spec), encoder, sizes, comparison.precision])


def _without_weights(spec: Any) -> Any:
    if isinstance(spec, Mapping):
        return {key: _without_weights(value) for key, value in spec.items() if key != "weight"}
    return [_without_weights(each) for each in spec] if isinstance(spec, (tuple, list)) else spec


def _seconds(worklist: Worklist) -> dict[str, float | None]:
    """Return label -> seconds of a cell that is left, by those that ran the same programs, else by the method's."""
    found: dict[str, list[float]] = {}
    for cell in worklist.cells:
        record = worklist.records.get(cell.output)
        if record is not None and record.cost.get("seconds") is not None:
            found.setdefault(program(worklist, cell), []).append(float(record.cost["seconds"] or 0.0))
    seconds: dict[str, float | None] = {}
    for label, tally in worklist.tallies.items():
        same = [found.get(program(worklist, cell)) for cell in worklist.left if worklist.label(cell) == label]
        known = [sum(each) / len(each) for each in same if each]
        seconds[label] = sum(known) / len(known) if known else tally.seconds
    return seconds
