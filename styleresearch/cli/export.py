"""``styleresearch export``: a trained method as one file."""

from __future__ import annotations

import argparse
from pathlib import Path

from styleresearch.cli.imports import add_option, bring


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "export",
        help="write a trained method as one file",
        description="Write a trained method as one file: NAME.safetensors holds its weights and what its run wrote of "
        "itself, for --checkpoint of the other commands; NAME.stablehlo is a program for pictures of any size that "
        "needs nothing but JAX (docs/export.md).",
    )
    parser.add_argument(
        "--checkpoint",
        required=True,
        help="a run directory of train, a file of export, or zoo:NAME",
    )
    parser.add_argument("--out", required=True, type=Path, help="the file to write: .safetensors or .stablehlo")
    parser.add_argument("--dtype", choices=("float32", "float16"), help=".safetensors; default: float32")
    parser.add_argument("--height", type=int, help=".stablehlo: only pictures of this height; default: any")
    parser.add_argument("--width", type=int, help=".stablehlo: only pictures of this width; default: any")
    add_option(parser)
    parser.set_defaults(run=run, interrupted="nothing was written")


def run(args: argparse.Namespace) -> int:
    """Write the file and say what it is."""
    from rich.console import Console
    from rich.filesize import decimal

    from styleresearch.cli.out import check_out
    from styleresearch.errors import InputError
    from styleresearch.tasks.export import check_suffix, export
    from styleresearch.tasks.trained import load, place_of

    check_suffix(args.out)
    is_program = args.out.suffix != ".safetensors"
    if (args.height is None) != (args.width is None):
        raise InputError("--height and --width go together; without them a program takes pictures of any size")
    if args.height is not None and not is_program:
        raise InputError("--height and --width go with a program (.stablehlo); weights have no size")
    if args.dtype is not None and is_program:
        raise InputError("--dtype goes with .safetensors; a program computes and is stored in float32")
    source = place_of(args.checkpoint)
    if args.out.resolve() == source.resolve():
        raise InputError(f"--out {args.out} is the file that comes in; name another")
    check_out(args.out)

    bring(args.imports)
    trained = load(args.checkpoint)
    size = None if args.height is None else (args.height, args.width)
    program = export(trained, args.out, size, args.dtype or "float32")
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(
        f"Exported: {args.out} ({decimal(args.out.stat().st_size)}), {trained.step} steps of {args.checkpoint}"
    )
    if program is not None:
        console.print(f"{program}, float32")
        if trained.styles:
            console.print(f"mix: shares of {', '.join(trained.styles)}")
        console.print("How to call it: docs/export.md")
    return 0
