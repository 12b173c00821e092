"""What methods share whose painting network learns from a discriminator."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.losses.adversarial import Adversarial, Outputs, Scores, judged
from styleresearch.losses.penalty import Penalty
from styleresearch.losses.reconstruction import l1
from styleresearch.methods.base import Alarm, Metrics, OnProgress, State, TrainedMethod
from styleresearch.methods.program import Program, Size, padded, picture
from styleresearch.methods.takes import Takes
from styleresearch.nets.base import Discriminator, Net
from styleresearch.optim.optimizers import Optimizer
from styleresearch.types import Image, Params, PerImage, Styles

Part = Literal["generator", "discriminator"]

ACCURACY = (
    Alarm(
        "discriminator_accuracy",
        0.0,
        0.98,
        "the discriminator tells nearly every place of a real picture from one of a painted one, so the generator "
        "learns little from it; lower its learning rate, add a penalty, or give it fewer layers",
    ),
    Alarm(
        "discriminator_accuracy",
        0.4,
        1.0,
        "the discriminator takes painted pictures for more real than real ones: it has collapsed; raise its learning "
        "rate, or start again with another seed",
    ),
)

BRIGHTNESS = Alarm(
    "brightness",
    0.0,
    1.0,
    "painted pictures are dark where the content is light: colours are inverted; give the identity or cycle term more "
    "weight, or start again with another seed",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class AdversarialMethod(TrainedMethod):
    """A method with a generator, which paints, and a discriminator, which learns to tell its pictures from real ones.

    One step of the discriminator goes with one of the generator, also under ``wasserstein``, for which Gulrajani et al.
    2017 take five; give it a higher learning rate in their place.

    ``State.params``, ``opt_state`` and ``ema`` are dicts of ``"generator"`` and ``"discriminator"``. A step measures,
    beside the generator's terms: the discriminator's loss and gradient; ``discriminator_accuracy``, the share of places
    at which the real picture scored higher than the painted one; ``brightness``, the correlation of the lightness of
    content and painted picture.

    Attributes:
        optimizer: of the generator.
        net: the generator.
        discriminator: the discriminator.
        adversarial: what the two minimise.
        penalty: what else the discriminator minimises; None for nothing.
        discriminator_optimizer: of the discriminator; None for the same as the generator's.
        dtype: of activations in training, whatever the networks' own is; parameters and statistics are float32.
    """

    optimizer: Optimizer
    net: Net
    discriminator: Discriminator
    adversarial: Adversarial
    penalty: Penalty | None = None
    discriminator_optimizer: Optimizer | None = None
    dtype: Literal["float32", "bfloat16"] = "float32"

    takes: ClassVar[Takes] = Takes(styles="none", encoder=False, options=("net.dtype", "discriminator.dtype"))
    watched: ClassVar[tuple[str, ...]] = (
        "discriminator",
        "discriminator_gradient_norm",
        "discriminator_accuracy",
        "brightness",
    )
    alarms: ClassVar[tuple[Alarm, ...]] = (*ACCURACY, BRIGHTNESS)

    def _start(
        self, key: Any, generator: Params, discriminator: Params, memory: Mapping[str, Any] | None = None
    ) -> State:
        """Return the state before the first step."""
        params: dict[Part, Params] = {"generator": generator, "discriminator": discriminator}
        opt_state = {part: self._optimizer_of(part).transform().init(learned) for part, learned in params.items()}
        return State(jnp.int32(0), key, params, opt_state, memory=dict(memory or {}))

    def _optimizer_of(self, part: Part) -> Optimizer:
        return (part == "discriminator" and self.discriminator_optimizer) or self.optimizer

    def _descend(self, state: State, part: Part, gradient: Params) -> State:
        """Return the state with one part's parameters a step further; ``step`` stays."""
        transform = self._optimizer_of(part).transform()
        updates, opt_state = transform.update(gradient, state.opt_state[part], state.params[part])
        params = optax.apply_updates(state.params[part], updates)
        return state.replace(  # pyright: ignore[reportAttributeAccessIssue]
            params={**state.params, part: params}, opt_state={**state.opt_state, part: opt_state}
        )

    def _painting(self, dropout: Any = None) -> Callable[[Params, Image], Image]:
        """Return the generator as training computes it, not clipped; ``dropout`` is the key of a net that has some."""
        net, random = self.net.clone(dtype=self.dtype), None if dropout is None else {"dropout": dropout}
        return lambda params, image: net.apply({"params": params}, image, rngs=random)

    def _discriminate(self, params: Params, image: Any, condition: Any = None) -> Any:
        """Return the discriminator's activations, as training computes them."""
        return self.discriminator.clone(dtype=self.dtype).apply({"params": params}, image, condition)

    def _generator_loss(self, params: Params, painted: Any, condition: Any = None) -> PerImage:
        """Return what the generator minimises about the discriminator's verdict."""
        return judged(self.adversarial, self._discriminate(params, painted, condition), "fool")

    def _discriminator_loss(
        self, params: Params, real: Any, painted: Any, key: Any, condition: Any = None, mismatched: Any = None
    ) -> tuple[PerImage, Any]:
        """Return what the discriminator minimises, and its accuracy, a scalar.

        Half the sum over real and false pictures and the penalty: the generator learns twice as fast (Isola et al.
        2017, section 3.3). False are painted pictures, and as many real ones that do not fit their condition, where
        there are such.
        """
        on_real, on_painted = (self._discriminate(params, image, condition) for image in (real, painted))
        false = judged(self.adversarial, on_painted, "fake")
        if mismatched is not None:
            false = (false + judged(self.adversarial, self._discriminate(params, mismatched, condition), "fake")) / 2
        loss = judged(self.adversarial, on_real, "real") + false
        if self.penalty is not None:
            loss += self.penalty(
                lambda image: _scores(self._discriminate(params, image, condition)), real, painted, key
            )
        higher = [(a[-1] > b[-1]).mean() for a, b in zip(on_real, on_painted, strict=True)]
        return loss / 2, jnp.stack(higher).mean()

    def _update_discriminator(self, state: State, loss: Callable[[Params], tuple[Any, Any]]) -> tuple[State, Metrics]:
        """Return the state with the discriminator a step further, and what that measured.

        Args:
            state: where training stands.
            loss: its parameters -> the scalar that falls, and its accuracy.
        """
        (value, accuracy), gradient = jax.value_and_grad(loss, has_aux=True)(state.params["discriminator"])
        measured = {
            "discriminator": value,
            "discriminator_gradient_norm": optax.tree.norm(gradient),
            "discriminator_accuracy": accuracy,
        }
        return self._descend(state, "discriminator", gradient), measured

    def _update_generator(
        self, state: State, loss: Callable[[Params], tuple[Mapping[str, Any], Any]]
    ) -> tuple[State, Metrics, Any]:
        """Return the state with the generator a step further, its terms, and whatever else ``loss`` returned.

        Args:
            state: where training stands.
            loss: its parameters -> weighted terms of each image or scalars, whose sum falls, and anything.
        """

        def total(params: Params) -> Any:
            terms, rest = loss(params)
            means = {name: jnp.mean(value) for name, value in terms.items()}
            return sum(means.values(), jnp.zeros(())), (means, rest)

        (value, (terms, rest)), gradient = jax.value_and_grad(total, has_aux=True)(state.params["generator"])
        measured = {**terms, "total": value, "gradient_norm": optax.tree.norm(gradient)}
        return self._descend(state, "generator", gradient), measured, rest


@dataclass(frozen=True, eq=False, kw_only=True)
class DomainMethod(AdversarialMethod):
    """One whose generator goes from image to image, to the one domain of pictures that it learned."""

    @abc.abstractmethod
    def generator_params(self, params: Params) -> Params:
        """Return the parameters of ``net`` that ``stylize`` paints with, of what ``inference`` returned."""

    def stylize(
        self, params: Params, encoder: Any, content: Image, styles: Styles, *, key: Any, progress: OnProgress = None
    ) -> Image:
        """Return the generator's images; see ``Method.stylize``. ``styles`` are not read."""
        return self.paint(params, content)

    def program(self, params: Params, encoder: Encoder | None, size: Size) -> Program:
        """Return the generator as a function of a picture."""
        multiple = 1 if size is not None else self.net.multiple

        def call(content: Array) -> Array:
            return padded(lambda image: self.paint(params, image), content, multiple)

        return Program({"content": picture(size)}, call)

    @partial(jax.jit, static_argnames="self")
    def paint(self, params: Params, content: Image) -> Image:
        """Return the generator's images."""
        return jnp.clip(self.net.apply({"params": self.generator_params(params)}, content), 0.0, 1.0)

    def _check_domain(self, name: str) -> None:
        if self.net.styles != 1:
            raise InputError(f"{name}: it paints one domain, so net.styles must be 1, got {self.net.styles}")


def _scores(outputs: Outputs) -> Scores:
    """Return all scores of each image, (b, n)."""
    return jnp.concatenate([scale[-1].reshape(scale[-1].shape[0], -1) for scale in outputs], 1)


def finished(state: State) -> State:
    """Return the state with one more finished step."""
    return state.replace(step=state.step + 1)  # pyright: ignore[reportAttributeAccessIssue]


def averaged(state: State, part: Part = "generator") -> Params:
    """Return a part's parameters, averaged where the run averages them."""
    return (state.params if state.ema is None else state.ema)[part]


def distance(a: Image, b: Image) -> PerImage:
    """Return the mean absolute difference of images in the range -1 to 1 that published weights are for."""
    return 2 * l1(a, b)


def brightness(content: Image, painted: Image) -> Any:
    """Return the correlation over pixels of two pictures' lightness, the batch's mean, ()."""
    x, y = (image.astype(jnp.float32).mean(3).reshape(image.shape[0], -1) for image in (content, painted))
    x, y = x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
    # At a picture of one colour there is no correlation: 0, not NaN.
    return ((x * y).sum(1) / jnp.sqrt((x**2).sum(1) * (y**2).sum(1) + 1e-12)).mean()
