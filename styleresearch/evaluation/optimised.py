"""What a method minimised itself: its value under the same metric says that it was minimised, and little else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from styleresearch.errors import InputError, nearest
from styleresearch.losses import LOSSES, Loss
from styleresearch.losses.objective import Objective
from styleresearch.store import jsonfile


@dataclass(frozen=True)
class Optimised:
    """A loss that a method minimised, or a metric.

    Attributes:
        name: of the registered loss, or of a metric of the table.
        layers: that the loss read; empty where that is not known, which counts as all.
        encoder: digest of the encoder that it saw through; empty where that is not known, which counts as the table's.
    """

    name: str
    layers: tuple[str, ...] = ()
    encoder: str = ""

    def covers(self, loss: Loss, encoder: str) -> bool:
        """Return whether a loss is the same statistic, with a layer shared, under the same encoder."""
        return (
            self.name == name_of(loss)
            and (not self.layers or bool(set(self.layers) & set(loss.layers)))
            and self.encoder in ("", encoder)
        )


def name_of(loss: Loss) -> str:
    """Return the name that a loss is registered by, or that of its class."""
    return next((name for name in LOSSES if LOSSES.get(name) is type(loss)), type(loss).__qualname__)


def optimised_by(objective: Objective | None, encoder: str) -> tuple[Optimised, ...]:
    """Return what an objective minimises, seen through the encoder of a digest; nothing for a method without one."""
    terms = () if objective is None else objective.terms
    return tuple(Optimised(name_of(loss), tuple(loss.layers), encoder) for _, loss in terms)


def stated(names: Sequence[str], metrics: Collection[str]) -> tuple[Optimised, ...]:
    """Return what a user says that a method minimised.

    Args:
        names: of metrics of the table, or of losses.
        metrics: the names of the table's metrics.

    Raises:
        InputError: for a name that is neither.
    """
    known = dict.fromkeys([*metrics, *LOSSES])
    for name in names:
        if name not in known:
            raise InputError(
                f"optimised: there is no metric and no loss {name!r}.{nearest(name, known)} Metrics: "
                f"{', '.join(metrics)}; losses: {', '.join(LOSSES)}"
            )
    return tuple(Optimised(name) for name in names)


def to_json(optimised: Iterable[Optimised]) -> list[dict[str, object]]:
    """Return it as a picture's metadata holds it."""
    return [{"name": each.name, "layers": list(each.layers), "encoder": each.encoder} for each in optimised]


def from_json(entries: Any) -> tuple[Optimised, ...]:
    """Return what ``to_json`` made; what is not that is left out."""
    shape = {"name": str, "layers": list, "encoder": str}
    there = [each for each in entries if jsonfile.conforms(each, shape)] if isinstance(entries, list) else []
    return tuple(Optimised(each["name"], tuple(map(str, each["layers"])), each["encoder"]) for each in there)
