"""A record: what was measured, of which output, how, and what it cost. A line of ``records.jsonl`` each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any

from styleresearch.store import jsonfile
from styleresearch.store.jsonfile import TEXT_OR_NONE, Shape, short
from styleresearch.store.ledger import Ledger
from styleresearch.store.variant import SHAPE, Variant

SCHEMA = 1
LARGEST, SMALLEST = 3.4028235e38, 1e-45
"""Of float32, which metrics and losses are: beyond is no value, as infinity is none, and nearer to 0 is 0."""
_OPTIONAL: Mapping[str, Shape] = {
    "label": TEXT_OR_NONE,
    "variant": SHAPE,
    "seed": (int, NoneType),
    "size": (list, NoneType),
    "inputs": (dict, NoneType),
    "framing": TEXT_OR_NONE,
    "contracts": (dict, NoneType),
    "files": dict,
    "metrics": dict,
    "in_sample": (list, NoneType),
    "cost": dict,
    "provenance": dict,
}


@dataclass(frozen=True)
class MethodName:
    """A method as a report names it.

    Attributes:
        name: its key.
        label: its name for people.
        baseline: whether it is one of the floor baselines that bound the scale of a metric.
        variant: which of a sweep's variants of a method it is; ``None`` where there is no sweep.
    """

    name: str
    label: str
    baseline: bool
    variant: Variant | None = None


@dataclass(frozen=True)
class Pair:
    """What an output was made from: one content, one style, one seed."""

    name: str
    content: str
    style: str
    seed: int | None


@dataclass(frozen=True)
class PictureSet:
    """The pictures that one value is of: all outputs of a method under one seed, and what they were made from.

    Attributes:
        seed: of the method's randomness.
        outputs: how many outputs there are.
        contents: how many content pictures.
        styles: how many style pictures.
        digest: of everything but the outputs' own pixels: pairs, sizes, framing, contents and styles. Equal for two
            methods whose values are over the same.
        reasons: metric -> why it has no value.
        halves: metric -> its value over half of the outputs, for those that the number of pictures may decide.
    """

    seed: int | None
    outputs: int
    contents: int
    styles: int
    digest: str
    reasons: Mapping[str, str]
    halves: Mapping[str, float | int | None] = field(default_factory=dict)


_SET: Mapping[str, Shape] = {
    "seed": (int, NoneType),
    "outputs": int,
    "contents": int,
    "styles": int,
    "digest": str,
    "reasons": dict,
}


@dataclass(frozen=True)
class Record:
    """Values of one output, or of all outputs of a method together.

    Attributes:
        method: what made it.
        pair: what it was made from; ``None`` where the values are of the whole set of a method's outputs.
        size: height and width of the output as it was measured; ``None`` when not known.
        inputs: digests of the "content" and the "style" that the metrics saw; empty when not known.
        framing: how the output is framed otherwise than its content, as a sentence; empty when it is not.
        contracts: metric -> digest of the settings that its value was computed with; empty when not known.
        files: "output", "content", "style" and "curve" -> path relative to the run directory, as the record claims it.
        metrics: values; ``None`` for one that does not exist.
        in_sample: the metrics that the method optimised itself.
        cost: seconds, evaluations and the like.
        provenance: how the values came about.
        pictures: what the values are of, where they are of a set; ``None`` for those of one output.
    """

    method: MethodName
    pair: Pair | None
    size: tuple[int, int] | None
    inputs: Mapping[str, str]
    framing: str
    contracts: Mapping[str, str]
    files: Mapping[str, str | None]
    metrics: Mapping[str, float | int | None]
    in_sample: tuple[str, ...]
    cost: Mapping[str, float | int | None]
    provenance: Mapping[str, Any]
    pictures: PictureSet | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields of a line, which ``from_json`` takes."""
        pair = self.pair
        return {
            "schema": SCHEMA,
            "method": self.method.name,
            "label": self.method.label,
            "baseline": self.method.baseline,
            **({} if self.method.variant is None else {"variant": self.method.variant.to_json()}),
            "pair": None if pair is None else pair.name,
            **({} if pair is None else {"content": pair.content, "style": pair.style, "seed": pair.seed}),
            "size": None if self.size is None else list(self.size),
            "inputs": dict(self.inputs),
            "framing": self.framing or None,
            "contracts": dict(self.contracts),
            "files": dict(self.files),
            "metrics": dict(self.metrics),
            "in_sample": list(self.in_sample),
            "cost": dict(self.cost),
            "provenance": dict(self.provenance),
            **({} if self.pictures is None else {"set": _set_json(self.pictures)}),
        }

    @classmethod
    def from_json(cls, fields: Any) -> Record:
        """Return the record of one decoded line; lines of earlier versions lack fields, which are then not known.

        Raises:
            ValueError: saying what is wrong with it.
        """
        if not isinstance(fields, dict):
            raise ValueError(f"a {type(fields).__name__}, not an object")
        if fields.get("schema") != SCHEMA:
            raise ValueError(f"schema {short(fields.get('schema'))}; this version reads schema {SCHEMA}")
        of_a_set = fields.get("pair", "") is None
        texts = ("method",) if of_a_set else ("method", "pair", "content", "style")
        wanted = {**dict.fromkeys(texts, str), **{name: _OPTIONAL[name] for name in _OPTIONAL if name in fields}}
        wanted |= {"set": _SET} if of_a_set else {}
        for name, shape in wanted.items():
            value = fields.get(name)
            if not jsonfile.conforms(value, shape) or (name in texts and not value):
                raise ValueError(f"{name!r} is {short(value)}")
        return cls(
            method=MethodName(
                fields["method"],
                fields.get("label") or fields["method"],
                fields.get("baseline") is True,
                Variant.from_json(fields["variant"]) if "variant" in fields else None,
            ),
            pair=None if of_a_set else Pair(fields["pair"], fields["content"], fields["style"], fields.get("seed")),
            size=_size(fields.get("size")),
            inputs=_texts("inputs", fields),
            framing=fields.get("framing") or "",
            contracts=_texts("contracts", fields),
            files={name: file if isinstance(file, str) else None for name, file in fields.get("files", {}).items()},
            metrics=_numbers("metrics", fields),
            in_sample=tuple(str(name) for name in fields.get("in_sample") or ()),
            cost=_numbers("cost", fields),
            provenance=fields.get("provenance", {}),
            pictures=_set(fields["set"]) if of_a_set else None,
        )


class Records:
    """The records of a run, a file of JSON lines.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ledger = Ledger(path)

    def read(self) -> list[Record]:
        """Return the records; a line that is none (torn, damaged, of another schema) is left out."""
        found = lines(self.path.read_bytes()) if self.path.exists() else ()
        return [record for _, record in found if isinstance(record, Record)]

    def append(self, *records: Record) -> None:
        """Write a line for each and wait until they are on disk."""
        self._ledger.append(*(record.to_json() for record in records))

    def replace(self, records: Iterable[Record]) -> None:
        """Write the whole file anew, atomically."""
        self._ledger.replace(record.to_json() for record in records)


def lines(text: bytes) -> Iterator[tuple[int, Record | ValueError]]:
    """Yield the number of each line that is not empty, and its record or what is wrong with it."""
    for number, line in enumerate(text.split(b"\n"), start=1):
        if line.strip():
            try:
                yield number, Record.from_json(jsonfile.parse(line))
            except ValueError as error:
                yield number, error


def value_of(number: object) -> float | int | None:
    """Return a number as a metric or a loss can have it; ``None`` for null, NaN, infinities: one meaning of "no value".

    Raises:
        ValueError: for what is no number.
    """
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError("not a number or null")
    if not abs(number) <= LARGEST:
        return None
    return number if abs(number) >= SMALLEST else 0.0


def _size(value: list[Any] | None) -> tuple[int, int] | None:
    if value is None:
        return None
    if len(value) != 2 or not all(jsonfile.conforms(side, int) and 0 < side < 2**31 for side in value):
        raise ValueError(f"'size' is {short(value)}")
    return value[0], value[1]


def _set(fields: Mapping[str, Any]) -> PictureSet:
    plain = {name: fields[name] for name in _SET if name != "reasons"}
    if not isinstance(fields.get("halves", {}), dict):
        raise ValueError(f"'halves' is {short(fields['halves'])}")
    return PictureSet(**plain, reasons=_texts("reasons", fields), halves=_numbers("halves", fields))


def _set_json(pictures: PictureSet) -> dict[str, Any]:
    return {**vars(pictures), "reasons": {**pictures.reasons}, "halves": {**pictures.halves}}


def _texts(name: str, fields: Mapping[str, Any]) -> dict[str, str]:
    found = fields.get(name) or {}
    if not all(isinstance(text, str) for text in found.values()):
        raise ValueError(f"{name!r} is {short(found)}")
    return found


def _numbers(name: str, fields: Mapping[str, Any]) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {}
    for key, value in fields.get(name, {}).items():
        try:
            found[key] = value_of(value)
        except ValueError as error:
            raise ValueError(f"{key!r} in {name!r} is {short(value)}, {error}") from error
    return found
