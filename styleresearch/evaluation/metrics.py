"""Metrics: one number per stylised image, from registered objects, each with a contract that says what it is.

Two values compare only under the same contract, so it is written beside them (``contracts.json``).
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.losses.base import Loss
from styleresearch.ops.ssim import WINDOW, ssim
from styleresearch.options import Between
from styleresearch.registry import Registry
from styleresearch.types import Image, PerImage


class Metric(abc.ABC):
    """A measure of a stylised image against its content or style image. Subclasses are frozen dataclasses.

    One that reads the style image says in ``summarise`` what it keeps of it: a suite computes that once for each style,
    and compiles ``__call__`` for each size of the output and not for each pair of sizes.

    Attributes:
        title: its name in tables.
        better: "lower" or "higher".
        source: paper or software.
    """

    title: str
    better: ClassVar[Literal["lower", "higher"]]
    source: ClassVar[str]

    def summarise(self, encoder: Encoder, style: Image) -> Any:
        """Return what ``__call__`` takes as ``style``: a pytree of arrays that lead with the batch axis.

        The images themselves, unless a metric keeps less of them.
        """
        return style

    @abc.abstractmethod
    def __call__(self, encoder: Encoder, output: Image, content: Image, style: Any) -> PerImage:
        """Return one value per image. Output and content have one size; ``style`` is what ``summarise`` returned."""

    @abc.abstractmethod
    def definition(self) -> str:
        """Return what is measured, in one sentence, settings included."""

    @abc.abstractmethod
    def check(self, encoder: Encoder, size: tuple[int, int] | None = None) -> None:
        """Raise InputError if images of (height, width) cannot be measured with this encoder."""

    def contract(self, encoder: Encoder) -> dict[str, Any]:
        """Return everything that another value must share with this one's to be compared with it."""
        loss = getattr(self, "loss", None)
        settings = {key: value for key, value in vars(self).items() if key != "title"}
        if loss is not None:
            settings["loss"] = {"type": type(loss).__name__, **vars(loss)}
        return {
            "metric": type(self).__name__,
            "settings": settings,
            "encoder": encoder.describe() if loss is not None else None,
            "pixels": "8-bit RGB file, scaled to [0, 1]",
        }


METRICS: Registry[Metric] = Registry("metric")


@METRICS.register("loss")
@dataclass(frozen=True)
class LossMetric(Metric):
    """Any registered loss as a metric, with the comparison's encoder.

    Attributes:
        loss: a loss spec.
        title: its name in tables.
    """

    loss: Loss
    title: str = "Loss"
    better: ClassVar = "lower"
    source: ClassVar = "see the loss"

    def summarise(self, encoder: Encoder, style: Image) -> Any:
        """Return the loss's summary of the style images; None if it compares with something else."""
        return self._summary(encoder, style) if self.loss.target == "style" else None

    def __call__(self, encoder: Encoder, output: Image, content: Image, style: Any) -> PerImage:
        """Return the unweighted loss."""
        target = self._summary(encoder, content) if self.loss.target == "content" else style
        return self.loss.compare(self._summary(encoder, output), target)

    def _summary(self, encoder: Encoder, image: Image) -> Any:
        return self.loss.summarise(encoder(image, self.loss.layers))

    def definition(self) -> str:
        """Return the loss's summary line and its settings."""
        first = (type(self.loss).__doc__ or "").strip().split("\n")[0]
        settings = ", ".join(f"{key} {_text(value)}" for key, value in vars(self.loss).items() if value is not None)
        against = {"none": "of the output alone", "content": "to the content image", "style": "to the style image"}
        return f"{first} Measured {against[self.loss.target]}; {settings}."

    def check(self, encoder: Encoder, size: tuple[int, int] | None = None) -> None:
        """Raise for layers that the encoder lacks or images too small for them."""
        encoder.check(self.loss.layers, size)


@METRICS.register("ssim")
@dataclass(frozen=True)
class SSIM(Metric):
    """Structural similarity of output and content, a mean over RGB channels: how much structure is left.

    Source: Wang et al. 2004 (11 x 11 Gaussian window, sigma 1.5, k1 0.01, k2 0.03).
    Differs: colour, a mean over the three channels; others report it on grey images.

    Attributes:
        title: its name in tables.
    """

    title: str = "SSIM to content"
    better: ClassVar = "higher"
    source: ClassVar = "Wang et al. 2004"

    def summarise(self, encoder: Encoder, style: Image) -> None:
        """Return nothing: it does not read the style."""

    def __call__(self, encoder: Encoder, output: Image, content: Image, style: Any) -> PerImage:
        """Return the similarity, at most 1."""
        return ssim(output, content)

    def definition(self) -> str:
        """Return what is measured."""
        return "Structural similarity to the content image, mean over RGB, 11x11 Gaussian window; 1 for the content."

    def check(self, encoder: Encoder, size: tuple[int, int] | None = None) -> None:
        """Raise for images smaller than the window."""
        if size is not None and min(size) < WINDOW:
            raise InputError(f"SSIM needs images of at least 11x11 px, got {size[1]}x{size[0]}; leave the metric out")


@METRICS.register("color_histogram")
@dataclass(frozen=True)
class ColorHistogram(Metric):
    """Hellinger distance between the joint RGB histograms of output and style image.

    Source: Hellinger 1909; for style transfer Afifi et al. 2021 (HistoGAN), on another colour space.
    Differs: hard bins in RGB, no log-chroma and no kernel, so it is exact and free of settings but the bin count.

    Attributes:
        bins: per channel.
        title: its name in tables.
    """

    bins: Annotated[int, Between(2, 64)] = 8
    title: str = "Colour distance to style"
    better: ClassVar = "lower"
    source: ClassVar = "Hellinger distance of RGB histograms"

    def summarise(self, encoder: Encoder, style: Image) -> Float[Array, "b bins"]:
        """Return the style images' histograms, each of which sums to 1."""
        return self._histogram(style)

    def __call__(self, encoder: Encoder, output: Image, content: Image, style: Float[Array, "b bins"]) -> PerImage:
        """Return the distance, between 0 (same colours) and 1 (no colour shared)."""
        overlap = jnp.sqrt(self._histogram(output) * style).sum(1)
        return jnp.sqrt(jnp.maximum(1.0 - overlap, 0.0))

    def _histogram(self, image: Image) -> Float[Array, "b bins"]:
        level = jnp.clip((image * self.bins).astype(jnp.int32), 0, self.bins - 1)
        index = (level[..., 0] * self.bins + level[..., 1]) * self.bins + level[..., 2]
        flat = index.reshape(image.shape[0], -1)
        counts = jax.vmap(lambda one: jnp.bincount(one, length=self.bins**3))(flat)
        return counts / flat.shape[1]

    def definition(self) -> str:
        """Return what is measured."""
        return (
            f"Hellinger distance between the joint RGB histograms ({self.bins} bins per channel) of output and style "
            "image; 0 for equal colours, 1 for disjoint ones."
        )

    def check(self, encoder: Encoder, size: tuple[int, int] | None = None) -> None:
        """Raise nothing: every image has a histogram."""


def _text(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, tuple) else str(value)
