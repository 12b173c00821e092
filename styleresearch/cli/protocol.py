"""``styleresearch protocol``: the pictures of a fixed protocol, for others to run their methods on."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "protocol",
        help="write contents and styles of a fixed protocol for others to run on",
        description="Write content/ and style/ as PNG pictures of one framing, pairs.csv, and protocol.json with the "
        "sha256 of each picture and of all. Others run their programs on these; evaluate --protocol=DIR measures what "
        "came of it, and a comparison names the two folders.",
    )
    parser.add_argument("--contents", required=True, type=Path, help="folder of content pictures")
    parser.add_argument("--styles", required=True, type=Path, help="folder of style pictures")
    parser.add_argument("--out", required=True, type=Path, help="the folder to write")
    parser.add_argument("--size", type=int, default=512, help="short side in px; default: %(default)s")
    parser.add_argument(
        "--keep-aspect", action="store_true", help="keep the aspect ratio; by default squares are cut out of the middle"
    )
    parser.add_argument(
        "--count", metavar="CONTENTSxSTYLES", help="draw so many, such as 20x40, at random; default: all pictures"
    )
    parser.add_argument("--seed", type=int, default=0, help="of that draw; default: %(default)s")
    parser.set_defaults(run=run, interrupted="the same command writes the rest")


def run(args: argparse.Namespace) -> int:
    """Write it and say how it goes on."""
    from rich.console import Console

    from styleresearch.tasks.protocol import write_protocol

    found = write_protocol(
        args.contents, args.styles, args.out, args.size, not args.keep_aspect, _count(args.count), args.seed
    )
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(f"{args.out}: {found.contents} contents x {found.styles} styles, sha256 {found.digest}")
    console.print(f"Then: styleresearch evaluate --protocol={args.out} --outputs=NAME=DIR --out=DIR")
    return 0


def _count(text: str | None) -> tuple[int, int] | None:
    from styleresearch.errors import InputError

    if text is None:
        return None
    contents, _, styles = text.lower().replace("×", "x").partition("x")
    try:
        found = int(contents), int(styles)
    except ValueError:
        found = 0, 0
    if min(found) < 1:
        raise InputError(f"--count={text}: give how many contents and styles, such as 20x40")
    return found
