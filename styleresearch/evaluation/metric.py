"""What a metric is: a number for each stylised picture, or one for all pictures of a method together.

Two values compare only under the same contract, so it is written beside them (``contracts.json``).
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias

from styleresearch.encoder.encoder import Encoder
from styleresearch.evaluation.networks import described, digest_of
from styleresearch.registry import Registry
from styleresearch.types import Image, PerImage

Needs: TypeAlias = Mapping[str, Any]
"""Name -> network, as ``AnyMetric.needs`` returned them, on their way through a compiled program."""


class AnyMetric(abc.ABC):
    """What metrics per picture and over a set have in common. Subclasses are frozen dataclasses without arrays.

    A metric is a constant of the compiled program, and the networks that it sees through are arguments of it. So a
    metric does not hold a network but names it in ``needs`` and is given it.

    Attributes:
        title: its name in tables; "{encoder}" and "{layers}" in it stand for those that it sees through.
        better: "lower" or "higher"; None where neither is, as of a size.
        source: paper or software.
        layers: what it reads of the comparison's encoder; empty for a metric that does not look through it.
        version: counts changes of its values under the same settings, from 1.
        resize: at which size it measures, if not at that of the pictures, and how they get there.
        range: which values there are.
    """

    title: str
    better: ClassVar[Literal["lower", "higher"] | None]
    source: ClassVar[str]
    layers: tuple[str, ...] = ()
    version: ClassVar[int] = 0
    resize: ClassVar[str] = ""
    range: ClassVar[str] = ""

    def needs(self, encoder: Encoder) -> dict[str, Any]:
        """Return the networks that it sees through, by name.

        Each is a pytree of arrays: an ``Encoder``, a ``flax.struct.dataclass`` of one's own, a dict. Called once for a
        suite, before anything is measured; so weights are read here. Networks of equal digests are one argument.

        Args:
            encoder: the comparison's, or the one that the config gives this metric. Returned as "encoder" by default,
                if the metric has layers.
        """
        return {"encoder": encoder} if self.layers else {}

    @abc.abstractmethod
    def definition(self) -> str:
        """Return what is measured, in one sentence, settings included."""

    def label(self, needs: Needs) -> str:
        """Return its name in tables, which says what it sees through."""
        encoder = needs["encoder"].label if "encoder" in needs else ""
        return self.title.replace("{encoder}", encoder).replace("{layers}", "+".join(self.layers))

    def check(self, needs: Needs, size: tuple[int, int] | None = None) -> None:
        """Raise InputError if images of (height, width) cannot be measured: by default, if the encoder cannot."""
        if "encoder" in needs:
            needs["encoder"].check(self.layers, size)

    def contract(self, needs: Needs) -> dict[str, Any]:
        """Return everything that another value must share with this one's to be compared with it."""
        settings = {name: described(value) for name, value in vars(self).items() if name != "title"}
        own = {name: digest_of(network) for name, network in needs.items() if name != "encoder"}
        return {
            "metric": type(self).__name__,
            "settings": settings,
            "encoder": described(needs["encoder"]) if "encoder" in needs else None,
            **({"networks": own} if own else {}),
            "pixels": "8-bit RGB file, scaled to [0, 1]",
            **{fact: said for fact in ("version", "resize", "range") if (said := getattr(self, fact))},
        }


class Metric(AnyMetric):
    """A measure of a stylised image against its content or style image.

    One that reads the style image says in ``summarise`` what it keeps of it: a suite computes that once for each style,
    and compiles ``__call__`` for each size of the output and not for each pair of sizes.

    Attributes:
        compares: whether it measures the output against its content or style, which are then the best there are; False
            for a property of the output alone, which floor baselines put into perspective.
    """

    compares: ClassVar[bool] = True

    def summarise(self, needs: Needs, style: Image) -> Any:
        """Return what ``__call__`` takes as ``style``: a pytree of arrays that lead with the batch axis.

        The images themselves, unless a metric keeps less of them.
        """
        return style

    @abc.abstractmethod
    def __call__(self, needs: Needs, output: Image, content: Image, style: Any) -> PerImage:
        """Return one value per image. Output and content have one size; ``style`` is what ``summarise`` returned."""


class SetMetric(AnyMetric):
    """A measure of all pictures of a method together, against the contents or the styles that they were made from.

    Attributes:
        references: whether outputs are compared with the "content" or the "style" pictures; each counts once, however
            many outputs were made from it.
        least: how many pictures there must be, of outputs and of references; with fewer there is no value.
        halves: whether a report shows its value over half of the outputs too, which tells how far the number of
            pictures decides it.
        paired: whether it also looks at each output beside its own content, in ``embed_output``.
    """

    references: ClassVar[Literal["content", "style"]]
    least: int = 2
    halves: ClassVar[bool] = False
    paired: ClassVar[bool] = False

    @abc.abstractmethod
    def embed(self, needs: Needs, image: Image) -> Any:
        """Return what is kept of images: a pytree of arrays that lead with the batch axis, of one shape for any size.

        A suite compiles it for each size of pictures.
        """

    def embed_output(self, needs: Needs, output: Image, content: Image) -> Any:
        """Return what is kept of outputs, given their contents at the same size: by default what ``embed`` keeps.

        Asked only of a metric that is ``paired``. A pytree like that of ``embed``.
        """
        return self.embed(needs, output)

    @abc.abstractmethod
    def compare(self, outputs: Any, references: Any) -> float:
        """Return the value, given what ``embed`` kept of all outputs and of all references: numpy arrays (n, ...)."""

    def contract(self, needs: Needs) -> dict[str, Any]:
        """Return the contract; which pictures are compared belongs to it."""
        return {**super().contract(needs), "references": self.references}


METRICS: Registry[AnyMetric] = Registry("metric", AnyMetric)
"""Metrics per picture and over a set."""
