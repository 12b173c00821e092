"""Style transfer learned from pairs of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from styleresearch.encoder.encoder import Encoder
from styleresearch.losses.reconstruction import feature_matching
from styleresearch.methods.adversarial import ACCURACY, DomainMethod, averaged, brightness, distance, finished
from styleresearch.methods.base import METHODS, Alarm, Batch, Metrics, State
from styleresearch.methods.takes import Reads
from styleresearch.options import Weight
from styleresearch.types import Image, Params


@METHODS.register("pix2pix")
@dataclass(frozen=True, eq=False, kw_only=True)
class Pix2Pix(DomainMethod):
    """A generator that learns from pairs what every content picture should become (``data.paired=True``).

    The discriminator judges a picture together with the content it was painted from.

    Source: Isola et al. 2017, "Image-to-image translation with conditional adversarial networks".
    Differs: any generator, discriminator and adversarial loss; feature matching as in Wang et al. 2018 (pix2pixHD).
        Dropout, for a net that has some, in training only; the paper keeps it when it stylises.

    Attributes:
        l1_weight: of the mean absolute difference to the pair's picture.
        matching_weight: of feature matching; 0 for no such term (pix2pix), 10 in pix2pixHD.
    """

    l1_weight: Weight = 100.0
    matching_weight: Weight = 0.0
    reads: ClassVar[Reads] = Reads(styles="pairs")
    # A pair may well be the content's negative: outlines and what they outline.
    alarms: ClassVar[tuple[Alarm, ...]] = ACCURACY

    def __post_init__(self) -> None:
        self._check_domain("pix2pix")

    def init(self, key: Any, encoder: Encoder, batch: Batch) -> State:
        """Return the state before the first step."""
        key_generator, key_discriminator, key_run = jax.random.split(key, 3)
        content = batch["content"][:1]
        generator = self.net.init(key_generator, content)["params"]
        discriminator = self.discriminator.init(key_discriminator, jnp.concatenate([content, content], -1))["params"]
        return self._start(key_run, generator, discriminator)

    def step(self, state: State, encoder: Encoder, batch: Batch) -> tuple[State, Metrics]:
        """Return the state after one step of the discriminator, then of the generator, and their terms."""
        content, style = batch["content"], batch["style"]
        dropout, random = jax.random.split(jax.random.fold_in(state.key, state.step))
        paint = self._painting(dropout)
        # The generator's step paints the same picture again; the compiler keeps one of the two.
        before = jax.lax.stop_gradient(paint(state.params["generator"], content))

        def beside(image: Image) -> Any:
            return jnp.concatenate([content, image], -1)

        def discriminator_loss(params: Params) -> tuple[Any, Any]:
            loss, accuracy = self._discriminator_loss(params, beside(style), beside(before), random)
            return loss.mean(), accuracy

        state, of_discriminator = self._update_discriminator(state, discriminator_loss)
        discriminator = state.params["discriminator"]

        def generator_loss(params: Params) -> tuple[dict[str, Any], Any]:
            painted = paint(params, content)
            terms = {
                "adversarial": self._generator_loss(discriminator, beside(painted)),
                "l1": self.l1_weight * distance(painted, style),
            }
            if self.matching_weight:
                seen, real = (self._discriminate(discriminator, beside(image)) for image in (painted, style))
                terms["matching"] = self.matching_weight * feature_matching(seen, real)
            return terms, painted

        state, measured, painted = self._update_generator(state, generator_loss)
        return finished(state), {**measured, **of_discriminator, "brightness": brightness(content, painted)}

    def inference(self, state: State) -> Params:
        """Return the generator's parameters, averaged where the run averages them."""
        return averaged(state)

    def generator_params(self, params: Params) -> Params:
        """Return the generator's: all of them."""
        return params
