"""``styleresearch reproduce``: the table of a run made again, and which of its cells moved."""

from __future__ import annotations

import argparse
from pathlib import Path

from styleresearch.cli.finish import finish
from styleresearch.cli.imports import add_option, bring, repeated


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "reproduce",
        help="make the table of a run again and say which cells moved",
        description="Run the comparison of a run directory again from its config.json in a new directory, and say "
        "which cells of the table moved, by how much, and whether beyond their 95 percent interval; reproduction.json "
        "there has it for programs. Where versions, weights, pictures or modules are not those of then, they are "
        "listed and nothing is run. The status is 1 if a cell moved beyond its interval, 2 if nothing was run.",
    )
    parser.add_argument("run_dir", metavar="RUN_DIR", type=Path, help="a run directory of compare")
    parser.add_argument("--workdir", type=Path, help="the new run directory; default: RUN_DIR-again, beside it")
    parser.add_argument("--anyway", action="store_true", help="go on where something is not as it was then")
    parser.add_argument(
        "--kept",
        action="store_true",
        help="use the pictures that the run kept in its inputs/, not those that its config names",
    )
    add_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make it again, say what moved, and write its report."""
    from rich.console import Console
    from rich.table import Table

    from styleresearch.cli.display import following
    from styleresearch.cli.setup import enable_compilation_cache
    from styleresearch.store.rundir import RunDirectory
    from styleresearch.tasks.reproduce import check, prepare, reproduce

    console = Console(highlight=False, markup=False)
    workdir = args.workdir or args.run_dir.resolve().with_name(f"{args.run_dir.resolve().name}-again")
    enable_compilation_cache()
    bring(args.imports)
    again = prepare(args.run_dir, args.kept)
    check(again, workdir, args.anyway)
    for line in (*again.notes, *(f"not as then: {each}" for each in again.differences)):
        console.print(line, soft_wrap=True)
    with following(console) as listener:
        outcome = reproduce(again, workdir, listener)
    console.print(f"{outcome.equal} of {outcome.pictures} pictures are equal bit by bit", soft_wrap=True)
    moved = [cell for cell in outcome.cells if cell.verdict != "same" and not cell.column.cost]
    if moved:
        table = Table("Method", "Metric", "Then (95 % interval) -> now", "", box=None, pad_edge=False)
        for cell in sorted(moved, key=lambda cell: cell.verdict == "within"):
            said = {"within": "within", "beyond": "BEYOND", "gone": "gone", "new": "new"}[cell.verdict]
            table.add_row(cell.method.label, cell.column.label, cell.text, said)
        console.print(table)
    same, within, beyond, gone = (outcome.count(verdict) for verdict in ("same", "within", "beyond", "gone"))
    console.print(
        f"cells: {same} the same to the last digit, {within} moved within their interval, {beyond} beyond it"
        f"{f', {gone} gone' if gone else ''}; {RunDirectory(workdir).reproduction}",
        soft_wrap=True,
    )
    command = ["styleresearch", "reproduce", str(args.run_dir), f"--workdir={workdir}"]
    command += [*(["--anyway"] if args.anyway else []), *(["--kept"] if args.kept else []), *repeated(args.imports)]
    status = finish(workdir, outcome.failures, command, console)
    return status or (0 if outcome.held else 1)
