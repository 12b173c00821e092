"""How a command that measures ends: what failed is told, what is there is reported."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from styleresearch.store.failures import Failure

_SHOWN = 20


def add_figures(parser: argparse.ArgumentParser) -> None:
    """Add the option that asks for figures."""
    parser.add_argument(
        "--figures",
        action="store_true",
        help="also draw the grid of pictures and the plane of two metrics for a paper, as PDF and SVG, with matplotlib",
    )


def check_figures(wanted: bool) -> None:
    """Raise InputError if figures are wanted and cannot be drawn, before there is work to wait for."""
    if wanted:
        from styleresearch.report import figures

        figures.check_figures()


def finish(
    run: Path, failures: Sequence[Failure], command: Sequence[str], console: Console, figures: bool = False
) -> int:
    """Tell what failed, write the report, and return the command's status: 1 if something failed."""
    from styleresearch.report.html import write_report
    from styleresearch.store.rundir import RunDirectory

    for failure in failures[:_SHOWN]:
        print(f"styleresearch: {failure}", file=sys.stderr)
    measured = bool(RunDirectory(run).records.read())
    if failures:
        more = f"and {len(failures) - _SHOWN} more; " if len(failures) > _SHOWN else ""
        print(
            f"styleresearch: {more}{len(failures)} failed{'' if measured else ', nothing is left to report'}; "
            f"{RunDirectory(run).failures} has the whole of each error, the same command tries them again",
            file=sys.stderr,
        )
    if measured:
        report = write_report(run, command=shlex.join([*command, *(["--figures"] if figures else [])]))
        console.print(f"Report: {report.resolve()}", soft_wrap=True, markup=False)
    if measured and figures:
        from styleresearch.report.figures import write_figures
        from styleresearch.report.reading import read_run

        names = ", ".join(path.name for path in write_figures(read_run(run)))
        console.print(f"Figures beside it: {names}", soft_wrap=True, markup=False)
    return 1 if failures else 0
