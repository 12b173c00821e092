"""The quasi-Newton step of L-BFGS without a line search, as an optax transformation that stays on the ground.

A style objective is far from convex at a photograph. There ``optax.scale_by_lbfgs`` without a line search keeps pairs
of negative curvature and runs uphill, and dropping them alone still takes leaps; ``docs/decisions/0006-lbfgs.md``
measures both, and what is done here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree


class LBFGSState(NamedTuple):
    """What L-BFGS remembers, flat: ``m`` pairs of ``n`` numbers.

    Attributes:
        x: (n,) the last point.
        grad: (n,) its gradient.
        steps: (m, n) differences of points, a ring.
        changes: (m, n) differences of gradients.
        inverse: (m,) 1 / (step . change); 0 where the ring is empty.
        kept: pairs kept so far.
        count: updates so far.
    """

    x: Any
    grad: Any
    steps: Any
    changes: Any
    inverse: Any
    kept: Any
    count: Any


def scale_by_safe_lbfgs(history: int, max_step: float) -> optax.GradientTransformation:
    """Return the transformation of a gradient into the quasi-Newton step (to be subtracted).

    Source: Nocedal & Wright 2006, algorithm 7.4, with the scale of equation 7.20.
    Differs: (1) a pair enters the estimate only if its curvature ``step . change`` is positive, as in
        torch.optim.LBFGS; (2) after a pair of negative curvature the scale is its absolute value, so the next step is
        long where the objective is concave; (3) the first step is the gradient at a length of 1 at most; (4) no step
        moves the variable by more than ``max_step``, root mean square.

    Args:
        history: how many pairs are kept.
        max_step: longest root-mean-square step.
    """

    def init(params: Any) -> LBFGSState:
        flat, _ = ravel_pytree(params)
        return LBFGSState(
            x=jnp.zeros_like(flat),
            grad=jnp.zeros_like(flat),
            steps=jnp.zeros((history, flat.size)),
            changes=jnp.zeros((history, flat.size)),
            inverse=jnp.zeros(history),
            kept=jnp.int32(0),
            count=jnp.int32(0),
        )

    def update(updates: Any, state: LBFGSState, params: Any = None) -> tuple[Any, LBFGSState]:
        grad, restore = ravel_pytree(updates)
        x, _ = ravel_pytree(params)
        step, change = x - state.x, grad - state.grad
        curvature = jnp.vdot(step, change)
        keep = (state.count > 0) & (curvature > 1e-10 * jnp.vdot(step, step))
        slot = state.kept % history

        def stored(ring: Any, new: Any) -> Any:
            return ring.at[slot].set(jnp.where(keep, new, ring[slot]))

        scale = jnp.where(
            state.count > 0,
            jnp.abs(curvature) / jnp.maximum(jnp.vdot(change, change), 1e-30),
            1.0 / jnp.maximum(jnp.linalg.norm(grad), 1.0),
        )
        state = LBFGSState(
            x,
            grad,
            stored(state.steps, step),
            stored(state.changes, change),
            stored(state.inverse, 1.0 / jnp.where(keep, curvature, 1.0)),
            state.kept + keep,
            state.count + 1,
        )
        direction = _direction(state, grad, scale)
        length = jnp.linalg.norm(direction) / direction.size**0.5
        return restore(direction * jnp.minimum(1.0, max_step / jnp.maximum(length, 1e-30))), state

    return optax.GradientTransformation(init, update)  # pyright: ignore[reportArgumentType]


def _direction(state: LBFGSState, grad: Any, scale: Any) -> Any:
    """Return the two-loop recursion's product; empty slots have ``inverse`` 0 and change nothing."""
    history = state.inverse.size
    oldest_first = (state.kept + jnp.arange(history)) % history

    def down(vector: Any, slot: Any) -> Any:
        alpha = state.inverse[slot] * jnp.vdot(state.steps[slot], vector)
        return vector - alpha * state.changes[slot], alpha

    def up(vector: Any, slot_and_alpha: Any) -> Any:
        slot, alpha = slot_and_alpha
        beta = state.inverse[slot] * jnp.vdot(state.changes[slot], vector)
        return vector + (alpha - beta) * state.steps[slot], None

    vector, alphas = jax.lax.scan(down, grad, oldest_first, reverse=True)
    vector, _ = jax.lax.scan(up, scale * vector, (oldest_first, alphas))
    return vector
