"""Arbitrary style transfer by a generator that a discriminator of styles and the encoder teach together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.losses.objective import Objective
from styleresearch.methods.adain import AdaIN
from styleresearch.methods.adversarial import AdversarialMethod, averaged, brightness, finished
from styleresearch.methods.base import METHODS, Batch, Metrics, OnProgress, State
from styleresearch.methods.program import Program, Size
from styleresearch.methods.takes import Takes
from styleresearch.nets.base import Decoder
from styleresearch.ops.moments import mean, std
from styleresearch.options import Epsilon, Share, Weight
from styleresearch.types import Image, OtherImage, Params, Styles


@METHODS.register("arbitrary_gan")
@dataclass(frozen=True, eq=False, kw_only=True)
class ArbitraryGAN(AdversarialMethod):
    """A content and a style picture give one picture: the encoder reads, a GAN paints, the encoder and the GAN judge.

    The generator decodes the content's features with the style's channel statistics, as AdaIN. The discriminator sees a
    picture and the statistics of a style picture, and learns whether the one was painted in the style of the other:
    real are style pictures with their own statistics; false are painted pictures, and as many style pictures with the
    statistics of another. The objective judges content and style in the encoder's features.

    Source: the founding note of this project (a CNN for features, a GAN to generate, a CNN to evaluate); Huang &
        Belongie 2017 for the generator; Reed et al. 2016, section 4.2 (GAN-CLS), for the pairs that do not belong
        together; Miyato & Koyama 2018 for a discriminator with a condition.
    Differs: from all of these in what they are joined to.

    Attributes:
        objective: what the generator learns from the encoder, as in ``adain``.
        adversarial_weight: of what the generator learns from the discriminator.
        condition_layer: the encoder's layer whose means and deviations tell the discriminator the style; the
            discriminator's ``condition`` is twice its number of channels, or 0 for one that is told nothing.
        layer: the encoder's layer whose statistics the generator is given.
        eps: added to variances.
        strength: from 0, the content's own features, to 1, the style's statistics; ``stylize`` only.
    """

    net: Decoder
    objective: Objective
    adversarial_weight: Weight = 1.0
    condition_layer: str = "relu3_1"
    layer: str = "relu4_1"
    eps: Epsilon = 1e-5
    strength: Share = 1.0
    takes: ClassVar[Takes] = replace(AdaIN.takes, options=("strength", *AdversarialMethod.takes.options))

    def __post_init__(self) -> None:
        taken = {"adversarial", "gradient_norm", *self.watched} & {name for name, _ in self.objective.terms}
        if taken:
            raise InputError(
                f"arbitrary_gan: a step measures something else as {', '.join(sorted(taken))}; give that term of the "
                "objective another name"
            )
        try:
            self.transfer  # noqa: B018 - it refuses what does not fit
        except InputError as error:
            raise InputError(str(error).replace("adain:", "arbitrary_gan:")) from error

    @cached_property
    def transfer(self) -> AdaIN:
        """The generator as the method that it is without a discriminator."""
        return AdaIN(
            self.objective,
            self.optimizer,
            self.net,
            self.layer,
            self.eps,
            self.eps,
            strength=self.strength,
            dtype=self.dtype,
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """The encoder's layers that training reads."""
        return tuple(dict.fromkeys((*self.transfer.layers, self.condition_layer)))

    def init(self, key: Any, encoder: Encoder, batch: Batch) -> State:
        """Return the state before the first step.

        Raises:
            InputError: if the generator does not paint images of the content's size, or the discriminator expects
                another condition than there is.
        """
        key_generator, key_discriminator, key_run = jax.random.split(key, 3)
        generator = self.transfer.init(key_generator, encoder, batch).params
        style = batch["style"][:1]
        condition = jax.eval_shape(lambda: self._condition(encoder, style))
        expected = self.discriminator.condition
        if expected not in (0, condition.shape[1]):
            raise InputError(
                f"arbitrary_gan: {self.condition_layer} has {condition.shape[1] // 2} channels, so discriminator."
                f"condition must be {condition.shape[1]} (a mean and a deviation of each), or 0, not {expected}"
            )
        given = jnp.zeros(condition.shape) if expected else None
        discriminator = self.discriminator.init(key_discriminator, style, given)["params"]
        return self._start(key_run, generator, discriminator)

    def step(self, state: State, encoder: Encoder, batch: Batch) -> tuple[State, Metrics]:
        """Return the state after one step of the discriminator, then of the generator, and their terms."""
        content, style = batch["content"], batch["style"]
        random = jax.random.fold_in(state.key, state.step)
        encoder = encoder.computing_in(self.dtype)
        features, targets = self.transfer.targets(encoder, content, style)
        condition = self._condition(encoder, style) if self.discriminator.condition else None
        net = self.net.clone(dtype=self.dtype)

        def paint(params: Params) -> Image:
            return net.apply({"params": params}, features)

        # The generator's step paints the same picture again; the compiler keeps one of the two.
        before = jax.lax.stop_gradient(paint(state.params["generator"]))

        # A batch of one has no style that does not belong.
        mismatched = jnp.roll(style, 1, 0) if condition is not None and style.shape[0] > 1 else None

        def discriminator_loss(params: Params) -> tuple[Any, Any]:
            loss, accuracy = self._discriminator_loss(params, style, before, random, condition, mismatched)
            return loss.mean(), accuracy

        state, of_discriminator = self._update_discriminator(state, discriminator_loss)
        discriminator = state.params["discriminator"]

        def generator_loss(params: Params) -> tuple[dict[str, Any], Any]:
            painted = paint(params)
            terms = dict(self.objective(encoder, painted, targets)[1])
            terms["adversarial"] = self.adversarial_weight * self._generator_loss(discriminator, painted, condition)
            return terms, painted

        state, measured, painted = self._update_generator(state, generator_loss)
        return finished(state), {**measured, **of_discriminator, "brightness": brightness(content, painted)}

    def _condition(self, encoder: Encoder, style: OtherImage) -> Any:
        """Return what tells the discriminator the style: means and deviations of unit mean square, (b, 2 c)."""
        features = encoder(style, (self.condition_layer,))[self.condition_layer]
        moments = jnp.concatenate([mean(features), std(features, self.eps)], -1).astype(jnp.float32)
        return moments / jnp.sqrt((moments**2).mean(-1, keepdims=True) + 1e-12)

    def inference(self, state: State) -> Params:
        """Return the generator's parameters, averaged where the run averages them."""
        return averaged(state)

    def stylize(
        self, params: Params, encoder: Encoder, content: Image, styles: Styles, *, key: Any, progress: OnProgress = None
    ) -> Image:
        """Return the generator's images; see ``AdaIN.stylize``."""
        return self.transfer.stylize(params, encoder, content, styles, key=key, progress=progress)

    def program(self, params: Params, encoder: Encoder | None, size: Size) -> Program:
        """Return the generator as a function; see ``AdaIN.program``."""
        return self.transfer.program(params, encoder, size)
