"""Which of the variants of a method a sweep compares: where it lies on the sweep's axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from styleresearch.store import jsonfile
from styleresearch.store.jsonfile import Shape, short

SHAPE: Mapping[str, Shape] = {"method": str, "label": str, "values": dict}
"""What ``to_json`` gives."""


@dataclass(frozen=True)
class Variant:
    """Which of the variants of a method one is, in a sweep.

    Attributes:
        method: the key in the config that all variants share.
        label: their name in tables, likewise.
        values: name of an axis -> where on it this one lies.
    """

    method: str
    label: str
    values: tuple[tuple[str, float | int | str], ...]

    @property
    def text(self) -> str:
        """The label that tells it from the others."""
        return ", ".join([self.label, *(f"{axis} {value}" for axis, value in self.values)])

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` takes."""
        return {"method": self.method, "label": self.label, "values": dict(self.values)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Variant:
        """Return the variant of decoded fields of ``SHAPE``.

        Raises:
            ValueError: if a place on an axis is neither a number nor a text.
        """
        values = fields["values"]
        if not jsonfile.conforms(values, dict.fromkeys(values, (int, float, str))):
            raise ValueError(f"'variant' is {short(fields)}")
        return cls(fields["method"], fields["label"], tuple(values.items()))
