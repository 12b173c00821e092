"""Style transfer by optimising the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.losses.objective import Objective, Targets
from styleresearch.methods.base import METHODS, Method, NonFiniteLossError, OnProgress, Progress
from styleresearch.methods.styles import check_styles
from styleresearch.methods.takes import Takes
from styleresearch.ops.resize import resize
from styleresearch.optim.optimizers import Optimizer, over
from styleresearch.options import Between, Count, Length, Positive
from styleresearch.types import Image, Params, Style, Styles

# The mean colour of ImageNet (RGB), where Caffe's pixels are zero: the centre of the published noise initialisations.
_MEAN_COLOR = (123.68 / 255, 116.779 / 255, 103.939 / 255)


Stage: TypeAlias = tuple[Annotated[float, Between(0, 1, "(]")], Positive]
"""(size relative to the content's, share of the evaluations), e.g. (0.5, 0.6)."""


@METHODS.register("gatys")
@dataclass(frozen=True, eq=False)
class Gatys(Method):
    """Optimise the pixels of an image under an objective, coarse to fine.

    Source: Gatys et al. 2016, "Image style transfer using convolutional neural networks".
    Differs: any objective and optimiser; published variants are the configs ``gatys_paper``, ``gatys_authors``,
        ``neural_style`` and ``gatys_fast``, which say what they reproduce. Pixels are optimised in [0, 1] whatever the
        encoder's convention, which changes Adam's step length and L-BFGS's first step only.

    Attributes:
        objective: what is minimised.
        optimizer: how.
        evaluations: evaluations of the objective and its gradient in all, over all stages. Exact without a line
            search; a search that has begun is finished, and every stage takes a step, so "zoom" may go over.
        init: "content", "style" (resized to the content's size) or "noise".
        noise: standard deviation of the Gaussian noise around ImageNet's mean colour for ``init="noise"``.
        pyramid: stages (size relative to the content's, share of the evaluations); each starts from the upsampled
            result of the one before.
        clip: "end", or "step" to return to [0, 1] after every step (breaks L-BFGS's curvature estimate).
        report_every: evaluations between two progress reports.
    """

    objective: Objective
    optimizer: Optimizer
    evaluations: Count = 500
    init: Literal["content", "style", "noise"] = "content"
    noise: Annotated[float, Between(0, 1e6)] = 0.1
    pyramid: Annotated[tuple[Stage, ...], Length(1, 100)] = ((1.0, 1.0),)
    clip: Literal["end", "step"] = "end"
    report_every: Annotated[int, Between(1, 100_000)] = 10
    takes: ClassVar[Takes] = Takes(styles="many", masks=True)

    def __post_init__(self) -> None:
        if self.pyramid[-1][0] != 1:
            raise InputError(f"gatys: the last stage of pyramid {self.pyramid!r} must have relative size 1.0")
        if self.evaluations < len(self.pyramid):
            raise InputError(
                f"gatys: evaluations={self.evaluations} are fewer than the {len(self.pyramid)} stages of the pyramid"
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """The encoder's layers that the objective reads."""
        return self.objective.layers

    def stylize(
        self, params: Params, encoder: Encoder, content: Image, styles: Styles, *, key: Any, progress: OnProgress = None
    ) -> Image:
        """Return the optimised images; see ``Method.stylize``. Images of a batch are optimised one after the other.

        Raises:
            InputError: if an image is too small for the objective's layers at the coarsest stage, or styles, weights
                and masks do not fit the content.
            NonFiniteLossError: if a term or its gradient becomes NaN or infinite.
        """
        check_styles("gatys", self.takes, styles, content.shape[0])
        keys = jax.random.split(key, content.shape[0])
        # Taken apart and put together in numpy: each operation in jax would be a program for each size.
        batch = jax.tree.map(np.asarray, (content, list(styles)))
        results = []
        for index in range(content.shape[0]):
            one = jax.tree.map(lambda leaf, i=index: jax.device_put(leaf[i : i + 1] if leaf.ndim else leaf), batch)
            results.append(self._optimise(encoder, one[0], one[1], keys[index], progress))
        return jax.device_put(np.concatenate(results))

    def _optimise(
        self, encoder: Encoder, content: Image, styles: list[Style], key: Any, progress: OnProgress
    ) -> np.ndarray:
        image: Image | None = None
        done = 0
        total_share = sum(share for _, share in self.pyramid)
        spent = 0.0
        for number, (scale, share) in enumerate(self.pyramid, 1):
            spent += share
            # Every stage gets an evaluation, however small its share, and leaves one for each stage to come.
            left = len(self.pyramid) - number
            until = max(done + 1, min(round(self.evaluations * spent / total_share), self.evaluations - left))
            height, width = (max(1, round(side * scale)) for side in content.shape[1:3])
            small = [_scaled(each, scale) for each in styles]
            reference = resize(content, height, width)
            encoder.check(self.layers, (height, width))
            start = self._start(reference, small, key) if image is None else resize(image, height, width)
            targets = self.objective.targets(encoder, reference, small)
            image, done = self.minimise(encoder, targets, start, done, until, progress)
        assert image is not None  # the pyramid has a stage
        return np.clip(np.asarray(image), 0.0, 1.0)

    def _start(self, content: Image, styles: list[Style], key: Any) -> Image:
        if self.init == "content":
            return content
        if self.init == "style":
            return resize(styles[0].image, *content.shape[1:3])
        return jnp.asarray([[[_MEAN_COLOR]]]) + self.noise * jax.random.normal(key, content.shape)

    def minimise(
        self,
        encoder: Encoder,
        targets: Targets,
        image: Image,
        done: int,
        until: int,
        progress: OnProgress,
    ) -> tuple[Image, int]:
        """Return the images optimised from ``image`` towards ``targets``, not clipped, and the evaluations by then.

        Args:
            encoder: the shared encoder.
            targets: what the objective compares with.
            image: where to start.
            done: evaluations before.
            until: evaluations to stop at.
            progress: see ``Method.stylize``.
        """
        optimizer = over(self.optimizer, until - done)
        state = _first_state(optimizer, image, jnp.int32(done))
        while done < until:
            stop = min(until, done + self.report_every)
            state, rows, count = _run_chunk(
                optimizer, self.report_every, self.clip, self.objective, encoder, targets, state, jnp.int32(stop)
            )
            table = np.asarray(rows)[: int(count)]
            names = ("evaluations", "total", *(name for name, _ in self.objective.terms))
            history = {name: column.tolist() for name, column in zip(names, table.T, strict=True)}
            history["evaluations"] = [int(value) for value in history["evaluations"]]
            _check_finite(history)
            done = int(state[2])
            if progress is not None:
                progress(Progress(done, self.evaluations, history))
        # The last step's image is evaluated by nobody: a gradient that broke there would only show in the picture.
        if not np.isfinite(np.asarray(state[0])).all():
            raise NonFiniteLossError(
                f"the image became NaN or infinite in the step after evaluation {done} while every term was finite: "
                "a term's gradient is not, or the step is too long; lower the learning rate or leave terms out to "
                "find the one"
            )
        return state[0], done


@partial(jax.jit, static_argnames="optimizer")
def _first_state(optimizer: Optimizer, image: Image, done: Any) -> Any:
    # Copies, because the first chunk donates its buffers: ``image`` may be the caller's content, and optax's initial
    # state holds some arrays twice.
    return jax.tree.map(jnp.copy, (image, optimizer.transform().init(image), done))


@partial(jax.jit, static_argnames=("optimizer", "rows", "clip"), donate_argnames="state")
def _run_chunk(
    optimizer: Optimizer,
    rows: int,
    clip: str,
    objective: Objective,
    encoder: Encoder,
    targets: Targets,
    state: Any,
    stop: Any,
) -> tuple[Any, Any, Any]:
    """Step until ``stop`` evaluations; return the state, a table (evaluation, total, terms...) and its filled rows.

    One dispatch for several steps, so that the host neither slows small images down nor loses sight of large ones.
    """
    transform = optimizer.transform()

    def loss(image: Any) -> Any:
        total, terms = objective(encoder, image, targets)
        return total.sum(), jnp.stack([total.sum(), *(value.sum() for value in terms.values())])

    def step(carry: Any) -> Any:
        (image, opt_state, done), table, row = carry
        (value, terms), grad = jax.value_and_grad(loss, has_aux=True)(image)
        updates, opt_state = transform.update(
            grad, opt_state, image, value=value, grad=grad, value_fn=lambda x: loss(x)[0]
        )
        image = image + updates
        if clip == "step":
            image = jnp.clip(image, 0.0, 1.0)
        table = table.at[row].set(jnp.concatenate([(done + 1.0)[None], terms]))
        done = (done + 1 + optimizer.extra_evaluations(opt_state)).astype(jnp.int32)
        return (image, opt_state, done), table, row + 1

    table = jnp.zeros((rows, 2 + len(objective.terms)))
    return jax.lax.while_loop(lambda carry: carry[0][2] < stop, step, (state, table, jnp.int32(0)))


def _scaled(style: Style, scale: float) -> Style:
    """Return the style at the stage's relative size: its strokes shrink as the content does."""
    height, width = (max(1, round(side * scale)) for side in style.image.shape[1:3])
    return Style(resize(style.image, height, width), style.weight, style.where, style.mask)


def _check_finite(history: Mapping[str, Sequence[float | int]]) -> None:
    for row, evaluation in enumerate(history["evaluations"]):
        broken = [name for name, values in history.items() if not np.isfinite(values[row])]
        if broken:
            blame = [name for name in broken if name != "total"] or broken
            raise NonFiniteLossError(
                f"the loss term {' and '.join(map(repr, blame))} became {history[blame[0]][row]} at evaluation "
                f"{evaluation}; lower its weight or the learning rate, or check the image's range"
            )
