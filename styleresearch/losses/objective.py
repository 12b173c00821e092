"""The weighted sum of losses that a method optimises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import struct

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.losses.base import LOSSES, Loss
from styleresearch.types import Image, OtherImage, PerImage, Style


@struct.dataclass
class Targets:
    """What generated images are compared with: summarised once, compared at every step.

    Attributes:
        content: term -> summary of the content images.
        style: term -> one summary for each style.
        shares: how much each style counts for each image, (styles, b); they sum to 1 over styles.
        where: Mask of each style on the generated image, or None.
    """

    content: Any
    style: Any
    shares: Any
    where: Any


@struct.dataclass
class Objective:
    """Named losses and their weights: ``total = sum_t weight_t * loss_t``.

    A pytree: weights are leaves, so changing one compiles nothing; losses are static.

    Attributes:
        weights: term -> factor.
        terms: (name, loss) pairs, in the order in which reports show them.
    """

    weights: Any
    terms: tuple[tuple[str, Loss], ...] = struct.field(pytree_node=False)

    @classmethod
    def of(cls, terms: Mapping[str, tuple[float, Loss]]) -> Objective:
        """Return the objective of ``{name: (weight, loss)}``.

        Raises:
            InputError: if there is no term, or one has a name that loss curves use themselves.
        """
        if not terms:
            raise InputError("an objective needs at least one term, e.g. content=dict(name='feature', weight=1.0)")
        for name in ("total", "evaluations"):
            if name in terms:
                raise InputError(f"an objective's term cannot be called {name!r}, loss curves use that name; rename it")
        for name, (_, loss) in terms.items():
            if not loss.layers:
                raise InputError(f"the objective's term {name!r} reads no layers; name at least one")
        weights = {name: jnp.float32(weight) for name, (weight, _) in terms.items()}
        return cls(weights, tuple((name, loss) for name, (_, loss) in terms.items()))

    @property
    def layers(self) -> tuple[str, ...]:
        """The union of the layers that the terms read."""
        return tuple(dict.fromkeys(layer for _, loss in self.terms for layer in loss.layers))

    def targets(self, encoder: Encoder, content: Image, styles: Sequence[Style]) -> Targets:
        """Return what images generated from ``content`` and ``styles`` are compared with.

        Raises:
            InputError: for masks under a loss that has no masked form.
        """
        masked = any(style.where is not None or style.mask is not None for style in styles)
        unmaskable = [name for name, loss in self._of("style") if not loss.masked]
        if masked and unmaskable:
            have = [name for name in LOSSES if getattr(LOSSES.get(name), "masked", False)]
            raise InputError(
                f"the terms {', '.join(unmaskable)} have no masked form; leave out the masks or use losses that have "
                f"one: {', '.join(have)}"
            )
        style_targets: dict[str, list[Any]] = {name: [] for name, _ in self._of("style")}
        amounts = []
        for style in styles:
            for name, summary in self.style_summaries(encoder, style.image, style.mask).items():
                style_targets[name].append(summary)
            area = jnp.ones(content.shape[0]) if style.where is None else style.where.mean((1, 2, 3))
            amounts.append(style.weight * area)
        shares = jnp.stack(amounts)
        shares = shares / shares.sum(0, keepdims=True)
        content_targets = self.content_summaries(encoder, content)
        return Targets(content_targets, style_targets, shares, [style.where for style in styles])

    # Compiled, so that outside of a program too there is one for each size of pictures, not one for each operation.
    @jax.jit
    def content_summaries(self, encoder: Encoder, content: Image) -> dict[str, Any]:
        """Return term -> what generated images are compared with, for the terms that have a content target."""
        features = _encode(encoder, content, self._of("content"))
        return {name: loss.summarise(features) for name, loss in self._of("content")}

    @jax.jit
    def style_summaries(self, encoder: Encoder, style: OtherImage, mask: Any = None) -> dict[str, Any]:
        """Return term -> what generated images are compared with, for the terms that have a style target.

        Args:
            encoder: the shared encoder.
            style: style images.
            mask: Mask on the style images: which part of them counts (None: all).
        """
        features = _encode(encoder, style, self._of("style"))
        if mask is not None:
            features["mask"] = mask
        return {name: loss.summarise(features) for name, loss in self._of("style")}

    def _of(self, target: str) -> list[tuple[str, Loss]]:
        return [(name, loss) for name, loss in self.terms if loss.target == target]

    def __call__(self, encoder: Encoder, image: Image, targets: Targets) -> tuple[PerImage, dict[str, PerImage]]:
        """Return the total and the weighted terms of each image.

        Several styles: each style term is the mean of its values against the styles, by their shares. For losses
        quadratic in the summary (gram, moments) this has the gradient of comparing with the blended summary, as
        neural-style does.
        """
        features = encoder(image, self.layers)
        values: dict[str, PerImage] = {}
        for name, loss in self.terms:
            if loss.target == "style":
                values[name] = self._style(loss, features, targets, name)
            else:
                target = targets.content[name] if loss.target == "content" else None
                values[name] = loss.compare(loss.summarise(features), target)
            values[name] = values[name] * self.weights[name]
        return sum(values.values(), jnp.zeros(())), values

    def _style(self, loss: Loss, features: Any, targets: Targets, name: str) -> PerImage:
        whole = None
        value = jnp.zeros(())
        for share, where, target in zip(targets.shares, targets.where, targets.style[name], strict=True):
            if where is None:
                whole = loss.summarise(features) if whole is None else whole
                summary = whole
            else:
                summary = loss.summarise({**features, "mask": where})
            value += share * loss.compare(summary, target)
        return value


def _encode(encoder: Encoder, image: OtherImage, terms: list[tuple[str, Loss]]) -> Any:
    layers = tuple(dict.fromkeys(layer for _, loss in terms for layer in loss.layers))
    return encoder(image, layers) if layers else {}
