"""``styleresearch plan``: how many contents and styles a difference needs, from a run that is there."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "plan",
        help="say how many contents and styles a difference needs",
        description="From a pilot run of compare or evaluate, say which differences between methods a comparison of "
        "its size finds, and how many contents and styles a given one needs. Found means: in 80 percent of such "
        "comparisons the 95 percent interval of the difference excludes 0.",
    )
    parser.add_argument("run_dir", metavar="RUN_DIR", type=Path, help="a run directory of compare or evaluate")
    parser.add_argument("--metric", metavar="NAME", help="a metric of the run; default: all of them")
    parser.add_argument(
        "--difference",
        metavar="X",
        type=float,
        help="the difference to find, of the metric that --metric names: a ratio, such as 0.9, for losses, else in the "
        "metric's unit; default: what this run finds, a half and a quarter of it",
    )
    parser.set_defaults(run=run, interrupted="nothing was changed")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    from styleresearch.tasks.plan import plan

    found = plan(args.run_dir, args.metric, args.difference)
    console = Console(highlight=False, markup=False)
    console.print(found.intro, soft_wrap=True)
    if found.rows:
        table = Table(*found.headings, box=None, pad_edge=False, padding=(0, 3, 0, 0))
        for row in found.rows:
            table.add_row(*row)
        console.print(table)
    for note in found.notes:
        console.print(note, soft_wrap=True)
    return 0
