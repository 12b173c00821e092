"""``styleresearch check``: whether a loss, a metric or a method is sound, and a card of one page that says so."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "check",
        help="check whether a loss, a metric or a method is sound",
        description="Examine a loss on made features: finite values and gradients, finite differences, batches, "
        "identity, symmetries, scale laws, resolutions, rounding and cost; or a metric or a method on random pictures. "
        "Its options are given as --OPTION=VALUE. What it declares is held against it; what it does not is measured "
        "and shown. The status is 1 if a property does not hold.",
    )
    parser.add_argument("target", metavar="NAME|FILE.py[:NAME]", help="what is registered, or what a file of yours has")
    parser.add_argument("--out", type=Path, metavar="CARD.html", help="write all that was found as a page of HTML")
    parser.add_argument(
        "--size",
        type=int,
        help="side of the pictures in px, of a loss those for which cost is measured; default: 128, 192 for a metric, "
        "64 for a method",
    )
    parser.set_defaults(run=run, options={}, interrupted="nothing was written")


def run(args: argparse.Namespace) -> int:
    """Check it, print a line for each property and write the card."""
    from rich.console import Console

    from styleresearch.checks.finding import Finding
    from styleresearch.report.card import check_place, write_card
    from styleresearch.tasks.check import check

    console = Console(highlight=False, soft_wrap=True, markup=False)
    marks = {"pass": ("pass", "green"), "fail": ("FAIL", "bold red"), "fact": ("    ", "")}

    def told(finding: Finding) -> None:
        mark, colour = marks[finding.verdict]
        console.print(f"{mark}  ", style=colour, end="")
        console.print(f"{finding.group + ': ' + finding.title:<52}  {finding.measured}")
        if finding.advice:
            console.print(f"      {finding.advice}")

    if args.out is not None:
        check_place(args.out)
    card = check(args.target, args.options, args.size, told)
    console.print(card.verdict)
    if args.out is not None:
        write_card(card, args.out)
        console.print(f"card: {args.out}")
    return 1 if card.failed else 0
