"""Adversarial losses by name: what the scores of a discriminator cost the two players."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.errors import InputError
from styleresearch.registry import Registry
from styleresearch.types import PerImage

Scores: TypeAlias = Float[Array, "*scores"]
"""What a discriminator says of its images, of any shape and sign; higher is more real."""

Role: TypeAlias = Literal["real", "fake", "fool"]
"""Whose loss it is: the discriminator's on real images, its loss on fake ones, or the generator's on its own."""

Outputs: TypeAlias = Sequence[Sequence[Any]]
"""A discriminator's answer: for every scale its activations, (b, h, w, c) each, the last of them the scores."""


@runtime_checkable
class Adversarial(Protocol):
    """What a discriminator's scores cost: any function that is called like this."""

    def __call__(self, scores: Scores, role: Role, /) -> Scores:
        """Return the loss of every score, float32, of the scores' shape; whoever has the role minimises its mean."""
        ...


ADVERSARIAL: Registry[Adversarial] = Registry("adversarial loss", Adversarial)


def judged(loss: Adversarial, outputs: Outputs, role: Role) -> PerImage:
    """Return the loss of each image: the mean over its positions, then over the discriminator's scales.

    Source: Isola et al. 2017, section 3.2.2, over positions; Wang et al. 2018 (pix2pixHD), equation 3, over scales.
    Differs: pix2pixHD sums over the scales.

    Args:
        loss: the adversarial loss.
        outputs: what the discriminator returned.
        role: "real", "fake" or "fool".
    """
    return jnp.stack([loss(scale[-1], role).mean((1, 2, 3)) for scale in outputs]).mean(0)


@ADVERSARIAL.register("lsgan")
def lsgan(real: float = 1.0, fake: float = 0.0) -> Adversarial:
    """Squared distance of the scores to a label: least squares, the loss of CycleGAN and CUT.

    Source: Mao et al. 2017 (LSGAN), equation 9; Zhu et al. 2017 (CycleGAN), section 4.
    Differs: without Mao et al.'s halves, as CycleGAN writes it.

    Args:
        real: label of real images, and what the generator wants its own to be given.
        fake: label of generated images.

    Raises:
        InputError: unless ``real`` is above ``fake``.
    """
    if not real > fake:
        raise InputError(f"lsgan: real must be above fake, got real={real} and fake={fake}")

    def loss(scores: Scores, role: Role) -> Scores:
        return (scores.astype(jnp.float32) - (fake if role == "fake" else real)) ** 2

    return loss


@ADVERSARIAL.register("non_saturating")
def non_saturating() -> Adversarial:
    """Cross-entropy of the scores as logits; the generator raises log D instead of lowering log(1 - D).

    Source: Goodfellow et al. 2014, equation 1 and section 3.
    """

    def loss(scores: Scores, role: Role) -> Scores:
        return jax.nn.softplus(_towards(scores, role))

    return loss


@ADVERSARIAL.register("hinge")
def hinge() -> Adversarial:
    """The discriminator stops at a margin of 1 on either side; the generator raises its scores without end.

    Source: Lim & Ye 2017; Miyato et al. 2018 (spectral normalisation), equations 16 and 17.
    """

    def loss(scores: Scores, role: Role) -> Scores:
        signed = _towards(scores, role)
        return signed if role == "fool" else jax.nn.relu(1.0 + signed)

    return loss


@ADVERSARIAL.register("wasserstein")
def wasserstein() -> Adversarial:
    """The scores themselves: the critic estimates the earth mover's distance; it needs a bound (``gradient_penalty``).

    Source: Arjovsky et al. 2017 (Wasserstein GAN), equation 2; Gulrajani et al. 2017 (WGAN-GP), equation 3.
    """
    return _towards


def _towards(scores: Scores, role: Role) -> Scores:
    """Return the scores with the sign under which the role wants them small: fake ones low, all others high."""
    scores = scores.astype(jnp.float32)
    return scores if role == "fake" else -scores
