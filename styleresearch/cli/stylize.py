"""``styleresearch stylize``: one picture."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styleresearch.cli.imports import add_option, bring

if TYPE_CHECKING:
    import numpy as np

    from styleresearch.config.build import Column
    from styleresearch.types import Style

_LARGE = 1_000_000
"""Pixels from which an optimisation on a CPU takes long enough to say so."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "stylize",
        help="stylise one picture",
        description="Stylise one picture with the method of a config. Several --style are mixed by --style-weight or "
        "kept apart by --content-mask (white: here), one for each --style.",
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
    parser.add_argument("--strength", type=float, help="how far from content (0) to style (1); adain")
    parser.add_argument("--size", type=int, help="short side in px; default: the content's own")
    parser.add_argument("--style-size", type=int, help="short side of the styles in px; default: as the content's")
    parser.add_argument("--evaluations", type=int, help="budget of an optimisation, in place of the config's")
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
    parser.set_defaults(run=run, interrupted="nothing was written")


def run(args: argparse.Namespace) -> int:
    """Stylise, showing the loss, and write the picture."""
    from rich.console import Console

    from styleresearch import __version__
    from styleresearch.cli.display import bars, terms
    from styleresearch.cli.setup import enable_compilation_cache
    from styleresearch.config import build
    from styleresearch.config.file import settings_of
    from styleresearch.data.framing import as_in_file
    from styleresearch.data.images import load_image, save_image
    from styleresearch.encoder.encoder import ENCODERS
    from styleresearch.errors import InputError
    from styleresearch.options import Seed, setting
    from styleresearch.tasks.compare import stylize
    from styleresearch.tasks.trained import with_encoder

    console = Console(highlight=False)
    _check_out(args)
    _check_counts(args)
    setting("--seed", args.seed, Seed)
    bring(args.imports)
    column, config = _optimised(args) if args.checkpoint is None else _trained(args)
    _check_style(args, column)
    precision = config.get("precision", "float32")

    content = as_in_file(load_image(args.content, args.size))
    styles = _styles(args, content, column)
    enable_compilation_cache()
    column = with_encoder(column)
    encoder = None if column.trained is not None else build.resolve(ENCODERS, config["encoder"])
    height, width = content.shape[:2]
    if height * width > _LARGE:
        console.print(f"{width}x{height} px is large and may take long; --size 512 makes it quick to try")
    with bars(console) as display:
        task = display.add_task(args.content.name, total=None, note="")
        try:
            image, cost = stylize(
                column,
                encoder,
                content,
                styles,
                seed=args.seed,
                precision=precision,
                progress=lambda step: display.update(
                    task, total=step.budget, completed=step.evaluations, note=terms(step)
                ),
            )
        except ArithmeticError as error:
            raise InputError(str(error)) from error
    trained: Any = column.trained
    details = {
        "config": {**settings_of(config), "method": column.spec},
        "seed": args.seed,
        "content": args.content.name,
        "styles": [Path(style).name for style in args.style],
        "style_weights": args.style_weight,
        "content_masks": [path.name for path in args.content_mask or ()],
        "style_masks": [path.name for path in args.style_mask or ()],
        "encoder": encoder.describe() if encoder is not None else trained.facts["encoder"],
        "checkpoint": trained and {"source": args.checkpoint, "digest": trained.digest},
        "version": __version__,
        **({"identity": column.identity} if column.identity else {}),
    }
    save_image(args.out, image, {"Software": "styleresearch", "styleresearch": json.dumps(details, default=str)})
    console.print(f"{args.out}: {width}x{height} px in {cost.seconds:.1f} s", soft_wrap=True, markup=False)
    return 0


def _optimised(args: argparse.Namespace) -> tuple[Column, dict[str, Any]]:
    """Return the method of ``--config``, and the config."""
    from styleresearch.config import build
    from styleresearch.config.file import load_config
    from styleresearch.config.problems import Problems, begin
    from styleresearch.tasks.comparison import check_precision
    from styleresearch.tasks.trained import column

    args.config = args.config or "configs/gatys_fast.py"
    config = load_config(args.config, args.overrides)
    begin(config, ("encoder", "method"), ("imports", "precision"))
    problems = Problems()
    with problems.at("method"):
        found = column("method", _spec(config["method"], args))
        terms = getattr(found.method, "objective", None)
        build.check_encoder(config["encoder"], {} if terms is None else {"method": terms.layers}, problems)
    check_precision(config, problems)
    problems.raise_if_any()
    return found, config


def _trained(args: argparse.Namespace) -> tuple[Column, dict[str, Any]]:
    """Return the method of ``--checkpoint``, and the config that it was trained by."""
    from styleresearch.config.problems import Problems
    from styleresearch.errors import InputError
    from styleresearch.tasks.comparison import check_precision
    from styleresearch.tasks.trained import column

    if args.config is not None or args.overrides:
        raise InputError("--checkpoint knows its own config; leave --config out")
    found = column("method", _spec({"checkpoint": args.checkpoint}, args))
    config, problems = dict(found.trained.facts["config"]), Problems()
    check_precision(config, problems)
    problems.raise_if_any()
    return found, config


def _spec(spec: Any, args: argparse.Namespace) -> Any:
    """Return the method's spec with what the command line says of it."""
    from styleresearch.errors import InputError

    if not isinstance(spec, dict):
        return spec
    spec = dict(spec)
    if args.evaluations is not None:
        if "evaluations" not in spec:
            raise InputError(f"--evaluations: the method of {args.config or args.checkpoint} has no such budget")
        spec["evaluations"] = args.evaluations
    if args.strength is not None:
        spec["strength"] = args.strength
    if args.preserve_color is not None:
        spec["preserve_color"] = {"how": args.preserve_color, "when": args.preserve_color_when or "after"}
    return spec


def _check_out(args: argparse.Namespace) -> None:
    """Raise before the work, not after it, if the result could not be written or would replace an input."""
    from styleresearch.cli.out import check_out
    from styleresearch.data.images import WRITE_OPTIONS
    from styleresearch.errors import InputError

    path = args.out
    if path.suffix.lower() not in WRITE_OPTIONS:
        raise InputError(f"--out {path}: the ending must be one of {', '.join(WRITE_OPTIONS)}")
    for given in (args.content, *map(Path, args.style), *(args.content_mask or ()), *(args.style_mask or ())):
        if given.resolve() == path.resolve():
            raise InputError(f"--out {path} is one of the pictures that come in; name another file")
    check_out(path)


def _check_style(args: argparse.Namespace, column: Column) -> None:
    from styleresearch.errors import InputError

    if column.method.takes_style and not args.style:
        raise InputError("--style is missing: name the painting whose style the picture is to have")
    if not column.method.takes_style and args.style:
        raise InputError(
            f"--style: the method of {args.checkpoint} paints the one domain that it learned; leave --style out"
        )
    if not column.method.takes_style and (args.style_size is not None or args.preserve_color_when == "before"):
        raise InputError(
            f"--style-size and --preserve-color-when=before change a style, and the method of {args.checkpoint} takes "
            "none; leave them out"
        )


def _check_counts(args: argparse.Namespace) -> None:
    from styleresearch.errors import InputError

    for option in ("style_weight", "content_mask", "style_mask"):
        given = getattr(args, option)
        if given is not None and len(given) != len(args.style):
            flag = f"--{option.replace('_', '-')}"
            raise InputError(f"{len(given)} {flag} for {len(args.style)} --style; give {flag} once for each --style")
    weights = args.style_weight or [1.0]
    if not all(0 <= weight < math.inf for weight in weights) or sum(weights) == 0:
        raise InputError(f"--style-weight {weights}: weights must be finite and not negative, and one above 0")
    if args.preserve_color is None and args.preserve_color_when is not None:
        raise InputError("--preserve-color-when goes with --preserve-color; name what to keep the colours by")


def _styles(args: argparse.Namespace, content: np.ndarray, column: Column) -> list[Style]:
    """Return the styles with their weights and masks."""
    import numpy as np

    from styleresearch.data.framing import as_in_file
    from styleresearch.data.images import load_image
    from styleresearch.types import Style

    trained: Any = column.trained

    def picture(style: str) -> Any:
        known = () if trained is None else trained.styles
        if trained is not None and style in known and not Path(style).exists():
            # The method knows the pictures that it learned from by their thumbnails.
            return np.asarray(trained.params["thumbnails"])[known.index(style)]
        return as_in_file(load_image(style, min(content.shape[:2]) if args.style_size is None else args.style_size))

    images = [picture(style) for style in args.style]
    none = [None] * len(images)
    weights = args.style_weight or [1.0] * len(images)
    where = [path and _mask(path, content) for path in args.content_mask or none]
    masks = [path and _mask(path, image) for path, image in zip(args.style_mask or none, images, strict=True)]
    return [
        Style(image[None], weight, here, mask)
        for image, weight, here, mask in zip(images, weights, where, masks, strict=True)
    ]


def _mask(path: Path, picture: np.ndarray) -> np.ndarray:
    """Return the mask of a picture; say so where it leaves nothing out."""
    from styleresearch.data.masks import covers_all, load_mask

    mask = load_mask(path, (picture.shape[0], picture.shape[1]))
    if covers_all(mask):
        print(f"styleresearch: the mask {path} is white everywhere and leaves nothing out", file=sys.stderr)
    return mask
