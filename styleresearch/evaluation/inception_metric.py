"""What FID, KID and ArtFID have in common: a published Inception, whose weights the user has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from styleresearch.encoder.encoder import Encoder
from styleresearch.encoder.inception import PUBLISHED, Kind, random_inception, read_inception
from styleresearch.errors import InputError
from styleresearch.evaluation.metric import Needs, SetMetric
from styleresearch.options import Between

_RANDOM = 0.0625
"""Width of a network of random weights."""


@dataclass(frozen=True)
class ThroughInception(SetMetric):
    """A distance between outputs and style pictures, in the activations of an Inception before its last layer."""

    file: str | None = None
    weights: Literal["published", "random"] = "published"
    least: Annotated[int, Between(2, 10**6)] = 50
    kind: ClassVar[Kind] = "fid"
    references: ClassVar = "style"
    version: ClassVar = 1
    halves: ClassVar = True

    def __post_init__(self) -> None:
        if (self.file is None) != (self.weights == "random"):
            file, who = PUBLISHED[self.kind]
            raise InputError(
                f"{type(self).__name__} needs the published weights of Inception: give file='.../{file}', which {who}"
                if self.file is None
                else f"{type(self).__name__}: weights='random' takes no file; leave out one of the two"
            )

    def needs(self, encoder: Encoder) -> dict[str, Any]:
        """Return the network, read from the file."""
        if self.file is None:
            return {"inception": random_inception(_RANDOM, kind=self.kind)}
        return {"inception": read_inception(Path(self.file), kind=self.kind)}

    def contract(self, needs: Needs) -> dict[str, Any]:
        """Return the contract, where the network's digest stands and not where its file lies."""
        contract = super().contract(needs)
        return {**contract, "settings": {k: v for k, v in contract["settings"].items() if k != "file"}}
