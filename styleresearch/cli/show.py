"""``styleresearch show``: what a run directory or a file of trained weights holds."""

from __future__ import annotations

import argparse


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "show",
        help="show what a run directory or a file of trained weights holds",
        description="Show the config of a run, its checkpoints and the digest of their parameters, its last metrics, "
        "the encoder, data and versions that it ran with. A run that is going on is not disturbed.",
    )
    parser.add_argument("source", metavar="RUN_DIR|FILE|zoo:NAME", help="of train, compare or export, or of the zoo")
    parser.set_defaults(run=run, interrupted="nothing was changed")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    from rich.console import Console

    from styleresearch.tasks.show import show

    lines = list(show(args.source))
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(args.source)
    for name, text in lines:
        console.print(f"  {name:<12}{text}")
    return 0
