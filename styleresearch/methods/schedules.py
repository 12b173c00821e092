"""Learning rate schedules by name: functions of the update's number that multiply the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import optax

from styleresearch.errors import InputError
from styleresearch.options import Between, Count, Weight
from styleresearch.registry import Registry

SCHEDULES: Registry[Callable[[Any], Any]] = Registry("learning rate schedule")

Before = Annotated[int, Between(0, 2**31 - 1)]
"""A number of updates, or none."""
Factor = Annotated[float, Between(0, 1e6)]
"""What the learning rate is multiplied with."""


@SCHEDULES.register("inverse_time")
def inverse_time(decay: Weight = 5e-5) -> Callable[[Any], Any]:
    """1 / (1 + decay * t), as AdaIN is trained.

    Source: Huang & Belongie 2017, the authors' code.

    Args:
        decay: per update.
    """
    return lambda t: 1.0 / (1.0 + decay * t)


@SCHEDULES.register("linear")
def linear(steps: Count, start: Before = 0, end: Factor = 0.0) -> Callable[[Any], Any]:
    """1 until ``start``, then a straight line that reaches ``end`` after ``steps`` more updates.

    Source: Zhu et al. 2017 (CycleGAN), section 4: constant for 100 epochs, then linearly to zero over 100.

    Args:
        steps: length of the line, in updates.
        start: updates before it.
        end: factor afterwards.
    """
    return optax.linear_schedule(1.0, end, steps, start)


@SCHEDULES.register("cosine")
def cosine(steps: Count, warmup: Before = 0, end: Factor = 0.0) -> Callable[[Any], Any]:
    """A straight line from 0 to 1 over ``warmup`` updates, then half a cosine down to ``end`` at update ``steps``.

    Source: Loshchilov & Hutter 2017 (SGDR), equation 5, without restarts.

    Args:
        steps: updates in all.
        warmup: how many of them rise.
        end: factor afterwards.

    Raises:
        InputError: for no steps after the warmup.
    """
    if steps <= warmup:
        raise InputError(f"cosine: of {steps} steps {warmup} rise; give more steps, so that some are left to fall")
    fall = optax.cosine_decay_schedule(1.0, steps - warmup, end)
    return fall if not warmup else optax.join_schedules([optax.linear_schedule(0.0, 1.0, warmup), fall], [warmup])
