"""``styleresearch evaluate``: measure pictures on disk, whoever made them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from styleresearch.cli.finish import add_figures, check_figures, finish
from styleresearch.cli.imports import add_option, bring, repeated


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "evaluate",
        help="measure pictures on disk, ours or not",
        description="Measure stylised pictures with the metrics of a config and write the same records, table and "
        "report as compare. Outputs are named CONTENT__STYLE.EXT after their inputs' files, or listed in --pairs. What "
        "cannot be read or measured does not stop the others; the status is 1 then.",
    )
    parser.add_argument(
        "--outputs", required=True, type=Path, action="append", help="folder of outputs, a method each; may be repeated"
    )
    parser.add_argument("--content", required=True, type=Path, help="folder of content pictures")
    parser.add_argument("--style", required=True, type=Path, help="folder of style pictures")
    parser.add_argument("--out", required=True, type=Path, help="the run directory to write")
    parser.add_argument(
        "--pairs",
        type=Path,
        help="table with the columns output, content, style: file names, or paths in these folders",
    )
    parser.add_argument("--size", type=int, help="short side in px at which to measure; default: the outputs' own")
    parser.add_argument(
        "--style-size",
        type=int,
        help="short side in px of the style pictures; default: the config's style_size, else the outputs'",
    )
    parser.add_argument(
        "--framing",
        choices=("squash", "crop"),
        help="what outputs show that have not their content's aspect ratio: all of it (squash) or its middle (crop); "
        "default: squash, with a warning",
    )
    parser.add_argument("--config", default="configs/evaluation.py", help="encoder and metrics; default: %(default)s")
    add_figures(parser)
    add_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, and write the report."""
    from rich.console import Console

    from styleresearch.cli.display import bars
    from styleresearch.cli.setup import enable_compilation_cache
    from styleresearch.config.file import load_config
    from styleresearch.data.outputs import find_outputs
    from styleresearch.tasks.evaluate import evaluate, framing_notes, measuring

    console = Console(highlight=False)
    check_figures(args.figures)
    bring(args.imports)
    config = load_config(args.config, args.overrides)
    how = measuring(config, args.size, args.style_size, args.framing or "squash")
    outputs, notes = find_outputs(args.outputs, args.content, args.style, args.pairs)
    for note in notes:
        print(f"styleresearch: {note}", file=sys.stderr)
    enable_compilation_cache()
    with bars(console) as display:
        task = display.add_task("measuring", total=len(outputs), note="")
        failures = evaluate(
            config, outputs, args.out, how, lambda note, done: display.update(task, advance=done, note=note)
        )
    for note in framing_notes(args.out) if args.framing is None else ():
        print(f"styleresearch: {note}", file=sys.stderr)
    command = ["styleresearch", "evaluate", *(f"--outputs={folder}" for folder in args.outputs)]
    command += [f"--content={args.content}", f"--style={args.style}", f"--out={args.out}", f"--config={args.config}"]
    optional = {"pairs": args.pairs, "size": args.size, "style-size": args.style_size, "framing": args.framing}
    command += [f"--{name}={value}" for name, value in optional.items() if value is not None]
    return finish(args.out, failures, [*command, *repeated(args.imports), *args.overrides], console, args.figures)
