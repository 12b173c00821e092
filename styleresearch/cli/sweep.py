"""``styleresearch sweep``: a comparison over grids of options, at matched values, wherever there are machines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from styleresearch.cli.executors import add_executors, executor_of
from styleresearch.cli.executors import repeated as executor_again
from styleresearch.cli.finish import add_figures, check_figures, finish
from styleresearch.cli.imports import add_option, bring, repeated

if TYPE_CHECKING:
    from rich.console import Console


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "sweep",
        help="compare over grids of weights, layers, encoders, sizes; at equal content; on several machines",
        description="Run a comparison over the axes of a config's sweep, train first what is to be trained, bring "
        "methods to the value of a metric that the config's match names, and report. What is finished is not done "
        "again: the same command continues, whoever did the rest.",
    )
    parser.add_argument("--config", required=True, help="for example experiments/style_weight.py")
    parser.add_argument("--workdir", required=True, type=Path, help="the run directory, created if need be")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what is left, what compiles and what it should cost by the cells that are done; do nothing",
    )
    parser.add_argument(
        "--shard",
        metavar="I/N",
        help="do the I-th of N shares, in a run directory that all share: for any scheduler that starts one command "
        "N times. The last one reports, and so does the command without --shard; start the shards of a sweep that "
        "trains once more after the training",
    )
    add_executors(parser)
    add_figures(parser)
    add_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the sweep and write its report, or say what it would do."""
    from rich.console import Console

    from styleresearch.cli.live import table
    from styleresearch.cli.setup import enable_compilation_cache
    from styleresearch.config.file import load_config
    from styleresearch.executors.shard import Shard
    from styleresearch.tasks.sweep import sweep

    console = Console(highlight=False)
    shard = None if args.shard is None else Shard.of(args.shard)
    check_figures(args.figures)
    executor = executor_of(args)
    enable_compilation_cache()
    bring(args.imports)
    config = load_config(args.config, args.overrides)
    if args.dry_run:
        return _outlook(config, args.workdir, console)
    with table(console) as listener:
        found = sweep(config, args.workdir, listener, executor, shard, args.imports)
    if found.left or found.waiting:
        waiting = f", and those of {', '.join(found.waiting)} once they are trained" if found.waiting else ""
        console.print(
            f"Shard {args.shard} has done its share. Others have {found.left} cells left{waiting}; the last one "
            "reports, and so does the command without --shard.",
            soft_wrap=True,
            markup=False,
        )
        return 1 if found.failures else 0
    command = ["styleresearch", "sweep", f"--config={args.config}", f"--workdir={args.workdir}", *executor_again(args)]
    return finish(
        args.workdir, found.failures, [*command, *repeated(args.imports), *args.overrides], console, args.figures
    )


def _outlook(config: dict, workdir: Path, console: Console) -> int:
    from rich.table import Table

    from styleresearch.tasks.outlook import outlook

    found = outlook(config, workdir)
    table = Table(*found.headings, box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for row in found.rows:
        table.add_row(*row)
    console.print(table, markup=False)
    for note in found.notes:
        console.print(note, soft_wrap=True, markup=False)
    return 0
