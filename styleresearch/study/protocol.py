"""A study's protocol: all that was decided before the first vote. Its digest stands in the page and in every vote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from styleresearch.errors import InputError
from styleresearch.store import digests, jsonfile
from styleresearch.study.order import Shape

SCHEMA = 1
PROTOCOL = "protocol.json"
PAGE = "study.html"
_SHAPE = {
    **dict.fromkeys(("title", "question", "instructions", "consent", "recruitment"), str),
    **dict.fromkeys(("schema", "trials", "repeats", "catches", "most_missed", "seed", "side"), int),
    **dict.fromkeys(("methods", "floors", "cells"), list),
    "ties": bool,
    "run": dict,
}


@dataclass(frozen=True)
class Shown:
    """A method as raters see its pictures, without its name.

    Attributes:
        name: its name in the run.
        label: its name for people.
    """

    name: str
    label: str


@dataclass(frozen=True)
class PairShown:
    """A pair of content and style, with what the methods made of it.

    Attributes:
        content: its name.
        style: likewise.
        pictures: sha256 of the files of the content, the style, and the outputs of methods and floor baselines, in the
            order of the protocol.
    """

    content: str
    style: str
    pictures: tuple[str, ...]


@dataclass(frozen=True)
class Protocol:
    """What was decided before the first vote.

    Attributes:
        title: see ``Design``, as the next four.
        question: likewise.
        instructions: likewise.
        consent: likewise.
        recruitment: likewise.
        methods: what is compared, numbered from 0.
        floors: floor baselines, numbered after the methods.
        cells: the pairs of content and style.
        trials: comparisons of two methods that each rater makes.
        repeats: how many of them come again.
        catches: trials with a floor baseline.
        most_missed: how many of those a rater may miss.
        ties: whether "no difference" is an answer.
        seed: of the draw of the pairs.
        side: the longer side of the pictures, in px.
        run: its name, and the hashes of the configs that its records came from.
    """

    title: str
    question: str
    instructions: str
    consent: str
    recruitment: str
    methods: tuple[Shown, ...]
    floors: tuple[Shown, ...]
    cells: tuple[PairShown, ...]
    trials: int
    repeats: int
    catches: int
    most_missed: int
    ties: bool
    seed: int
    side: int
    run: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The sha256 of everything in it."""
        return digests.of_json(self.to_json())

    @property
    def shape(self) -> Shape:
        """The numbers that the raters' orders follow from."""
        counts = len(self.methods), len(self.floors), len(self.cells)
        return Shape(*counts, self.trials, self.repeats, self.catches)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def read(cls, path: Path) -> Protocol:
        """Return the protocol in a file, or in that of a study's folder.

        Raises:
            InputError: if there is none, or it is damaged.
        """
        file = path / PROTOCOL if path.is_dir() else path
        try:
            fields = jsonfile.read(file)
        except OSError as error:
            raise InputError(
                f"cannot read {file}: {error.strerror or error}; give the folder that `styleresearch study make` wrote"
            ) from error
        except ValueError as error:
            raise InputError(f"{file} is no protocol of a study: {error}") from error
        try:
            return cls._from_json(fields)
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"{file} is no protocol of a study that this version reads ({error})") from error

    @classmethod
    def _from_json(cls, fields: Any) -> Protocol:
        if not jsonfile.conforms(fields, _SHAPE) or fields["schema"] != SCHEMA:
            raise ValueError(f"it lacks fields, or its schema is not {SCHEMA}")
        given = {name: value for name, value in fields.items() if name != "schema"}
        for name in ("methods", "floors"):
            given[name] = tuple(Shown(str(each["name"]), str(each["label"])) for each in given[name])
        given["cells"] = tuple(
            PairShown(str(each["content"]), str(each["style"]), tuple(map(str, each["pictures"])))
            for each in given["cells"]
        )
        found = cls(**given)
        shape = found.shape
        enough = shape.methods > 1 and shape.cells and 0 < shape.trials <= 1000 and 0 <= shape.repeats <= shape.trials
        if not enough or (shape.catches and not shape.floors):
            raise ValueError("its numbers do not fit")
        return found
