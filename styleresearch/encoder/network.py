"""What an encoder asks of a network, and the networks that there are, a file each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

from styleresearch.encoder.alexnet import AlexNet
from styleresearch.encoder.efficientnet_lite0 import EfficientNetLite0
from styleresearch.encoder.layout import Layout
from styleresearch.encoder.vgg import VGG
from styleresearch.types import Image


@runtime_checkable
class Network(Protocol):
    """A network without its weights: hashable, for programs are compiled for it."""

    @property
    def layout(self) -> Layout:
        """Its layers."""
        ...

    @property
    def convention(self) -> str:
        """Its weights' convention."""
        ...

    def smallest_side(self, layers: Iterable[str]) -> int:
        """Return the smallest image side (px) for which every layer can be computed."""
        ...

    def describe(self) -> dict[str, str]:
        """Return what a record must say of it besides its weights."""
        ...

    def variables(self, params: Any) -> Any:
        """Return what ``apply`` takes, given weights: layer -> part -> array."""
        ...

    def apply(self, variables: Any, image: Image, layers: tuple[str, ...]) -> Any:
        """Return the named layers' activations."""
        ...


NETWORKS: Mapping[str, Callable[[str], Network]] = {
    "vgg16": partial(VGG, "vgg16"),
    "vgg19": partial(VGG, "vgg19"),
    "alexnet": AlexNet,
    "efficientnet_lite0": EfficientNetLite0,
}
"""Architecture -> its network, given the convention of the weights."""
