"""Beginning a run with what another one params."""

from __future__ import annotations

import jax

from styleresearch.errors import InputError
from styleresearch.methods.base import State, TrainedMethod
from styleresearch.training.leaves import flatten
from styleresearch.types import Params


def warm_start(method: TrainedMethod, state: State, params: Params) -> State:
    """Return a state before its first step, with the painting network as another run left it.

    Optimisers, averages, constants and networks that do not paint begin anew.

    Args:
        method: what is trained.
        state: what its ``init`` gave.
        params: what ``inference`` gave there; the method may be another, its network must be of the same form.

    Raises:
        InputError: if the networks differ, naming parameters that do.
    """
    leaves, structure = jax.tree.flatten(state)
    numbered = structure.unflatten(range(len(leaves)))
    # Inference selects and does not compute: of a state of numbers it tells which leaves it takes.
    taken = flatten(method.inference(numbered))[0]
    parameters = set(jax.tree.leaves(numbered.params))
    given = flatten(params)[0]
    wrong = [f"{name} is missing here" for name in given if name not in taken]
    for name, place in taken.items():
        if place not in parameters:  # constants, such as the thumbnails of styles
            continue
        shape = leaves[place].shape
        if name not in given or given[name].shape != shape:
            there = given[name].shape if name in given else "missing there"
            wrong.append(f"{name} is {shape} here, {there}")
        else:
            leaves[place] = given[name].astype(leaves[place].dtype)
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise InputError(
            f"start: the networks differ: {'; '.join(wrong[:3])}{more}. Start from a run whose net has the same options"
        )
    return structure.unflatten(leaves)
