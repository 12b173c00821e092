"""The learning rates of a run: how long their schedules last, what they are at a step, what is odd about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.errors import InputError
from styleresearch.methods.base import TrainedMethod
from styleresearch.methods.optimizers import Optimizer, over, rate, updates
from styleresearch.methods.schedules import Schedule

M = TypeVar("M", bound=TrainedMethod)


def optimizers_of(method: TrainedMethod) -> dict[str, Optimizer]:
    """Return option -> optimiser: of ``optimizer``, and of each option that ends in ``_optimizer``.

    One that is None is the method's ``optimizer``.
    """
    named = [each.name for each in fields(method)] if is_dataclass(method) else ["optimizer"]
    found = {name: getattr(method, name, None) for name in named if f"_{name}".endswith("_optimizer")}
    found = {name: found.get("optimizer") if each is None else each for name, each in found.items()}
    return {name: each for name, each in found.items() if isinstance(each, Optimizer)}


def lasting(method: M, steps: int) -> M:
    """Return a method for a run of so many steps: schedules that name no length last as long.

    Raises:
        InputError: if the run is too short for the lengths that they name.
    """
    changed: dict[str, Any] = {}
    for option, optimizer in optimizers_of(method).items():
        try:
            longer = over(optimizer, steps)
        except InputError as error:
            raise InputError(f"{option}: schedule: {error}") from error
        if longer is not optimizer and getattr(method, option) is not None:
            changed[option] = longer
    return replace(method, **changed) if changed else method  # pyright: ignore[reportArgumentType]


def rates_at(method: TrainedMethod, step: Any) -> dict[str, Any]:
    """Return ``learning_rate``, ``discriminator_learning_rate`` ... -> value at a step, from 0; it may be traced."""
    found = {
        option.replace("optimizer", "learning_rate"): rate(optimizer, step)
        for option, optimizer in optimizers_of(method).items()
    }
    return {name: value for name, value in found.items() if value is not None}


def oddities(method: TrainedMethod, steps: int) -> Iterator[str]:
    """Yield a sentence for every option of an optimiser that does not go with the length of a run."""
    for option, optimizer in optimizers_of(method).items():
        if getattr(method, option) is None:
            continue  # the one that another option names
        count, accumulate = updates(optimizer, steps), getattr(optimizer, "accumulate", 1)
        if count < 1:
            yield f"{option}.accumulate={accumulate} is more than train.steps={steps}: nothing is learned"
            continue
        schedule = getattr(optimizer, "schedule", None)
        if schedule is None:
            continue
        factor = factors(schedule, count)
        moves = int(np.flatnonzero(factor > 0).max(initial=-1)) + 1
        out = "leave its length out, and it is that of the run (docs/training.md)"
        if moves < count:
            still = steps - moves * accumulate
            yield (
                f"{option}.schedule ends at a learning rate of 0 after step {moves * accumulate}, and train.steps is "
                f"{steps}: the last {still} steps change nothing; lengthen the schedule, or {out}"
            )
        elif isinstance(schedule, Schedule) and schedule.ends() > count:
            yield (
                f"{option}.schedule falls until step {schedule.ends() * accumulate}, and train.steps is {steps}: the "
                f"run ends at {factor[-1]:.3g} times the learning rate; shorten the schedule, or {out}"
            )


def factors(schedule: Any, count: int) -> np.ndarray:
    """Return the factors of the updates 0 to ``count - 1``; 1 without a schedule, (count,)."""
    if schedule is None or count == 0:
        return np.ones(count, np.float32)
    each = jax.vmap(lambda t: jnp.asarray(schedule(t), jnp.float32))
    return np.asarray(jax.jit(each)(jnp.arange(count)))


def changed_by(before: Mapping[str, Any], now: TrainedMethod, step: int) -> list[str]:
    """Return the options whose schedule was another in the steps that are done.

    Args:
        before: option -> the schedule until now; None for none.
        now: the method with its schedules from now on.
        step: steps that are done.
    """
    found = []
    for option, optimizer in optimizers_of(now).items():
        count = updates(optimizer, step)
        there = factors(getattr(optimizer, "schedule", None), count)
        if option not in before or not np.array_equal(factors(before[option], count), there):
            found.append(option)
    return found
