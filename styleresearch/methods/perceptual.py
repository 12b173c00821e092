"""A training step under a perceptual objective: what the methods whose networks paint have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import optax
from jax import Array

from styleresearch.encoder.encoder import Encoder
from styleresearch.losses.objective import Objective, Targets
from styleresearch.methods.base import Metrics, State
from styleresearch.optim.optimizers import Optimizer
from styleresearch.types import Image, Params


def perceptual_step(
    state: State,
    optimizer: Optimizer,
    objective: Objective,
    encoder: Encoder,
    targets: Targets,
    paint: Callable[[Params], Image],
    beside: Callable[[Params], Mapping[str, Array]] | None = None,
) -> tuple[State, Metrics]:
    """Return the state after one step down an objective, and its terms before it: the batch's mean of each.

    Args:
        state: where training stands.
        optimizer: how to step.
        objective: what falls.
        encoder: the shared encoder.
        targets: what the objective compares the painted images with.
        paint: parameters -> images, (b, h, w, 3) in [0, 1], not clipped.
        beside: parameters -> further terms, weighted, () each.
    """

    def loss(params: Params) -> Any:
        total, terms = objective(encoder, paint(params), targets)
        for name, value in (beside(params) if beside else {}).items():
            terms[name], total = value, total + value
        return total.mean(), {name: value.mean() for name, value in terms.items()}

    (total, terms), gradient = jax.value_and_grad(loss, has_aux=True)(state.params)
    metrics = {**terms, "total": total, "gradient_norm": optax.tree.norm(gradient)}
    return state.descend(gradient, optimizer), metrics
