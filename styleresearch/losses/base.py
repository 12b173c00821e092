"""What a perceptual loss is."""

from __future__ import annotations

import abc
from typing import Any, ClassVar, Literal

from styleresearch.ops.moments import resize_mask
from styleresearch.registry import Registry
from styleresearch.types import Features, Mask, PerImage


class Loss(abc.ABC):
    """A comparison of two images in feature space, split so that a target is summarised once and compared often.

    Subclasses are frozen dataclasses whose fields are the loss's settings; they hold no arrays and no weight (the
    ``Objective`` weighs its terms). The same object serves in training and as an evaluation metric, so ``compare``
    returns one value per image, never a batch mean.

    Attributes:
        target: whose summary the generated image is compared with: "content", "style", or "none" for a loss of the
            generated image alone, whose ``compare`` receives ``None`` as target.
        layers: names of the features that ``summarise`` reads ("relu4_2", ..., or "image").
        masked: whether ``summarise`` honours ``features["mask"]`` (see ``mask_at``).
        invariances: changes of the generated image alone that do not change the value: "positions" (any shuffle),
            "translation" (a roll), "flip", "channels" (relabelled). A promise: ``styleresearch check`` holds it to it.
        zero_at_identity: whether an image costs nothing against itself; also checked.
    """

    target: ClassVar[Literal["content", "style", "none"]]
    masked: ClassVar[bool] = False
    invariances: ClassVar[tuple[Literal["positions", "translation", "flip", "channels"], ...]] = ()
    zero_at_identity: ClassVar[bool] = True
    layers: tuple[str, ...]

    @abc.abstractmethod
    def summarise(self, features: Features) -> Any:
        """Reduce features of a batch to what is compared: a pytree whose leaves lead with the batch axis."""

    @abc.abstractmethod
    def compare(self, pred: Any, target: Any) -> PerImage:
        """Return the loss of each image, given the summaries of the generated image and of its target."""


LOSSES: Registry[Loss] = Registry("loss", Loss)


def mask_at(features: Features, layer: str) -> Mask | None:
    """Return the mask of ``features`` at the layer's resolution, or None where there is none."""
    mask = features.get("mask")
    return None if mask is None else resize_mask(mask, *features[layer].shape[1:3])
