"""``styleresearch plan``: how many contents and styles a comparison needs, from a pilot run."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "plan",
        help="say how many contents and styles a difference needs, from a pilot run",
        description="From the spread of the differences in a run: the smallest difference that its design finds in "
        "80 % of experiments, and how many contents and styles find a smaller one.",
    )
    parser.add_argument("run_dir", metavar="RUN_DIR", type=Path, help="of compare or evaluate: the pilot")
    parser.add_argument(
        "--difference",
        type=float,
        metavar="X",
        help="to be found: in the metric's unit, or a factor such as 1.2 for losses; default: half of the smallest",
    )
    parser.add_argument("--metric", metavar="NAME", help="of this metric alone; default: all")
    parser.add_argument("--reference", metavar="NAME", help="the method that others are compared with")
    parser.set_defaults(run=run, interrupted="nothing was changed")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    from styleresearch.report.planning import plan_lines
    from styleresearch.report.reading import read_run
    from styleresearch.report.summary import summarise

    for line in plan_lines(summarise(read_run(args.run_dir), args.reference), args.metric, args.difference):
        print(line)
    return 0
