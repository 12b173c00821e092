"""``styleresearch report``: the report of a run anew, and what a paper needs of it."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "report",
        help="write the report of a run anew, and tables, figures and text for a paper",
        description="Write report.html and the tables of a run directory anew. With --paper also a folder for a paper: "
        "tables that fit its column, differences with p-values, the pictures, profiles, ranks, curves and the plane as "
        "PDF, a methods paragraph, every value as pairs.csv, and paper.tex, which shows how all of it is used.",
    )
    parser.add_argument("run_dir", metavar="RUN_DIR", type=Path, help="of compare, sweep or evaluate")
    parser.add_argument("--paper", metavar="OUT", type=Path, help="the folder for a paper")
    parser.add_argument(
        "--reference", help="method that differences are taken to; default: the config's, else the first"
    )
    parser.add_argument(
        "--columns", help="metrics and costs of the tables, such as content_loss,ssim; default: metrics"
    )
    parser.add_argument("--floors", action="store_true", help="with the floor baselines as rows")
    parser.add_argument("--costs", action="store_true", help="with the costs as columns")
    parser.add_argument(
        "--interval",
        choices=("beneath", "pm", "none"),
        default="beneath",
        help="where the interval of a mean stands; default: %(default)s",
    )
    parser.add_argument(
        "--width", choices=("column", "page"), default="column", help="what tables must fit; default: %(default)s"
    )
    parser.add_argument(
        "--pair",
        metavar="CONTENT__STYLE",
        action="append",
        default=[],
        help="a pair of the grid of pictures; may be repeated; default: eight",
    )
    parser.set_defaults(run=run, interrupted="the same command writes the rest")


def run(args: argparse.Namespace) -> int:
    """Write them."""
    from rich.console import Console

    from styleresearch.report.choice import Choice
    from styleresearch.report.html import write_report
    from styleresearch.report.paper import write_paper

    console = Console(highlight=False, soft_wrap=True, markup=False)
    if args.paper is not None:
        columns = tuple(name.strip() for name in args.columns.split(",")) if args.columns else ()
        choice = Choice(columns, args.floors, args.costs, args.interval, args.width)
        written = write_paper(args.run_dir, args.paper, choice, args.reference, args.pair)
        console.print(f"Paper: {args.paper.resolve()}: {', '.join(path.name for path in written)}")
    else:
        report = write_report(args.run_dir, reference=args.reference, command=_command(args.run_dir))
        console.print(f"Report: {report.resolve()}")
    return 0


def _command(run_dir: Path) -> str | None:
    """Return a command that repeats a comparison from its own config; None for what evaluate measured."""
    import shlex

    from styleresearch.store.rundir import RunDirectory

    files = RunDirectory(run_dir)
    if not files.outputs.path.is_file() or not files.config.is_file():
        return None
    return shlex.join(["styleresearch", "compare", f"--config={files.config}", f"--workdir={run_dir}"])
