"""The layers of an architecture: what may be asked for, and which weights that takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from styleresearch.errors import InputError
from styleresearch.options import shown
from styleresearch.registry import nearest


@dataclass(frozen=True)
class Layout:
    """The layers of an architecture.

    Attributes:
        arch: its name.
        weights: layers with weights, in order.
        deepest: layer that may be asked for -> the last layer with weights that it takes, in order.
        listed: the layers as a message names them.
        levels: the same layers from the first halving of the picture to the last, in five groups; the first of each
            group stands for it.
    """

    arch: str
    weights: tuple[str, ...]
    deepest: Mapping[str, str]
    listed: str
    levels: tuple[tuple[str, ...], ...]

    def check(self, layers: Iterable[str]) -> None:
        """Raise if a layer is neither ``"image"`` nor one of the architecture's.

        Raises:
            InputError: naming the layer, the nearest match and what there is.
        """
        known = ("image", *self.deepest)
        for layer in layers:
            if layer not in known:
                raise InputError(
                    f"{self.arch} has no layer {shown(layer)}.{nearest(layer, known)} Layers: image, {self.listed}"
                )

    def alike(self, layers: Iterable[str], other: Layout) -> tuple[str, ...]:
        """Return the layers of another architecture that are as deep as these, each once: by level, not by resolution.

        Raises:
            InputError: for a layer that this architecture does not have.
        """
        layers = tuple(layers)
        self.check(layers)
        level = {layer: number for number, group in enumerate(self.levels) for layer in group}
        return tuple(dict.fromkeys(layer if layer == "image" else other.levels[level[layer]][0] for layer in layers))

    def reached(self, layers: Iterable[str]) -> tuple[str, ...]:
        """Return the layers with weights that are computed for these, in order."""
        last = max((self.weights.index(self.deepest[layer]) for layer in layers if layer != "image"), default=-1)
        return self.weights[: last + 1]
