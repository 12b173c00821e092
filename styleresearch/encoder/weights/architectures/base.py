"""What an architecture says of its files of weights: the layers that one has to hold, and how it may name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from styleresearch.encoder.weights.stored import Index, Stored
from styleresearch.errors import InputError

Place: TypeAlias = tuple[str, str]
"""A layer and a part of it: ("conv1_1", "kernel")."""
Shapes: TypeAlias = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Layer -> part -> shape, in the network's order; kernels are HWIO."""


@dataclass(frozen=True)
class Found:
    """What of a file belongs to an architecture.

    Attributes:
        tensors: where each belongs -> its name in the file, and what the file says of it.
        convention: the convention, where the layout alone tells it.
    """

    tensors: Mapping[Place, tuple[str, Stored]]
    convention: str | None = None


@dataclass(frozen=True)
class Architecture:
    """The tensors of a network, or of what a metric puts on one.

    Attributes:
        name: in configs and in the cache.
        shapes: what a file has to hold.
        find: finds that in a file, under any of the names that files have for it. Nothing where no name is known.
        whole: whether the deepest layers must be there too.
    """

    name: str
    shapes: Shapes
    find: Callable[[Index], Found] = field(repr=False)
    whole: bool = True

    @property
    def kernels(self) -> dict[str, tuple[int, int, int, int]]:
        """Layer -> shape of its kernel (height, width, in, out), in the network's order."""
        return {layer: parts["kernel"] for layer, parts in self.shapes.items()}  # pyright: ignore[reportReturnType]


def convolutions(kernels: Mapping[str, tuple[int, int, int, int]]) -> Shapes:
    """Return the shapes of convolutions with biases, given those of their kernels."""
    return {layer: {"kernel": shape, "bias": shape[3:]} for layer, shape in kernels.items()}


def scaled(kernels: Mapping[str, tuple[int, int, int, int]], width: float) -> dict[str, tuple[int, int, int, int]]:
    """Return the shapes of kernels with ``width`` times as many channels; the image keeps its three."""

    def of(channels: int) -> int:
        return channels if channels in (1, 3) else max(1, round(channels * width))

    return {layer: (height, side, of(i), of(o)) for layer, (height, side, i, o) in kernels.items()}


def gathered(index: Index, layer_of: Callable[[str], str | None]) -> dict[Place, tuple[str, Stored]]:
    """Return the kernels and biases in a file: a layer's tensor of four dimensions is its kernel, of one its bias.

    Args:
        index: the file's.
        layer_of: the layer to which the tensor of a name belongs, None for others.

    Raises:
        InputError: if there are two of one.
    """
    found: dict[Place, tuple[str, Stored]] = {}
    for name, describe in index.items():
        if (layer := layer_of(name)) is None:
            continue
        tensor = describe()
        if len(tensor.shape) not in (1, 4):
            continue
        place = layer, "kernel" if len(tensor.shape) == 4 else "bias"
        if place in found:
            raise InputError(f"both {found[place][0]!r} and {name!r} look like the {place[1]} of {layer}")
        found[place] = name, tensor
    return found


def named(index: Index, shapes: Shapes) -> dict[Place, tuple[str, Stored]]:
    """Return what a file holds under our own names, "layer/part"."""
    places = [(layer, part) for layer, parts in shapes.items() for part in parts]
    return {place: (name, index[name]()) for place in places if (name := "/".join(place)) in index}
