"""The command line: one file per command, heavy imports inside the functions that need them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from styleresearch import __version__
from styleresearch.cli import compare, data, evaluate, export, show, stylize, train, weights
from styleresearch.cli.overrides import split
from styleresearch.errors import InputError

COMMANDS = (stylize, compare, train, show, export, evaluate, data, weights)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="styleresearch",
        description="The lab bench for image style transfer in JAX. Options of a config are overridden with "
        "--config.KEY=VALUE, e.g. --config.method.evaluations=200.",
    )
    parser.add_argument("--version", action="version", version=f"styleresearch {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="|".join(c.__name__.split(".")[-1] for c in COMMANDS))
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1 (done, but with failures) or 2 (could not be done)."""
    parser = make_parser()
    args, rest = parser.parse_known_args(argv)
    overrides, unknown = split(rest)
    if unknown or (overrides and not hasattr(args, "config")):
        parser.error(f"unrecognised arguments: {' '.join(unknown or overrides)}")
    args.overrides = overrides
    try:
        return args.run(args)
    except InputError as error:
        print(f"styleresearch: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder that became read-only: nothing a traceback would explain
        print(f"styleresearch: {error.strerror or error}: {error.filename or 'a file'}", file=sys.stderr)
        return 2
    except Exception as error:
        if not _out_of_memory(error):
            raise
        said = str(error).strip().split("\n")[0]
        print(
            f"styleresearch: out of memory: {said}; lower data.batch_size, data.crop, size or the widths of networks",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("\nstyleresearch: interrupted; what was finished is kept, the same command continues", file=sys.stderr)
        return 130


def _out_of_memory(error: Exception) -> bool:
    """Return whether memory could not be had: by NumPy, or by JAX, whose errors are known by what they say."""
    return isinstance(error, MemoryError) or (
        type(error).__name__ in ("XlaRuntimeError", "JaxRuntimeError") and "RESOURCE_EXHAUSTED" in str(error)
    )
