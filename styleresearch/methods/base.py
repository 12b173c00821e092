"""What a style transfer method is."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import jax.numpy as jnp
import optax
from flax import struct

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.methods.program import Program, Size
from styleresearch.methods.takes import Reads, Takes, refuse_former
from styleresearch.optim.optimizers import Optimizer
from styleresearch.options import shown
from styleresearch.registry import Registry
from styleresearch.types import Image, Params, Styles


class NonFiniteLossError(ArithmeticError):
    """A loss term, its gradient or what it trains became NaN or infinite; the message names the term and when."""


@dataclass(frozen=True)
class Progress:
    """Where an iterative method stands.

    Attributes:
        evaluations: evaluations of the objective and its gradient so far.
        budget: how many there will be.
        history: "evaluations", "total" and every term -> values since the last report, as lists.
    """

    evaluations: int
    budget: int
    history: Mapping[str, Sequence[float | int]]


OnProgress: TypeAlias = Callable[[Progress], None] | None
"""What is called as the work of a method that iterates advances; None for nothing."""


class Method(abc.ABC):
    """Turns content and style images into stylised ones.

    Subclasses are frozen dataclasses whose fields are the method's settings. What a user turns at run time (a mix of
    styles, masks) is an argument of ``stylize``.

    Attributes:
        takes: what ``stylize`` is given.
        layers: the encoder's layers that it reads, to learn or to stylise: they are checked against the encoder and the
            size of pictures before anything is compiled. A property where settings decide.
        baseline: whether this is a floor that bounds the metrics, shown apart from the methods compared.
    """

    takes: ClassVar[Takes] = Takes()
    layers: tuple[str, ...] = ()
    baseline: ClassVar[bool] = False

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        refuse_former(cls)

    @abc.abstractmethod
    def stylize(
        self, params: Params, encoder: Encoder, content: Image, styles: Styles, *, key: Any, progress: OnProgress = None
    ) -> Image:
        """Return the stylised images, of the content's shape, in [0, 1].

        Args:
            params: what training learned; ``None`` for methods that learn nothing.
            encoder: the shared encoder; None may come where the method does not take it.
            content: content images.
            styles: as many as the method ``takes``; the image of each has one picture for each content, of any height
                and width.
            key: the source of all randomness.
            progress: called as the work advances; methods that do not iterate never call it.
        """

    def learned_styles(self, params: Params) -> Sequence[Any]:
        """Return the pictures (h, w, 3) by which it knows the styles that it learned; none where it takes any style."""
        return ()

    def depends_on(self) -> str:
        """Return what the images depend on beside settings, parameters, encoder and inputs; "" for nothing.

        Such as the sha256 of a weights file that the method reads, or the version of a package that it calls: pictures
        that were made under another answer are made again, and a training run does not go on under another.
        """
        return ""


Batch: TypeAlias = Mapping[str, Any]
"""``"content"`` -> Image, and ``"style"`` -> Image where training reads styles: as many of each, of one size."""

Metrics: TypeAlias = Mapping[str, Any]
"""Name -> scalar; ``"total"`` is what the network that paints minimises."""


@dataclass(frozen=True)
class Alarm:
    """When a metric says that training has gone wrong.

    Attributes:
        metric: its name.
        lowest: its mean since the last report should not be below this,
        highest: nor above this.
        says: what that means and what to do.
        after: steps before which it means nothing.
    """

    metric: str
    lowest: float
    highest: float
    says: str
    after: int = 500

    def rings(self, step: int, metrics: Mapping[str, float]) -> bool:
        """Return whether the means of a report say so."""
        return step > self.after and not self.lowest <= metrics[self.metric] <= self.highest


@struct.dataclass
class State:
    """Everything that training changes: what a checkpoint holds.

    Attributes:
        step: finished steps, int32.
        key: of the run; a step folds its number into it.
        params: what is learned.
        opt_state: the optimiser's.
        ema: exponential moving average of ``params``, kept by the loop; None without one.
        constants: what ``init`` computed once and no step changes.
        memory: what steps hand on that is not learned: a GAN's pools of earlier pictures.
    """

    step: Any
    key: Any
    params: Any
    opt_state: Any
    ema: Any = None
    constants: Any = struct.field(default_factory=dict)
    memory: Any = struct.field(default_factory=dict)

    @classmethod
    def start(cls, key: Any, params: Params, optimizer: Optimizer, constants: Mapping[str, Any] | None = None) -> State:
        """Return the state before the first step."""
        return cls(jnp.int32(0), key, params, optimizer.transform().init(params), None, dict(constants or {}))

    def descend(self, gradient: Params, optimizer: Optimizer) -> State:
        """Return the state after one step along a gradient."""
        updates, opt_state = optimizer.transform().update(gradient, self.opt_state, self.params)
        params = optax.apply_updates(self.params, updates)
        return self.replace(  # pyright: ignore[reportAttributeAccessIssue]
            step=self.step + 1, params=params, opt_state=opt_state
        )


class TrainedMethod(Method):
    """A method that learns: ``init`` and ``step`` are pure and are jitted by the training loop, never inside.

    Attributes:
        reads: what ``step`` reads.
        watched: metrics that are no terms of ``"total"``, beside ``"gradient_norm"``.
        alarms: what in the metrics a user should be told.
    """

    reads: ClassVar[Reads] = Reads()
    watched: ClassVar[tuple[str, ...]] = ()
    alarms: ClassVar[tuple[Alarm, ...]] = ()

    @abc.abstractmethod
    def init(self, key: Any, encoder: Encoder, batch: Batch) -> State:
        """Return the state before the first step; ``batch`` tells shapes."""

    @abc.abstractmethod
    def step(self, state: State, encoder: Encoder, batch: Batch) -> tuple[State, Metrics]:
        """Return the state after one step on a batch, and what the step measured before it; images are in [0, 1].

        Randomness comes from ``fold_in(state.key, state.step)``, so that a resumed run continues bit by bit.
        """

    @abc.abstractmethod
    def inference(self, state: State) -> Params:
        """Return what ``stylize`` takes, from a state whose ``opt_state`` may be missing."""

    def program(self, params: Params, encoder: Encoder | None, size: Size) -> Program | None:
        """Return the method as a function of arrays, to be exported; None where there is none.

        Args:
            params: what ``stylize`` takes.
            encoder: that of its training; None where ``stylize`` does not take it.
            size: of the pictures, None for any.

        Raises:
            InputError: for a size that it cannot take.
        """
        return None


METHODS: Registry[Method] = Registry("method", Method)


def dependence_of(method: Method) -> str:
    """Return what a method says that its images depend on.

    Raises:
        InputError: if it cannot be had, or is no text.
    """
    try:
        found = method.depends_on()
    except InputError:
        raise
    except Exception as error:  # the user's own code may raise anything
        raise InputError(f"its depends_on() failed: {type(error).__name__}: {error}") from error
    if not isinstance(found, str):
        raise InputError(f"its depends_on() must return a text, such as a file's sha256, and returned {shown(found)}")
    return found
