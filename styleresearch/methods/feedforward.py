"""Style transfer by a network that was trained for its styles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.losses.objective import Objective, Targets
from styleresearch.methods.base import METHODS, Batch, Metrics, OnProgress, State, TrainedMethod
from styleresearch.methods.perceptual import perceptual_step
from styleresearch.methods.program import Program, Size, array, padded, picture
from styleresearch.methods.styles import check_styles
from styleresearch.methods.takes import Reads, Takes
from styleresearch.nets.base import Net
from styleresearch.optim.optimizers import Optimizer
from styleresearch.types import Image, OtherImage, Params, Pictures, Styles

_THUMBNAIL = 16
"""Side in px of the pictures by which a network knows its styles again."""
_SAME = 0.1
"""Root mean square difference up to which two thumbnails show one picture, at other sizes and crops of some pixels."""


@METHODS.register("feedforward")
@dataclass(frozen=True, eq=False)
class FeedForward(TrainedMethod):
    """One pass of a network that was trained under an objective, for one style or for several at once.

    Source: Johnson et al. 2016, "Perceptual losses for real-time style transfer and super-resolution"; for several
        styles Dumoulin et al. 2017, "A learned representation for artistic style", with ``net.styles`` above 1.
    Differs: any objective and network. The presets ``johnson_paper``, ``johnson_authors``, ``pytorch_examples`` and
        ``cin_multistyle`` say how the published codes differ. A style picture that the network was not trained for is
        refused; the network itself keeps thumbnails of its styles.

    Attributes:
        objective: what the network is trained on.
        optimizer: how.
        net: the network.
        styles: the style pictures, (h, w, 3) each, as many as ``net.styles``; None where it only stylises. A config
            names a picture source here, with the ``size`` of their short sides (default 256).
        dtype: of activations in training, whatever ``net.dtype`` is, which holds for ``stylize``; parameters and
            statistics are float32.
    """

    objective: Objective
    optimizer: Optimizer
    net: Net
    styles: Pictures | None = None
    dtype: Literal["float32", "bfloat16"] = "float32"
    takes: ClassVar[Takes] = Takes(styles="many", encoder=False, options=("net.dtype",))
    reads: ClassVar[Reads] = Reads(styles="none", options=("styles",))

    def __post_init__(self) -> None:
        shapes = [getattr(picture, "shape", ()) for picture in self.styles or ()]
        if any(len(shape) != 3 or shape[2] != 3 for shape in shapes):
            raise InputError(
                "feedforward: styles must be a picture source, dict(name=...), or pictures (h, w, 3), not of the "
                f"shapes {', '.join(map(str, shapes))}"
            )
        if self.styles is not None and len(self.styles) != self.net.styles:
            raise InputError(
                f"feedforward: {len(self.styles)} style pictures for a network of {self.net.styles}; "
                "name as many, or set net.styles to their number"
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """The encoder's layers that training reads."""
        return self.objective.layers

    def init(self, key: Any, encoder: Encoder, batch: Batch) -> State:
        """Return the state before the first step, the styles' summaries among its constants.

        Raises:
            InputError: if there are no style pictures to learn from.
        """
        if self.styles is None:
            raise InputError("feedforward: there are no styles to learn; name a picture source: styles=dict(name=...)")
        weights, run = jax.random.split(key)
        mix = jnp.zeros((1, self.net.styles))
        params = self.net.init(weights, jnp.zeros((1, 32, 32, 3)), mix)["params"]
        pictures = [jnp.asarray(picture, jnp.float32)[None] for picture in self.styles]
        summaries = [self.objective.style_summaries(encoder, picture) for picture in pictures]
        constants = {
            "targets": jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *summaries),
            "thumbnails": jnp.concatenate([_thumbnail(picture) for picture in pictures]),
        }
        return State.start(run, params, self.optimizer, constants)

    def step(self, state: State, encoder: Encoder, batch: Batch) -> tuple[State, Metrics]:
        """Return the state after one step, and the objective's terms, the batch's mean of each.

        Each image gets a style; a batch holds all styles equally often, or nearly so.
        """
        encoder, net = encoder.computing_in(self.dtype), self.net.clone(dtype=self.dtype)
        content = batch["content"]
        count, styles = content.shape[0], self.net.styles
        first = jax.random.randint(jax.random.fold_in(state.key, state.step), (), 0, styles)
        chosen = (first + jnp.arange(count)) % styles
        mix = jax.nn.one_hot(chosen, styles)
        summaries = self.objective.content_summaries(encoder, content)
        style = {name: [jax.tree.map(lambda x: x[chosen], leaf)] for name, leaf in state.constants["targets"].items()}
        targets = Targets(summaries, style, jnp.ones((1, count)), [None])

        def paint(params: Params) -> Image:
            return net.apply({"params": params}, content, mix)

        return perceptual_step(state, self.optimizer, self.objective, encoder, targets, paint)

    def inference(self, state: State) -> Params:
        """Return the network's parameters, averaged where the run averages them, and the styles' thumbnails."""
        net = state.params if state.ema is None else state.ema
        return {"net": net, "thumbnails": state.constants["thumbnails"]}

    def learned_styles(self, params: Params) -> Sequence[Any]:
        """Return the thumbnails of the styles, by which ``stylize`` knows them.

        Raises:
            InputError: if there are not as many as the network has styles.
        """
        known = params.get("thumbnails", ())
        if len(known) != self.net.styles:
            raise InputError(f"feedforward: it has pictures of {len(known)} styles, its network {self.net.styles}")
        return tuple(known)

    def stylize(
        self, params: Params, encoder: Any, content: Image, styles: Styles, *, key: Any, progress: OnProgress = None
    ) -> Image:
        """Return the network's images; see ``Method.stylize``. Several styles are blended by their weights.

        Source: Dumoulin et al. 2017, section 3.3: the blend is of the scales and offsets of the normalisations.

        Raises:
            InputError: for a picture that is not one of the network's styles, or masks.
        """
        check_styles("feedforward", self.takes, styles, content.shape[0])
        mix = np.zeros((content.shape[0], self.net.styles), np.float32)
        for each in styles:
            found = _recognise(np.asarray(params["thumbnails"]), np.asarray(_thumbnail(jnp.asarray(each.image))))
            mix[np.arange(content.shape[0]), found] += each.weight
        return self.paint(params, content, jnp.asarray(mix / mix.sum(1, keepdims=True)))

    def program(self, params: Params, encoder: Encoder | None, size: Size) -> Program:
        """Return the network as a function of a picture and the shares of its styles."""
        multiple = 1 if size is not None else self.net.multiple

        def call(content: Array, mix: Array) -> Array:
            shares = mix / mix.sum(1, keepdims=True)
            return padded(lambda image: self.paint(params, image, shares), content, multiple)

        return Program({"content": picture(size), "mix": array(1, self.net.styles)}, call)

    @partial(jax.jit, static_argnames="self")
    def paint(self, params: Params, content: Image, mix: Float[Array, "b styles"]) -> Image:
        """Return the network's images for a blend of its styles, whose shares sum to 1 for each image."""
        return jnp.clip(self.net.apply({"params": params["net"]}, content, mix), 0.0, 1.0)


@jax.jit
def _thumbnail(image: OtherImage) -> Float[Array, "b t t 3"]:
    return jax.image.resize(image, (image.shape[0], _THUMBNAIL, _THUMBNAIL, 3), "linear", antialias=True)


def _recognise(known: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Return the index of the known style that each picture shows."""
    distances = np.sqrt(((known[None] - pictures[:, None]) ** 2).mean((2, 3, 4)))
    if (distances.min(1) > _SAME).any():
        raise InputError(
            f"the style picture is none of the {len(known)} that this network was trained for (it differs by "
            f"{distances.min(1).max():.2f} from the nearest, at most {_SAME} counts as the same); train a network for "
            "it, or use adain or gatys, which take any style"
        )
    return distances.argmin(1)
