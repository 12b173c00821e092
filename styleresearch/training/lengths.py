"""Lengths that belong together and are set apart: a run's, its schedules', what fills up in its course."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from styleresearch.methods.base import TrainedMethod
from styleresearch.optim.optimizers import updates
from styleresearch.optim.schedules import Schedule
from styleresearch.training.rates import factors, optimizers_of


def oddities(method: TrainedMethod, steps: int, batch_size: int) -> Iterator[str]:
    """Yield a sentence for every option that does not go with the length of a run.

    Reports, checkpoints, grids and the average have no part in it: there is one of each at the end, however long a run
    is, and the average begins short.

    Args:
        method: with its schedules for the run.
        steps: of the run.
        batch_size: pictures in a step.
    """
    for option, optimizer in optimizers_of(method).items():
        if getattr(method, option) is None:
            continue  # the one that another option names
        count, accumulate = updates(optimizer, steps), optimizer.accumulate
        if count < 1:
            yield f"{option}.accumulate={accumulate} is more than train.steps={steps}: nothing is learned"
            continue
        schedule = optimizer.schedule
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
    pool = getattr(method, "pool", 0)
    if isinstance(pool, int) and pool >= steps * batch_size:
        yield (
            f"pool={pool} never fills: the run paints {steps * batch_size} pictures, so no earlier one is ever shown "
            "to the discriminator; train longer, or set a smaller pool"
        )
