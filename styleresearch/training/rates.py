"""The optimisers of a run: which may train, how long their schedules last, and what their rates are at a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.errors import InputError
from styleresearch.methods.base import TrainedMethod
from styleresearch.optim.optimizers import OPTIMIZERS, Optimizer, over, rate, updates

M = TypeVar("M", bound=TrainedMethod)


def optimizers_of(method: TrainedMethod) -> dict[str, Optimizer]:
    """Return option -> optimiser: of ``optimizer``, and of each option that ends in ``_optimizer``.

    One that is None is the method's ``optimizer``.
    """
    named = [each.name for each in fields(method)] if is_dataclass(method) else ["optimizer"]
    found = {name: getattr(method, name, None) for name in named if f"_{name}".endswith("_optimizer")}
    found = {name: found.get("optimizer") if each is None else each for name, each in found.items()}
    return {name: each for name, each in found.items() if isinstance(each, Optimizer)}


def check_stochastic(method: TrainedMethod) -> None:
    """Raise InputError if an optimiser of a method needs one loss from step to step."""
    for option, optimizer in optimizers_of(method).items():
        if not optimizer.stochastic:
            able = [name for name in OPTIMIZERS if getattr(OPTIMIZERS.get(name), "stochastic", False)]
            raise InputError(
                f"{option}: {type(optimizer).__name__} needs one loss from step to step, and batches change; use "
                f"{', '.join(able)}"
            )


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
        there = factors(optimizer.schedule, count)
        if option not in before or not np.array_equal(factors(before[option], count), there):
            found.append(option)
    return found
