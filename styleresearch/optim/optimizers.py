"""Optimisers by name, as frozen settings that build an optax transformation.

Every transformation takes ``update(grad, state, x, value=..., grad=..., value_fn=...)``, so Adam and L-BFGS are called
alike.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import optax

from styleresearch.optim.lbfgs import scale_by_safe_lbfgs
from styleresearch.optim.schedules import Schedule, ScheduleFunction
from styleresearch.options import Between, Decay, Epsilon, Positive
from styleresearch.registry import Registry


class Optimizer(abc.ABC):
    """Settings of an optimiser.

    Attributes:
        stochastic: whether it can follow the gradients of changing batches.
        learning_rate: factor on its steps; None for one that has none.
        schedule: factor on the learning rate by the update's number; None for 1.
        accumulate: gradients that are averaged for one update.
    """

    stochastic: ClassVar[bool] = False
    # Settings of those that have them, which are dataclasses; of the others this is what holds.
    learning_rate: float | None = None
    schedule: ScheduleFunction | None = None
    accumulate: int = 1

    @abc.abstractmethod
    def transform(self) -> optax.GradientTransformationExtraArgs:
        """Return the optax transformation."""

    @abc.abstractmethod
    def extra_evaluations(self, state: Any) -> Any:
        """Return how often the last update evaluated the objective, beyond the one evaluation it was given."""


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", Optimizer)


@OPTIMIZERS.register("adam")
@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam.

    Source: Kingma & Ba 2015.

    Attributes:
        learning_rate: in units of the optimised variable; pixels are in [0, 1], so 10 of 255 is 0.039.
        b1: decay of the first moment.
        b2: decay of the second moment.
        eps: added to the root of the second moment.
        schedule: factor on the learning rate by the update's number (``optim.schedules``); None for 1. Where it names
            no length, it lasts as long as the run.
        clip_norm: longest gradient, over all parameters together; None for any.
        accumulate: gradients that are averaged for one update.
    """

    learning_rate: Positive = 0.02
    b1: Decay = 0.9
    b2: Decay = 0.999
    eps: Epsilon = 1e-8
    schedule: ScheduleFunction | None = None
    clip_norm: Positive | None = None
    accumulate: Annotated[int, Between(1, 1_000_000)] = 1
    stochastic: ClassVar[bool] = True

    def transform(self) -> optax.GradientTransformationExtraArgs:
        """Return ``optax.adam``, after clipping and within ``optax.MultiSteps`` where they are asked for."""
        rate, factor = self.learning_rate, self.schedule
        adam = optax.adam(rate if factor is None else lambda t: rate * factor(t), self.b1, self.b2, self.eps)
        if self.clip_norm is not None:
            adam = optax.chain(optax.clip_by_global_norm(self.clip_norm), adam)
        if self.accumulate > 1:
            adam = optax.MultiSteps(adam, self.accumulate).gradient_transformation()
        return optax.with_extra_args_support(adam)

    def extra_evaluations(self, state: Any) -> int:
        """Return 0."""
        return 0


@OPTIMIZERS.register("lbfgs")
@dataclass(frozen=True)
class LBFGS(Optimizer):
    """L-BFGS, by default without a line search, as style transfer code has used it since 2015.

    Source: Nocedal & Wright 2006, algorithm 7.4.
    Differs: four safeguards keep it from diverging on photographs, see ``optim.lbfgs.scale_by_safe_lbfgs``. With
        ``line_search="zoom"`` the direction is ``optax.lbfgs``'s own, which needs none of them.

    Attributes:
        learning_rate: factor on the quasi-Newton step.
        history: how many past steps form the curvature estimate; costs 2 images of memory each.
        max_step: longest step, the root mean square over pixels and channels (in [0, 1]); without line search only.
        line_search: "none", or "zoom" (strong Wolfe conditions), whose evaluations count against the budget; each step
            also evaluates its starting point once more, for the terms that are reported.
        max_line_search: most evaluations of one line search.
    """

    learning_rate: Positive = 1.0
    history: Annotated[int, Between(1, 1000)] = 100
    max_step: Positive = 0.05
    line_search: Literal["none", "zoom"] = "none"
    max_line_search: Annotated[int, Between(1, 1000)] = 20

    def transform(self) -> optax.GradientTransformationExtraArgs:
        """Return the quasi-Newton step, without or with a line search along it."""
        if self.line_search == "zoom":
            search = optax.scale_by_zoom_linesearch(self.max_line_search, initial_guess_strategy="one")
            return optax.lbfgs(self.learning_rate, memory_size=self.history, linesearch=search)
        direction = scale_by_safe_lbfgs(self.history, self.max_step)
        return optax.with_extra_args_support(optax.chain(direction, optax.scale(-self.learning_rate)))

    def extra_evaluations(self, state: Any) -> Any:
        """Return the evaluations of the last line search."""
        if self.line_search == "none":
            return 0
        return optax.tree.get(state, "info").num_linesearch_steps


def over(optimizer: Optimizer, steps: int) -> Optimizer:
    """Return an optimiser for a run of so many gradients: its schedule lasts as long, where it names no length.

    Raises:
        InputError: if the run is too short for the lengths that the schedule names.
    """
    if not isinstance(optimizer.schedule, Schedule):
        return optimizer
    lasting: Any = {"schedule": optimizer.schedule.over(updates(optimizer, steps))}
    return replace(optimizer, **lasting)  # pyright: ignore[reportArgumentType] - optimisers are dataclasses


def updates(optimizer: Optimizer, steps: Any) -> Any:
    """Return how many updates so many gradients are; traced where ``steps`` is."""
    return steps // optimizer.accumulate


def rate(optimizer: Optimizer, step: Any) -> Any:
    """Return the learning rate of the update that gradient ``step`` (from 0) is for; None if it has none."""
    factor = 1.0 if optimizer.schedule is None else optimizer.schedule(updates(optimizer, step))
    return None if optimizer.learning_rate is None else optimizer.learning_rate * factor
