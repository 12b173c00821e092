"""A loss as a metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from styleresearch.evaluation.metric import METRICS, Metric, Needs
from styleresearch.losses.base import Loss
from styleresearch.types import Image, PerImage


@METRICS.register("loss")
@dataclass(frozen=True)
class LossMetric(Metric):
    """Any registered loss as a metric, with the comparison's encoder or one that the config gives it.

    Attributes:
        loss: a loss spec.
        title: its name in tables.
    """

    loss: Loss
    title: str = "Loss"
    better: ClassVar = "lower"
    source: ClassVar = "see the loss"

    @property
    def layers(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride] - read only, as any
        """The loss's."""
        return self.loss.layers

    def summarise(self, needs: Needs, style: Image) -> Any:
        """Return the loss's summary of the style images; None if it compares with something else."""
        return self._summary(needs, style) if self.loss.target == "style" else None

    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return the unweighted loss."""
        target = self._summary(needs, content) if self.loss.target == "content" else style
        return self.loss.compare(self._summary(needs, output), target)

    def _summary(self, needs: Needs, image: Image) -> Any:
        return self.loss.summarise(needs["encoder"](image, self.loss.layers))

    def definition(self) -> str:
        """Return the loss's summary line and its settings."""
        first = (type(self.loss).__doc__ or "").strip().split("\n")[0]
        settings = ", ".join(f"{key} {_text(value)}" for key, value in vars(self.loss).items() if value is not None)
        against = {"none": "of the output alone", "content": "to the content image", "style": "to the style image"}
        return f"{first} Measured {against[self.loss.target]}; {settings}."


def _text(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, tuple) else str(value)
