"""The command line: one file per command, heavy imports inside the functions that need them.

Here that is nearly everything, so that interrupts are caught from the first line on.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from styleresearch import __version__, interrupt
from styleresearch.errors import InputError, Notice

if TYPE_CHECKING:
    import argparse


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    import argparse

    from styleresearch.cli import (
        check,
        compare,
        data,
        evaluate,
        export,
        plan,
        protocol,
        report,
        reproduce,
        show,
        study,
        stylize,
        sweep,
        train,
        weights,
    )

    commands = (
        *(stylize, compare, sweep, reproduce, train, show, export, evaluate),
        *(protocol, report, plan, study, check, data, weights),
    )
    parser = argparse.ArgumentParser(
        prog="styleresearch",
        description="The lab bench for image style transfer in JAX. Options of a config are overridden with "
        "--config.KEY=VALUE, e.g. --config.method.evaluations=200.",
    )
    parser.add_argument("--version", action="version", version=f"styleresearch {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="|".join(c.__name__.split(".")[-1] for c in commands))
    for command in commands:
        command.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        argv: the arguments; None for those of this process, which then ends at once where it was interrupted.

    Returns:
        0, 1 (done, but with failures), 2 (could not be done) or 130 (interrupted).
    """
    with interrupt.caught(), contextlib.nullcontext() if argv is not None else interrupt.second_ends(), _notices():
        status = _main(argv)
        if argv is None and status in (2, interrupt.STATUS):
            # Threads may still compile, compute or write what nobody waits for any more: taking the interpreter down
            # around them, as usual, can crash, or print what they say of it.
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or nobody reads it
                    stream.flush()
            os._exit(status)
    return status


@contextlib.contextmanager
def _notices() -> Iterator[None]:
    """Show a ``Notice`` as what it says, and other warnings as usual."""
    show = warnings.showwarning

    def told(message: Warning | str, *details: Any, **more: Any) -> None:
        if isinstance(message, Notice):
            print(f"styleresearch: warning: {message}", file=sys.stderr)
        else:
            show(message, *details, **more)

    with warnings.catch_warnings():
        warnings.simplefilter("always", Notice)
        warnings.showwarning = told
        yield


def _main(argv: Sequence[str] | None) -> int:
    kept = "what was finished is kept, the same command continues"
    try:
        args = _parse(argv)
        kept = getattr(args, "interrupted", kept)
        return args.run(args)
    except InputError as error:
        print(f"styleresearch: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder that became read-only: nothing a traceback would explain
        print(f"styleresearch: {error.strerror or error}: {error.filename or 'a file'}", file=sys.stderr)
        return 2
    except BaseException as error:
        # What an interrupt breaks off may come out as any other error.
        if isinstance(error, KeyboardInterrupt) or interrupt.asked():
            print(f"\nstyleresearch: interrupted; {kept}", file=sys.stderr)
            return interrupt.STATUS
        if not _out_of_memory(error):
            raise
        said = str(error).strip().split("\n")[0]
        print(
            f"styleresearch: out of memory: {said}; lower data.batch_size, data.crop, size or the widths of networks",
            file=sys.stderr,
        )
        return 2


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments, what is to be changed of a config as ``overrides``, and of a method as ``options``."""
    from styleresearch.cli.overrides import options, split

    parser = make_parser()
    args, rest = parser.parse_known_args(argv)
    overrides, unknown = split(rest)
    if hasattr(args, "options"):
        args.options, unknown = options(unknown)
    if unknown or (overrides and not hasattr(args, "config")):
        parser.error(f"unrecognised arguments: {' '.join(unknown or overrides)}")
    args.overrides = overrides
    return args


def _out_of_memory(error: BaseException) -> bool:
    """Return whether memory could not be had: by NumPy, or by JAX, whose errors are known by what they say."""
    return isinstance(error, MemoryError) or (
        type(error).__name__ in ("XlaRuntimeError", "JaxRuntimeError") and "RESOURCE_EXHAUSTED" in str(error)
    )
