"""``styleresearch compare``: methods on the same pictures, evaluated and reported."""

from __future__ import annotations

import argparse
from pathlib import Path

from styleresearch.cli.executors import add_executors, executor_of
from styleresearch.cli.executors import repeated as executor_again
from styleresearch.cli.finish import add_figures, check_figures, finish
from styleresearch.cli.imports import add_option, bring, repeated


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "compare",
        help="stylise the same pairs with several methods, evaluate, report",
        description="Run every method of a config on every pair of its pictures, measure the outputs and write "
        "report.html, table.csv and table.tex. The same command continues an interrupted run. A pair on which a "
        "method fails does not stop the others; the status is 1 then.",
    )
    parser.add_argument("--config", default="configs/quickstart.py", help="default: %(default)s")
    parser.add_argument("--workdir", required=True, type=Path, help="the run directory, created if need be")
    add_executors(parser)
    add_figures(parser)
    add_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the comparison and write its report."""
    from rich.console import Console

    from styleresearch.cli.display import following
    from styleresearch.cli.setup import enable_compilation_cache
    from styleresearch.config.file import load_config
    from styleresearch.tasks.compare import compare
    from styleresearch.tasks.comparison import Comparison

    console = Console(highlight=False)
    check_figures(args.figures)
    executor = executor_of(args)
    enable_compilation_cache()
    bring(args.imports)
    comparison = Comparison.of(load_config(args.config, args.overrides))
    with following(console) as listener:
        failures = compare(comparison, args.workdir, listener, executor, args.imports)
    command = [
        "styleresearch",
        "compare",
        f"--config={args.config}",
        f"--workdir={args.workdir}",
        *executor_again(args),
    ]
    return finish(args.workdir, failures, [*command, *repeated(args.imports), *args.overrides], console, args.figures)
