"""``styleresearch data``: prepare what networks are trained on, list what is prepared, show what a network sees."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

    from styleresearch.data.datasets import Dataset

# Option of the command -> option of the dataset; which of them a dataset has, its registry entry says.
_OPTIONS = {
    "path": "path",
    "exclude": "exclude",
    "include": "include",
    "broken": "broken",
    "recursive": "recursive",
    "keep_size": "size",
    "name": "dataset",
    "split": "split",
    "image": "image",
    "data_dir": "data_dir",
    "names": "names",
    "count": "count",
    "seed": "seed",
}


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command and its three parts."""
    parser = subparsers.add_parser(
        "data",
        help="prepare, list and show the pictures that networks are trained on",
        description="The pictures that networks are trained on, prepared once and kept in $STYLERESEARCH_CACHE "
        "(default: the platform's cache folder).",
    )
    parts = parser.add_subparsers(required=True, metavar="prepare|list|show")

    part = parts.add_parser("prepare", help="check and convert the pictures now, and name the broken ones")
    _add_dataset(part)
    part.set_defaults(run=run, part=_prepare)

    part = parts.add_parser("list", help="show what is prepared")
    part.set_defaults(run=run, part=_list)

    part = parts.add_parser("show", help="write a contact sheet of training examples")
    _add_dataset(part)
    part.add_argument("--out", required=True, type=Path, help="the picture to write, a .png")
    part.add_argument("--examples", type=int, default=16, help="default: %(default)s")
    part.add_argument("--crop", type=int, default=128, help="side of an example in px; default: %(default)s")
    part.add_argument("--resize", type=int, help="side of the picture before the crop; default: its own")
    part.add_argument("--resize-mode", choices=("short", "long", "squash"), default="short", help="default: short")
    part.add_argument("--no-flip", action="store_true", help="mirror none")
    part.add_argument("--pipeline-seed", type=int, default=0, help="order, crops and flips; default: %(default)s")
    part.set_defaults(run=run, part=_show)


def _add_dataset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dataset", default="folder", help="folder, tfds, painter, photographs; default: %(default)s")
    group = parser.add_argument_group("folder")
    group.add_argument("--path", help="the folder")
    group.add_argument("--exclude", metavar="FILE", help="text file with the names of pictures to leave out")
    group.add_argument("--include", metavar="FILE", help="text file with the names of pictures to take")
    group.add_argument("--recursive", action=argparse.BooleanOptionalAction, help="subfolders too; default: yes")
    group = parser.add_argument_group("tfds")
    group.add_argument("--name", help="the dataset's name as TFDS knows it")
    group.add_argument("--split", help="default: train")
    group.add_argument("--image", metavar="FEATURE", help="default: image")
    group.add_argument("--data-dir", help="where TFDS keeps its data")
    group = parser.add_argument_group("painter, photographs")
    group.add_argument("--names", nargs="+", help="which styles or pictures; default: all")
    group.add_argument("--count", type=int, help="number of paintings")
    group.add_argument("--seed", type=int, help="of the paintings")
    parser.add_argument(
        "--broken", choices=("skip", "fail"), help="folder, tfds: pictures that cannot be read; default: skip"
    )
    parser.add_argument(
        "--size", dest="keep_size", type=int, metavar="PX", help="folder: largest short side kept; painter: height"
    )


def run(args: argparse.Namespace) -> int:
    """Run the part that was asked for and return the exit status."""
    return args.part(args)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, markup=False)


def _dataset(args: argparse.Namespace) -> Dataset:
    """Return the dataset that the options describe, prepared under a progress bar."""
    from styleresearch.cli.display import bars
    from styleresearch.data.datasets import DATASETS

    given: dict[str, Any] = {
        option: value for key, option in _OPTIONS.items() if (value := getattr(args, key)) is not None
    }
    dataset = DATASETS.build({"name": args.dataset, **given})
    with bars(_console()) as display:
        task = display.add_task("", total=None, note="")
        dataset.prepare(lambda what, done, total: display.update(task, description=what, completed=done, total=total))
    return dataset


def _prepare(args: argparse.Namespace) -> int:
    from styleresearch.data.datasets.folder import Folder
    from styleresearch.data.datasets.reported import REPORT, Reported

    dataset, console = _dataset(args), _console()
    console.print(f"{args.dataset}: {len(dataset)} pictures, sha256 {dataset.identity()}")
    if isinstance(dataset, Reported):
        folder, report = dataset.prepared
        said = f"{len(report.broken)} could not be read"
        if isinstance(dataset, Folder):
            said = f"{report.converted} were converted, {said}; {report.others} other files in the folder"
            if dataset.left_out:
                said += f"; {dataset.left_out} pictures left out by include and exclude"
        console.print(said)
        for one in report.broken:
            console.print(f"left out: {one.name}: {one.reason}")
        console.print(f"report: {folder / REPORT}")
    return 0


def _list(_args: argparse.Namespace) -> int:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.filesize import decimal
    from rich.markup import escape
    from rich.table import Table

    from styleresearch.data.datasets import cache
    from styleresearch.data.datasets.prepared import prepared

    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("name", no_wrap=True)
    for column in ("pictures", "on disk", "broken"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("identity", no_wrap=True)
    table.add_column("from", overflow="fold")
    for entry in prepared():
        pictures = "?" if entry.pictures is None else str(entry.pictures)
        row = (entry.name, pictures, decimal(entry.size), str(entry.broken), entry.identity, entry.source)
        table.add_row(*map(escape, row))
    console = Console()
    console.print(table)
    console.print(f"cache: {cache.folder()}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _show(args: argparse.Namespace) -> int:
    from styleresearch.cli.out import check_out
    from styleresearch.data.images import save_image
    from styleresearch.data.pipeline import Pipeline
    from styleresearch.errors import InputError

    if args.out.suffix.lower() != ".png":
        raise InputError(f"--out {args.out}: the contact sheet is a PNG; give a name that ends in .png")
    check_out(args.out)
    if args.examples < 1:
        raise InputError(f"--examples {args.examples}: give 1 or more")
    pipeline = Pipeline(
        _dataset(args),
        batch_size=args.examples,
        crop=args.crop,
        resize=args.resize,
        resize_mode=args.resize_mode,
        flip=not args.no_flip,
        seed=args.pipeline_seed,
    )
    save_image(args.out, _sheet(pipeline.batch(0)["content"]))
    _console().print(f"{args.out}: {args.examples} examples of {args.crop} px from {len(pipeline.content)} pictures")
    return 0


def _sheet(examples: np.ndarray) -> np.ndarray:
    """Return (n, c, c, 3) uint8 examples side by side on white, float in [0, 1]; about as wide as high."""
    import numpy as np

    gap, (count, side) = 4, examples.shape[:2]
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.ones((rows * (side + gap) + gap, columns * (side + gap) + gap, 3), np.float32)
    for i, example in enumerate(examples):
        y, x = (gap + place * (side + gap) for place in divmod(i, columns))
        sheet[y : y + side, x : x + side] = example / np.float32(255)
    return sheet
