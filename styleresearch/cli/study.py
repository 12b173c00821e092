"""``styleresearch study``: make a user study of a run as one page, and say what its votes say."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command and its parts."""
    parser = subparsers.add_parser(
        "study",
        help="make a user study of a run, and analyse its votes",
        description="Make a page on which raters compare the outputs of a run's methods, two at a time, and say what "
        "their votes say.",
    )
    parts = parser.add_subparsers(required=True, metavar="make|analyse")
    part = parts.add_parser(
        "make",
        help="write the page and its protocol",
        description="Write study.html, one file that raters open in a browser and that needs no network, and "
        "protocol.json, which their votes are analysed with. What is asked, of which methods and how often stands in "
        "config.study of the run, or is given as --OPTION=VALUE: --question, --trials, --repeats, --catches, --ties, "
        "--methods, --floors, --pairs, --side, --seed and so on.",
    )
    part.add_argument("run_dir", metavar="RUN_DIR", type=Path, help="a run directory of compare or evaluate")
    part.add_argument("--out", metavar="DIR", type=Path, required=True, help="the folder of the study")
    for name in ("consent", "instructions"):
        part.add_argument(f"--{name}", metavar="FILE", type=Path, help=f"a text file with the {name}")
    part.set_defaults(run=run, part=_make, options={}, interrupted="nothing was written")
    part = parts.add_parser(
        "analyse",
        help="say what votes say",
        description="Fit the Bradley-Terry model to votes, with 95 percent intervals for other raters, contents and "
        "styles, and say how far the raters can be trusted. Raters who missed too many catch trials are left out, as "
        "the protocol states.",
    )
    part.add_argument(
        "source",
        metavar="STUDY_DIR|VOTES.csv",
        type=Path,
        help="the folder of a study; or votes from elsewhere, a CSV with the columns rater, content, style, left, "
        "right, winner",
    )
    part.add_argument("votes", metavar="VOTES.json", type=Path, nargs="*", help="the files that raters saved")
    part.add_argument("--reference", metavar="METHOD", help="whom the others are compared with; default: the first")
    part.add_argument("--out", metavar="DIR", type=Path, help="also write study.csv, study.tex and study.txt there")
    part.set_defaults(run=run, part=_analyse, interrupted="nothing was written")


def run(args: argparse.Namespace) -> int:
    """Run the part that was asked for and return the exit status."""
    return args.part(args)


def _make(args: argparse.Namespace) -> int:
    from rich.console import Console

    from styleresearch.errors import InputError
    from styleresearch.tasks.study import make

    options: dict[str, Any] = dict(args.options)
    for name in ("consent", "instructions"):
        if (file := getattr(args, name)) is not None:
            try:
                options[name] = file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise InputError(f"--{name} {file}: {getattr(error, 'strerror', None) or error}") from error
    made = make(args.run_dir, args.out, options)
    plan = made.protocol
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(f"{len(plan.methods)} methods, {len(plan.cells)} pairs of content and style; for each rater:")
    console.print(f"  {plan.trials} trials, {plan.repeats} repeats, {plan.catches} catch trials", end="")
    console.print(f" (excluded if more than {plan.most_missed} missed)" if plan.catches else "")
    console.print(f"Page: {made.page.resolve()} ({made.size / 1e6:.1f} MB)")
    console.print(f"Protocol: sha256 {plan.digest}; keep it beside the page")
    return 0


def _analyse(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from styleresearch.report import study_tables
    from styleresearch.store import atomic
    from styleresearch.tasks.study import analyse

    found = analyse(args.source, args.votes, args.reference)
    paragraph = study_tables.paragraph(found)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        texts = {
            "csv": study_tables.csv_text(found),
            "tex": study_tables.latex_text(found),
            "txt": f"{paragraph}\n",
        }
        for kind, text in texts.items():
            atomic.write(args.out / f"study.{kind}", text)
    console = Console(highlight=False, markup=False)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for index, heading in enumerate(study_tables.headings(found)):
        table.add_column(heading, justify="right" if index else "left", overflow="fold", no_wrap=index > 0)
    for row in study_tables.rows(found):
        table.add_row(*row)
    console.print(table)
    for line in study_tables.checks(found):
        console.print(line, soft_wrap=True)
    console.print(f"\n{paragraph}", soft_wrap=True)
    if args.out is not None:
        console.print(f"\nWritten: {args.out / 'study'}.csv, .tex, .txt", soft_wrap=True)
    return 0
