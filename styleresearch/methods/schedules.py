"""Learning rate schedules by name: functions of the update's number that multiply the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optax

from styleresearch.errors import InputError
from styleresearch.registry import Registry

SCHEDULES: Registry[Callable[[Any], Any]] = Registry("learning rate schedule")


@SCHEDULES.register("inverse_time")
def inverse_time(decay: float = 5e-5) -> Callable[[Any], Any]:
    """1 / (1 + decay * t), as AdaIN is trained.

    Source: Huang & Belongie 2017, the authors' code.

    Args:
        decay: per update.

    Raises:
        InputError: for a negative decay.
    """
    if decay < 0:
        raise InputError(f"inverse_time: decay must be 0 or more, got {decay}")
    return lambda t: 1.0 / (1.0 + decay * t)


@SCHEDULES.register("linear")
def linear(steps: int, start: int = 0, end: float = 0.0) -> Callable[[Any], Any]:
    """1 until ``start``, then a straight line that reaches ``end`` after ``steps`` more updates.

    Source: Zhu et al. 2017 (CycleGAN), section 4: constant for 100 epochs, then linearly to zero over 100.

    Args:
        steps: length of the line, in updates.
        start: updates before it.
        end: factor afterwards.

    Raises:
        InputError: for no steps, or a negative start.
    """
    _length("linear", steps, start)
    return optax.linear_schedule(1.0, end, steps, start)


@SCHEDULES.register("cosine")
def cosine(steps: int, warmup: int = 0, end: float = 0.0) -> Callable[[Any], Any]:
    """A straight line from 0 to 1 over ``warmup`` updates, then half a cosine down to ``end`` at update ``steps``.

    Source: Loshchilov & Hutter 2017 (SGDR), equation 5, without restarts.

    Args:
        steps: updates in all.
        warmup: how many of them rise.
        end: factor afterwards.

    Raises:
        InputError: for no steps after the warmup, or a negative warmup.
    """
    _length("cosine", steps - warmup, warmup)
    fall = optax.cosine_decay_schedule(1.0, steps - warmup, end)
    return fall if not warmup else optax.join_schedules([optax.linear_schedule(0.0, 1.0, warmup), fall], [warmup])


def _length(name: str, steps: int, before: int) -> None:
    if steps < 1:
        raise InputError(f"{name}: it needs at least one update to change the learning rate over, got {steps}")
    if before < 0:
        raise InputError(f"{name}: give 0 or more updates before the learning rate falls, got {before}")
