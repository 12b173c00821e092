"""Style transfer between two domains without pairs, there and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import jax
import jax.numpy as jnp

from styleresearch.encoder.encoder import Encoder
from styleresearch.methods.adversarial import DomainMethod, averaged, brightness, distance, finished
from styleresearch.methods.base import METHODS, Batch, Metrics, State
from styleresearch.methods.pool import Pool
from styleresearch.methods.takes import Takes
from styleresearch.options import Between, Weight
from styleresearch.types import Params


@METHODS.register("cyclegan")
@dataclass(frozen=True, eq=False, kw_only=True)
class CycleGAN(DomainMethod):
    """Two generators, from content to style and back, of which each undoes what the other did.

    Source: Zhu et al. 2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks".
    Differs: any generator, discriminator and adversarial loss. Both discriminators see the pools' pictures of this
        step's paintings, as in the authors' code.

    Attributes:
        cycle_weight: of the picture that went there and back.
        identity_weight: of a picture of the target domain, which should stay as it is; 0 for no such term. The authors'
            code has 5, the paper only for paintings.
        pool: how many earlier pictures each discriminator may be shown.
        direction: what ``stylize`` does: "forward" paints the content, "backward" makes a content of a style picture.
    """

    cycle_weight: Weight = 10.0
    identity_weight: Weight = 5.0
    pool: Annotated[int, Between(0, 10_000)] = 50
    direction: Literal["forward", "backward"] = "forward"
    takes: ClassVar[Takes] = replace(DomainMethod.takes, options=("direction", *DomainMethod.takes.options))

    def __post_init__(self) -> None:
        self._check_domain("cyclegan")

    def init(self, key: Any, encoder: Encoder, batch: Batch) -> State:
        """Return the state before the first step: four networks, each from a key of its own, and empty pools."""
        there, back, of_style, of_content, key_run = jax.random.split(key, 5)
        content, style = batch["content"], batch["style"]
        generators = {
            "forward": self.net.init(there, content[:1])["params"],
            "backward": self.net.init(back, style[:1])["params"],
        }
        discriminators = {
            "style": self.discriminator.init(of_style, style[:1])["params"],
            "content": self.discriminator.init(of_content, content[:1])["params"],
        }
        memory = {"style": Pool.empty(self.pool, style), "content": Pool.empty(self.pool, content)}
        return self._start(key_run, generators, discriminators, memory)

    def step(self, state: State, encoder: Encoder, batch: Batch) -> tuple[State, Metrics]:
        """Return the state after one step of both generators, then of both discriminators, and their terms."""
        content, style = batch["content"], batch["style"]
        keys = jax.random.split(jax.random.fold_in(state.key, state.step), 4)
        discriminators, paint = state.params["discriminator"], self._painting()

        def generator_loss(params: Params) -> tuple[dict[str, Any], Any]:
            there, back = params["forward"], params["backward"]
            painted, unpainted = paint(there, content), paint(back, style)
            returned = distance(paint(back, painted), content) + distance(paint(there, unpainted), style)
            terms = {
                "adversarial": self._generator_loss(discriminators["style"], painted)
                + self._generator_loss(discriminators["content"], unpainted),
                "cycle": self.cycle_weight * returned,
            }
            if self.identity_weight:
                kept = distance(paint(there, style), style) + distance(paint(back, content), content)
                terms["identity"] = self.identity_weight * kept
            return terms, (painted, unpainted)

        state, measured, (painted, unpainted) = self._update_generator(state, generator_loss)
        styles, shown = state.memory["style"].exchange(painted, keys[0])
        contents, shown_content = state.memory["content"].exchange(unpainted, keys[1])

        def discriminator_loss(params: Params) -> tuple[Any, Any]:
            of_style, first = self._discriminator_loss(params["style"], style, shown, keys[2])
            of_content, second = self._discriminator_loss(params["content"], content, shown_content, keys[3])
            # The one that is worse off: of two averaged, neither would be seen to win or to collapse.
            return (of_style + of_content).mean(), jnp.where(abs(first - 0.5) > abs(second - 0.5), first, second)

        state, of_discriminator = self._update_discriminator(state, discriminator_loss)
        state = state.replace(  # pyright: ignore[reportAttributeAccessIssue]
            memory={"style": styles, "content": contents}
        )
        lightness = jnp.minimum(brightness(content, painted), brightness(style, unpainted))
        return finished(state), {**measured, **of_discriminator, "brightness": lightness}

    def inference(self, state: State) -> Params:
        """Return both generators' parameters, averaged where the run averages them."""
        return averaged(state)

    def generator_params(self, params: Params) -> Params:
        """Return the generator's of the direction."""
        return params[self.direction]
