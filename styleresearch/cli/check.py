"""``styleresearch check``: whether a loss, a metric or a method keeps what one must."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from styleresearch.cli.imports import add_option, bring

if TYPE_CHECKING:
    from rich.console import Console

    from styleresearch.checks.finding import Finding

_MARKS = {"pass": ("pass", "green"), "fail": ("FAIL", "bold red"), "fact": ("  --", "dim")}


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "check",
        help="examine a loss, a metric or a method of yours or ours",
        description="Examine a loss, a metric or a method and print a line for each property: pass, FAIL, or -- for "
        "what is measured and promised nowhere. A loss is given features made directly, for every layer that it "
        "names; metrics and methods random pictures and a small encoder with random weights. The status is 1 if a "
        "property does not hold.",
        epilog="Any other --OPTION VALUE is one of its own, such as --layers \"('relu1_1', 'relu2_1')\"; "
        "docs/reference.md lists them, docs/check.md says what each property means.",
    )
    parser.add_argument(
        "what", metavar="NAME|FILE.py:NAME", help="what is registered, or registered by a file of yours"
    )
    parser.add_argument("--kind", choices=("loss", "metric", "method"), help="which, where several have the name")
    parser.add_argument("--out", type=Path, help="also write the card as one HTML page, for a paper's supplement")
    parser.add_argument(
        "--size", type=int, help="side of the pictures in px, of a loss those for which cost is measured; default: 128"
    )
    add_option(parser)
    parser.set_defaults(run=run, options={}, interrupted="nothing was written")


def run(args: argparse.Namespace) -> int:
    """Examine it, a line as soon as something is found, and write the card."""
    from rich.console import Console

    from styleresearch.cli.out import check_out
    from styleresearch.data.framing import Side
    from styleresearch.errors import InputError
    from styleresearch.options import setting
    from styleresearch.report.card import write_card
    from styleresearch.tasks.check import card, find, findings, split

    if args.out is not None:
        check_out(args.out)
        if args.out.suffix.lower() not in (".html", ".htm"):
            raise InputError(f"--out {args.out}: the card is a page; name a file that ends in .html")
    size = setting("size", args.size, Side | None)
    bring(args.imports)
    file, _ = split(args.what)
    if file is not None:
        bring([str(file)], named="check")
    meant = find(args.what, args.kind, args.options)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{meant.kind} {meant.name}", markup=False)
    found: list[Finding] = []
    for finding in findings(meant, size):
        _show(console, finding)
        found.append(finding)
    done = card(meant, found)
    console.print(
        f"{done.count('pass')} passed, {done.count('fail')} failed, {done.count('fact')} measured", markup=False
    )
    if args.out is not None:
        console.print(f"Card: {write_card(args.out, done).resolve()}", markup=False)
    return 1 if done.failed else 0


def _show(console: Console, finding: Finding) -> None:
    from rich.markup import escape

    mark, style = _MARKS[finding.verdict]
    title = f"{finding.group}: {finding.title}"
    console.print(f"[{style}]{mark}[/]  {escape(title):<46} {escape(finding.measured)}")
    if finding.advice:
        console.print(f"      {finding.advice}", markup=False)
