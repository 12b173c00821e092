"""``styleresearch data``: prepare what networks are trained on, list what is prepared, show what a network sees."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

    from styleresearch.data.pipeline import Pipeline

_CUT = {"crop": "crop", "resize": "resize", "resize_mode": "resize_mode", "no_flip": "flip", "pipeline_seed": "seed"}
"""Option that says how the pictures of ``--path`` are cut -> what a config calls it."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command and its three parts."""
    parser = subparsers.add_parser(
        "data",
        help="prepare, list and show the pictures that networks are trained on",
        description="The pictures that networks are trained on. Each is read once before; what that shows is kept in "
        "$STYLERESEARCH_CACHE (default: the platform's cache folder).",
    )
    parts = parser.add_subparsers(required=True, metavar="prepare|list|show")

    part = parts.add_parser("prepare", help="read and convert the pictures now, and name the broken ones")
    _add_pictures(part)
    part.set_defaults(run=run, part=_prepare)

    part = parts.add_parser("list", help="show what is prepared")
    part.set_defaults(run=run, part=_list)

    part = parts.add_parser("show", help="write a contact sheet of training examples")
    _add_pictures(part)
    part.add_argument("--out", required=True, type=Path, help="the picture to write, a .png")
    part.add_argument("--examples", type=int, default=16, help="of each kind; default: %(default)s")
    part.add_argument(
        "--step", type=int, default=0, help="the training step whose batch is shown; default: %(default)s"
    )
    group = part.add_argument_group("with --path; a config says so under config.data")
    group.add_argument("--crop", type=int, help="side of an example in px; default: 128")
    group.add_argument("--resize", type=int, help="side of the picture before the crop; default: its own")
    group.add_argument("--resize-mode", choices=("short", "long", "squash"), help="default: short")
    group.add_argument("--no-flip", action="store_const", const=False, help="mirror none")
    group.add_argument("--pipeline-seed", type=int, help="order, crops and flips; default: 0")
    part.set_defaults(run=run, part=_show)


def _add_pictures(parser: argparse.ArgumentParser) -> None:
    of = parser.add_mutually_exclusive_group(required=True)
    of.add_argument("--config", help="a training config, for example configs/adain.py: what its config.data names")
    of.add_argument("--path", help="a folder: all pictures in it and its subfolders, as dict(name='folder', path=...)")


def run(args: argparse.Namespace) -> int:
    """Run the part that was asked for and return the exit status."""
    return args.part(args)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, markup=False)


def _pipeline(args: argparse.Namespace, **cut: Any) -> Pipeline:
    """Return the batches of what the options name; only those of a folder are cut as ``cut`` says."""
    if args.config is not None:
        from styleresearch.config.file import load_config
        from styleresearch.tasks.data import data_of

        return data_of(load_config(args.config, args.overrides))
    from styleresearch.data.pictures import SOURCES
    from styleresearch.data.pipeline import Pipeline
    from styleresearch.errors import InputError

    if args.overrides:
        raise InputError(f"{args.overrides[0]} changes a config: give --config=FILE in place of --path")
    return Pipeline(SOURCES.build({"name": "folder", "path": args.path}), **cut)


def _prepared(pipeline: Pipeline) -> None:
    """Prepare the pictures under a progress bar."""
    from styleresearch.cli.display import bars

    with bars(_console()) as display:
        task = display.add_task("", total=None, note="")
        pipeline.prepare(lambda what, done, total: display.update(task, description=what, completed=done, total=total))


def _prepare(args: argparse.Namespace) -> int:
    pipeline, console = _pipeline(args), _console()
    _prepared(pipeline)
    for key, dataset in pipeline.datasets.items():
        name = args.path if args.config is None else f"data.{key}"
        console.print(f"{name}: {len(dataset)} pictures, sha256 {dataset.identity()}")
        for line in dataset.notes():
            console.print(line)
    return 0


def _list(_args: argparse.Namespace) -> int:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.filesize import decimal
    from rich.markup import escape
    from rich.table import Table

    from styleresearch.data.pictures import cache
    from styleresearch.data.pictures.kept import kept

    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("name", no_wrap=True)
    for column in ("pictures", "on disk", "broken"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("of", overflow="fold")
    for each in kept():
        pictures = "?" if each.pictures is None else str(each.pictures)
        table.add_row(*map(escape, (each.name, pictures, decimal(each.size), str(each.broken), each.source)))
    console = Console()
    console.print(table)
    console.print(f"cache: {cache.folder()}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _show(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from styleresearch.cli.out import check_out
    from styleresearch.data.images import save_image
    from styleresearch.errors import InputError

    if args.out.suffix.lower() != ".png":
        raise InputError(f"--out {args.out}: the contact sheet is a PNG; give a name that ends in .png")
    check_out(args.out)
    if args.examples < 1:
        raise InputError(f"--examples {args.examples}: give 1 or more")
    given = {option: value for option in _CUT if (value := getattr(args, option)) is not None}
    if given and args.config is not None:
        option, value = next(iter(given.items()))
        raise InputError(
            f"--{option.replace('_', '-')} goes with --path; of a config, say --config.data.{_CUT[option]}={value}"
        )
    cut = {"crop": 128, **{_CUT[option]: value for option, value in given.items()}}
    pipeline = replace(_pipeline(args, **cut), batch_size=args.examples)
    _prepared(pipeline)
    save_image(args.out, _sheet(list(pipeline.batch(0).values())))
    console = _console()
    for key, dataset in pipeline.datasets.items():
        name = args.path if args.config is None else f"data.{key}"
        console.print(f"{args.out}: {args.examples} examples of {pipeline.crop} px of {name}, {len(dataset)} pictures")
    return 0


def _sheet(batches: list[np.ndarray]) -> np.ndarray:
    """Return (n, c, c, 3) uint8 examples side by side on white, float in [0, 1]; each kind about as wide as high."""
    import numpy as np

    gap, (count, side) = 4, batches[0].shape[:2]
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.ones((len(batches) * rows * (side + gap) + gap, columns * (side + gap) + gap, 3), np.float32)
    for kind, examples in enumerate(batches):
        for i, example in enumerate(examples):
            row, column = divmod(i, columns)
            y, x = (gap + place * (side + gap) for place in (kind * rows + row, column))
            sheet[y : y + side, x : x + side] = example / np.float32(255)
    return sheet
