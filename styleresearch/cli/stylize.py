"""``styleresearch stylize``: one picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from styleresearch.cli.imports import add_option, bring

_LARGE = 1_000_000
"""Pixels from which an optimisation on a CPU takes long enough to say so."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "stylize",
        help="stylise one picture",
        description="Stylise one picture with the method of a config. Several --style are mixed by --style-weight or "
        "kept apart by --content-mask (white: here), one for each --style.",
        epilog="Any other --OPTION VALUE is one of the method's own, such as --evaluations (the budget of an "
        "optimisation) or --strength (from content, 0, to style, 1); docs/reference.md lists them.",
    )
    parser.add_argument("--content", required=True, type=Path, help="the photograph")
    parser.add_argument(
        "--style",
        action="append",
        default=[],
        help="the painting; may be repeated; left out for a method that learned one domain",
    )
    parser.add_argument("--out", required=True, type=Path, help="the picture to write; PNG keeps the config in it")
    parser.add_argument("--config", help="of a method that optimises; default: configs/gatys_fast.py")
    parser.add_argument(
        "--checkpoint",
        help="a trained method: a run directory of train, a file of export, or zoo:NAME; --style may then "
        "name one of its styles",
    )
    parser.add_argument("--size", type=int, help="short side in px; default: the content's own")
    parser.add_argument("--style-size", type=int, help="short side of the styles in px; default: as the content's")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--style-weight", type=float, action="append", help="one for each --style")
    parser.add_argument("--content-mask", type=Path, action="append", help="where on the content each --style goes")
    parser.add_argument("--style-mask", type=Path, action="append", help="which part of each --style to take")
    parser.add_argument(
        "--preserve-color",
        choices=("luminance", "mean_std", "covariance", "histogram"),
        help="keep the content's colours, by this transfer",
    )
    parser.add_argument("--preserve-color-when", choices=("before", "after"), help="default: after")
    add_option(parser)
    parser.set_defaults(run=run, options={}, interrupted="nothing was written")


def run(args: argparse.Namespace) -> int:
    """Stylise, showing the loss, and write the picture."""
    from rich.console import Console

    from styleresearch.cli.display import bars, terms
    from styleresearch.cli.out import check_out
    from styleresearch.cli.setup import enable_compilation_cache
    from styleresearch.config.file import load_config
    from styleresearch.errors import InputError
    from styleresearch.options import Seed, setting
    from styleresearch.tasks.stylize import Files, of_checkpoint, of_config, paint, prepare

    if args.preserve_color is None and args.preserve_color_when is not None:
        raise InputError("--preserve-color-when goes with --preserve-color; name what to keep the colours by")
    if args.checkpoint is not None and (args.config is not None or args.overrides):
        raise InputError("--checkpoint knows its own config; leave --config out")
    files = Files(
        args.content,
        tuple(args.style),
        args.out,
        args.size,
        args.style_size,
        *(given and tuple(given) for given in (args.style_weight, args.content_mask, args.style_mask)),
    )
    files.check()
    check_out(args.out)
    setting("--seed", args.seed, Seed)
    bring(args.imports)
    options = dict(args.options)
    if args.preserve_color is not None:
        options["preserve_color"] = {"how": args.preserve_color, "when": args.preserve_color_when or "after"}
    if args.checkpoint is None:
        config = load_config(args.config or "configs/gatys_fast.py", args.overrides)
        entry = of_config(config, options)
    else:
        entry, config = of_checkpoint(args.checkpoint, options)
    work = prepare(files, entry, config)
    enable_compilation_cache()
    console = Console(highlight=False)
    height, width = work.content.shape[:2]
    if height * width > _LARGE:
        console.print(f"{width}x{height} px is large and may take long; --size 512 makes it quick to try")
    with bars(console) as display:
        task = display.add_task(args.content.name, total=None, note="")
        cost = paint(
            work,
            args.seed,
            lambda step: display.update(task, total=step.budget, completed=step.evaluations, note=terms(step)),
        )
    console.print(f"{args.out}: {width}x{height} px in {cost.seconds:.1f} s", soft_wrap=True, markup=False)
    return 0
