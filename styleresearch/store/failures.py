"""What failed of a run while the rest went on, a file each: ``failures/METHOD/PAIR.txt``, reason and traceback.

They are of the last call: the next one tries again what failed.
"""

from __future__ import annotations

import shutil
import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path

from styleresearch.errors import InputError
from styleresearch.store import atomic

FOLDER = "failures"
SET = "all pictures"
"""Stands for a pair where all of a method's outputs together could not be measured."""
_LONGEST = 300
"""Characters of an error's own text in a reason; the file has all."""

_SLIPS = (ZeroDivisionError, OverflowError, FloatingPointError)
"""What Python raises by itself, and nobody wrote a message for; other ArithmeticErrors say that a loss diverged."""


@dataclass(frozen=True)
class Failure:
    """Something that failed: a method on a pair, and why, in one line."""

    method: str
    pair: str
    reason: str

    def __str__(self) -> str:
        return f"{self.method}, {self.pair}: {self.reason}"


def clear(run: Path) -> None:
    """Forget what failed in an earlier call."""
    shutil.rmtree(run / FOLDER, ignore_errors=True)


def forget(run: Path, method: str, pair: str) -> None:
    """Forget that a method failed on a pair."""
    _file(run, method, pair).unlink(missing_ok=True)


def note(run: Path, method: str, pair: str, error: Exception) -> Failure:
    """Write down that a method failed on a pair.

    Raises:
        OSError: if it cannot be written.
    """
    failure = Failure(method, pair, reason(error))
    file = _file(run, method, pair)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = f"{failure.reason}\n\n{''.join(traceback.format_exception(error))}"
    atomic.write(file, text.encode(errors="backslashreplace"))
    return failure


def _file(run: Path, method: str, pair: str) -> Path:
    return run / FOLDER / method / f"{pair}.txt"


def read(run: Path) -> list[Failure]:
    """Return what failed in the last call, by method and pair."""
    found = []
    for file in sorted((run / FOLDER).glob("*/*.txt")):
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:  # it was taken away meanwhile
            continue
        found.append(Failure(file.parent.name, file.stem, lines[0] if lines else ""))
    return found


def reason(error: Exception) -> str:
    """Return one line that says what happened, and where, unless the message was written to be read by itself."""
    text = str(error).strip()
    if isinstance(error, InputError | ArithmeticError) and not isinstance(error, _SLIPS):
        return " ".join(text.split())
    first = text.splitlines()[0] if text else ""
    first = first if len(first) <= _LONGEST else f"{first[:_LONGEST]}..."
    return f"{type(error).__name__}{f': {first}' if first else ''}{_place(error)}"


def _place(error: Exception) -> str:
    """Return where it happened: the last line of a file that is no library's, or else of any."""
    frames = traceback.extract_tb(error.__traceback__)
    libraries = (*(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")), "<")
    own = [frame for frame in frames if not frame.filename.startswith(libraries)] or list(frames)
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
