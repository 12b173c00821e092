"""What raters voted: a JSON file of each from the page, or a CSV of votes from elsewhere."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from styleresearch.errors import InputError
from styleresearch.store import jsonfile
from styleresearch.study.order import trials_of
from styleresearch.study.protocol import Protocol

KIND = "styleresearch study votes"
CHOICES = {"left": 1.0, "tie": 0.5, "right": 0.0}
"""An answer -> what it is worth for the method on the left."""
COLUMNS = ("rater", "content", "style", "left", "right", "winner")
_FILE = {"kind": str, "protocol": str, "rater": str, "seed": int, "votes": list}
_VOTE = {"cell": int, "left": int, "right": int, "choice": str, "ms": (int, float)}


@dataclass(frozen=True)
class Vote:
    """One answer.

    Attributes:
        rater: whose.
        kind: "vote", "repeat" or "catch".
        content: name of the content.
        style: name of the style.
        left: name of the method on the left.
        right: of the other one.
        score: 1 where the left one was chosen, 0 where the right one was, 0.5 for a tie.
        seconds: how long it took; ``None`` where not known.
    """

    rater: str
    kind: str
    content: str
    style: str
    left: str
    right: str
    score: float
    seconds: float | None = None


def read_votes(protocol: Protocol, paths: Sequence[Path]) -> list[Vote]:
    """Return the votes in files that the page of a protocol gave.

    Raises:
        InputError: naming the file, if one cannot be read, is damaged, is of another protocol, is not what the page
            shows for its seed, or a rater is in two of them.
    """
    found: list[Vote] = []
    seen: dict[tuple[str, Any], Path] = {}
    for path in paths:
        fields = _fields(path)
        if fields["protocol"] != protocol.digest:
            raise InputError(
                f"{path} holds votes of another study (protocol {fields['protocol'][:12]}, this one is "
                f"{protocol.digest[:12]}); analyse it with the protocol that its page was made with"
            )
        rater, seed = fields["rater"] or f"seed {fields['seed']}", fields["seed"]
        for key in (("rater", rater), ("seed", seed)):
            if (other := seen.setdefault(key, path)) != path:
                raise InputError(f"{other} and {path} are of the same rater ({key[0]} {key[1]}); give one of them")
        found += _checked(protocol, path, rater, fields)
    return found


def _fields(path: Path) -> dict[str, Any]:
    try:
        fields = jsonfile.read(path)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path} is damaged, it is no JSON ({error}); ask its rater to save it again") from error
    if not jsonfile.conforms(fields, _FILE) or fields["kind"] != KIND:
        raise InputError(f"{path} is no file of votes that a study's page saved")
    if not 0 <= fields["seed"] < 2**32:
        raise InputError(f"{path} is damaged: its seed is {jsonfile.short(fields['seed'])}")
    return fields


def _checked(protocol: Protocol, path: Path, rater: str, fields: dict[str, Any]) -> list[Vote]:
    """Return the votes of a file, each held against what the page shows under its seed."""
    trials = trials_of(protocol.shape, fields["seed"])
    if len(fields["votes"]) != len(trials):
        raise InputError(f"{path} has {len(fields['votes'])} of {len(trials)} votes; only whole sessions count")
    names = [shown.name for shown in (*protocol.methods, *protocol.floors)]
    answers = [name for name in CHOICES if name != "tie" or protocol.ties]
    found = []
    for number, (trial, vote) in enumerate(zip(trials, fields["votes"], strict=True), 1):
        if not jsonfile.conforms(vote, _VOTE) or vote["choice"] not in answers:
            raise InputError(f"{path} is damaged at vote {number}: {jsonfile.short(vote)}")
        if (vote["cell"], vote["left"], vote["right"]) != (trial.cell, trial.left, trial.right):
            raise InputError(
                f"{path} was changed: vote {number} is not about what the page shows under its seed {fields['seed']}"
            )
        cell = protocol.cells[trial.cell]
        score, seconds = CHOICES[vote["choice"]], vote["ms"] / 1000
        found.append(
            Vote(rater, trial.kind, cell.content, cell.style, names[trial.left], names[trial.right], score, seconds)
        )
    return found


def read_foreign(path: Path) -> list[Vote]:
    """Return the votes in a CSV of columns rater, content, style, left, right, winner, one vote a line.

    ``left`` and ``right`` name methods; ``winner`` is one of them, "left", "right" or "tie".

    Raises:
        InputError: naming the line, if it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    reader = csv.DictReader(text.splitlines(), restval="")
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(f"{path} lacks the columns {', '.join(missing)}; votes have: {','.join(COLUMNS)}")
    found = []
    for row in reader:
        rater, content, style, left, right, winner = (row[name].strip() for name in COLUMNS)
        scores = CHOICES | {left: 1.0, right: 0.0}
        if not (rater and left and right) or left == right or winner not in scores:
            raise InputError(
                f"{path}, line {reader.line_num}: a vote needs a rater, two methods, and as winner one of them or tie; "
                f"got {', '.join(row[name] or '-' for name in COLUMNS)}"
            )
        found.append(Vote(rater, "vote", content, style, left, right, scores[winner]))
    if not found:
        raise InputError(f"{path} has no votes")
    return found
