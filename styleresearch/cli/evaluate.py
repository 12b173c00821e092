"""``styleresearch evaluate``: measure pictures on disk, whoever made them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from styleresearch.cli.finish import add_figures, check_figures, finish
from styleresearch.cli.imports import add_option, bring, repeated


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "evaluate",
        help="measure pictures on disk, ours or not",
        description="Measure stylised pictures with the metrics of a config and write the same records, table and "
        "report as compare. Outputs tell content and style by their names, in one of the usual ways or that of "
        "--pattern; or --pairs lists them. What cannot be read or measured does not stop the others; the status is 1 "
        "then.",
    )
    parser.add_argument(
        "--outputs",
        metavar="[NAME=]DIR",
        action="append",
        default=[],
        help="folder of outputs, a method each, called NAME or as the folder; may be repeated",
    )
    parser.add_argument(
        "--pattern",
        metavar="[NAME=]PATTERN",
        action="append",
        default=[],
        help="how outputs are named, such as '{content}_stylized_{style}' or '{style}/{content}_*', all or those of "
        "one method; the usual ways are recognised",
    )
    parser.add_argument(
        "--optimised",
        metavar="NAME=METRIC",
        action="append",
        default=[],
        help="a metric, or a loss such as gram, that a method minimised itself; pictures of ours say so themselves",
    )
    parser.add_argument("--content", type=Path, help="folder of content pictures")
    parser.add_argument("--style", type=Path, help="folder of style pictures")
    parser.add_argument(
        "--protocol", type=Path, help="a folder of styleresearch protocol, in place of --content and --style"
    )
    parser.add_argument("--out", required=True, type=Path, help="the run directory to write")
    parser.add_argument(
        "--pairs",
        type=Path,
        help="table with the columns output, content, style and perhaps method: file names, or paths",
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
    from styleresearch.data.outputs import find_outputs, folders_of
    from styleresearch.tasks.evaluate import evaluate, framing_notes, measuring

    console = Console(highlight=False)
    check_figures(args.figures)
    bring(args.imports)
    config = load_config(args.config, args.overrides)
    how = measuring(config, args.size, args.style_size, args.framing or "squash")
    contents, styles = _inputs(args)
    outputs, notes = find_outputs(folders_of(args.outputs, args.pattern), contents, styles, args.pairs)
    for note in notes:
        print(f"styleresearch: {note}", file=sys.stderr)
    enable_compilation_cache()
    with bars(console) as display:
        task = display.add_task("measuring", total=len(outputs), note="")
        failures = evaluate(
            config,
            outputs,
            args.out,
            how,
            lambda note, done: display.update(task, advance=done, note=note),
            _by_method(args.optimised),
        )
    for note in framing_notes(args.out) if args.framing is None else ():
        print(f"styleresearch: {note}", file=sys.stderr)
    command = ["styleresearch", "evaluate", *(f"--outputs={folder}" for folder in args.outputs)]
    repeatable = {"pattern": args.pattern, "optimised": args.optimised}
    command += [f"--{name}={value}" for name, values in repeatable.items() for value in values]
    command += [f"--out={args.out}", f"--config={args.config}"]
    names = ("content", "style", "protocol", "pairs", "size", "style_size", "framing")
    optional = {name.replace("_", "-"): getattr(args, name) for name in names}
    command += [f"--{name}={value}" for name, value in optional.items() if value is not None]
    return finish(args.out, failures, [*command, *repeated(args.imports), *args.overrides], console, args.figures)


def _inputs(args: argparse.Namespace) -> tuple[Path, Path]:
    """Return the folders of contents and styles; of a protocol, as they were written."""
    from styleresearch.errors import InputError
    from styleresearch.tasks.protocol import checked

    if args.protocol is not None and args.content is None and args.style is None:
        return checked(args.protocol)
    if args.protocol is not None or args.content is None or args.style is None:
        raise InputError("name the contents and styles: --content DIR and --style DIR, or --protocol DIR")
    return args.content, args.style


def _by_method(given: Sequence[str]) -> dict[str, list[str]]:
    """Return method -> what it optimised."""
    from styleresearch.errors import InputError

    found: dict[str, list[str]] = {}
    for text in given:
        method, sign, names = text.rpartition("=")
        if not sign or not method or not names:
            raise InputError(f"--optimised={text}: give METHOD=METRIC, such as theirs=gram")
        found.setdefault(method, []).extend(names.split(","))
    return found
