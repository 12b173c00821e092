"""Learning rate schedules by name: functions of the update's number that multiply the learning rate.

Any function may be one. Those with a length are a ``Schedule``: where none is given, theirs is that of the run.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass, replace
from typing import Annotated, Any, Protocol, runtime_checkable

import jax.numpy as jnp
import optax

from styleresearch.errors import InputError
from styleresearch.options import Between, Weight
from styleresearch.registry import Registry


@runtime_checkable
class ScheduleFunction(Protocol):
    """A factor on the learning rate: any function that is called like this."""

    def __call__(self, t: Any, /) -> Any:
        """Return the factor of update ``t``, from 0."""
        ...


SCHEDULES: Registry[ScheduleFunction] = Registry("learning rate schedule", ScheduleFunction)

Updates = Annotated[int, Between(1, 2**30 - 1)]
"""A number of updates; two of them fit an int32 together."""
Before = Annotated[int, Between(0, 2**30 - 1)] | Annotated[float, Between(0, 2**30 - 1)]
"""A number of updates, or none; below 1, a share of the run. Where a config has 0.5 a command line's 600 is 600.0."""
Factor = Annotated[float, Between(0, 1e6)]
"""What the learning rate is multiplied with."""


@SCHEDULES.register("inverse_time")
def inverse_time(decay: Weight = 5e-5) -> ScheduleFunction:
    """1 / (1 + decay * t), as AdaIN is trained.

    Source: Huang & Belongie 2017, the authors' code.

    Args:
        decay: per update.
    """
    return lambda t: 1.0 / (1.0 + decay * t)


class Schedule(ScheduleFunction, abc.ABC):
    """A factor on the learning rate that falls over a number of updates and stays where it ends."""

    @abc.abstractmethod
    def over(self, updates: int) -> Schedule:
        """Return it with the lengths that it leaves open: of a run of this many updates.

        Raises:
            InputError: if the run is too short for the lengths that it names.
        """

    @abc.abstractmethod
    def ends(self) -> int:
        """Return the update from which on the factor stays the same.

        Raises:
            InputError: if a length is open.
        """

    @abc.abstractmethod
    def __call__(self, t: Any, /) -> Any:
        """Return the factor of update ``t``, from 0.

        Raises:
            InputError: if a length is open.
        """


@SCHEDULES.register("linear")
@dataclass(frozen=True)
class Linear(Schedule):
    """1 until ``start``, then a straight line that reaches ``end`` after ``steps`` more updates.

    Source: Zhu et al. 2017 (CycleGAN), section 4: constant for 100 epochs, then linearly to zero over 100.

    Attributes:
        steps: length of the line, in updates; None for the rest of the run.
        start: updates before it; below 1, a share of the run.
        end: factor afterwards.
    """

    steps: Updates | None = None
    start: Before = 0
    end: Factor = 0.0

    def __post_init__(self) -> None:
        _check_whole("linear", "start", self.start)

    def over(self, updates: int) -> Linear:
        """Return it with its lengths, see ``Schedule``."""
        start = _of(self.start, updates)
        steps = updates - start if self.steps is None else self.steps
        if steps < 1:
            raise InputError(
                f"linear: it begins to fall after {start} updates, and the run has {updates}; train longer, or give "
                "steps or an earlier start (below 1, it is a share of the run)"
            )
        return replace(self, steps=steps, start=start)

    def ends(self) -> int:
        """Return the update at which it reaches ``end``."""
        steps, start = _known("linear", self.steps, self.start)
        return start + steps

    def __call__(self, t: Any, /) -> Any:
        """Return the factor of update ``t``."""
        line = optax.linear_schedule(1.0, self.end, *_known("linear", self.steps, self.start))
        return jnp.where(t < self.ends(), line(t), self.end)


@SCHEDULES.register("cosine")
@dataclass(frozen=True)
class Cosine(Schedule):
    """A straight line from 0 to 1 over ``warmup`` updates, then half a cosine down to ``end`` at update ``steps``.

    Source: Loshchilov & Hutter 2017 (SGDR), equation 5, without restarts.

    Attributes:
        steps: updates in all; None for those of the run.
        warmup: how many of them rise; below 1, a share of the run.
        end: factor afterwards.
    """

    steps: Updates | None = None
    warmup: Before = 0
    end: Factor = 0.0

    def __post_init__(self) -> None:
        _check_whole("cosine", "warmup", self.warmup)
        if self.steps is not None and self.steps <= self.warmup:
            raise InputError(
                f"cosine: of {self.steps} steps {self.warmup} rise; give more steps, so that some are left to fall"
            )

    def over(self, updates: int) -> Cosine:
        """Return it with its lengths, see ``Schedule``."""
        warmup, steps = _of(self.warmup, updates), updates if self.steps is None else self.steps
        if steps <= warmup:
            raise InputError(
                f"cosine: it rises for {warmup} updates, and the run has {steps}; train longer, or give a shorter "
                "warmup (below 1, it is a share of the run)"
            )
        return replace(self, steps=steps, warmup=warmup)

    def ends(self) -> int:
        """Return the update at which it reaches ``end``."""
        return _known("cosine", self.steps, self.warmup)[0]

    def __call__(self, t: Any, /) -> Any:
        """Return the factor of update ``t``."""
        steps, warmup = _known("cosine", self.steps, self.warmup)
        course = optax.cosine_decay_schedule(1.0, steps - warmup, self.end)
        if warmup:
            course = optax.join_schedules([optax.linear_schedule(0.0, 1.0, warmup), course], [warmup])
        return jnp.where(t < steps, course(t), self.end)


def _check_whole(name: str, option: str, before: float | int) -> None:
    if before > 1 and before != int(before):
        raise InputError(f"{name}: {option} = {before} is neither a whole number of updates nor, below 1, a share")


def _of(before: float | int, updates: int) -> int:
    """Return a number of updates, which may be given as a share of a run."""
    return round(before * updates) if before < 1 else int(before)


def _known(name: str, steps: int | None, before: float | int) -> tuple[int, int]:
    if steps is None or 0 < before < 1:
        raise InputError(f"{name}: its length is that of a run, and it is used outside of one; give steps, in updates")
    return steps, int(before)
