"""The architectures whose weights are known here, a file each."""

from collections.abc import Mapping

from styleresearch.encoder.weights.architectures.alexnet import ALEXNET
from styleresearch.encoder.weights.architectures.base import Architecture
from styleresearch.encoder.weights.architectures.efficientnet_lite0 import ARCHITECTURE as EFFICIENTNET_LITE0
from styleresearch.encoder.weights.architectures.heads import HEADS
from styleresearch.encoder.weights.architectures.vgg import VGG

ARCHITECTURES: Mapping[str, Architecture] = {
    **VGG,
    **{each.name: each for each in (ALEXNET, EFFICIENTNET_LITE0)},
    **HEADS,
}

__all__ = ["ARCHITECTURES", "Architecture"]
