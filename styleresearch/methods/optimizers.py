"""Optimisers by name, as frozen settings that build an optax transformation.

Every transformation takes ``update(grad, state, x, value=..., grad=..., value_fn=...)``, so Adam and L-BFGS are called
alike.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, Literal

import optax

from styleresearch.errors import InputError
from styleresearch.registry import Registry


class Optimizer(abc.ABC):
    """Settings of an optimiser."""

    @abc.abstractmethod
    def transform(self) -> optax.GradientTransformationExtraArgs:
        """Return the optax transformation."""

    @abc.abstractmethod
    def extra_evaluations(self, state: Any) -> Any:
        """Return how often the last update evaluated the objective, beyond the one evaluation it was given."""


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer")


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
    """

    learning_rate: float = 0.02
    b1: float = 0.9
    b2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        _positive("adam", "learning_rate", self.learning_rate)

    def transform(self) -> optax.GradientTransformationExtraArgs:
        """Return ``optax.adam``."""
        return optax.with_extra_args_support(optax.adam(self.learning_rate, self.b1, self.b2, self.eps))

    def extra_evaluations(self, state: Any) -> int:
        """Return 0."""
        return 0


@OPTIMIZERS.register("lbfgs")
@dataclass(frozen=True)
class LBFGS(Optimizer):
    """L-BFGS, by default with steps of fixed length as style transfer code has used it since 2015.

    Source: Nocedal & Wright 2006, algorithm 7.4; optax.
    Differs: the first step is the gradient scaled to length 1 at most (torch.optim.LBFGS: by its 1-norm), and pairs of
        negative curvature are kept (torch drops them).

    Attributes:
        learning_rate: factor on the quasi-Newton step.
        history: how many past steps form the curvature estimate; costs 2 images of memory each.
        line_search: "none", or "zoom" (strong Wolfe conditions), whose evaluations count against the budget; each step
            also evaluates its starting point once more, for the terms that are reported.
        max_line_search: most evaluations of one line search.
    """

    learning_rate: float = 1.0
    history: int = 100
    line_search: Literal["none", "zoom"] = "none"
    max_line_search: int = 20

    def __post_init__(self) -> None:
        _positive("lbfgs", "learning_rate", self.learning_rate)
        _positive("lbfgs", "history", self.history)
        _positive("lbfgs", "max_line_search", self.max_line_search)

    def transform(self) -> optax.GradientTransformationExtraArgs:
        """Return ``optax.lbfgs``."""
        if self.line_search == "none":
            return optax.lbfgs(self.learning_rate, memory_size=self.history, linesearch=None)
        search = optax.scale_by_zoom_linesearch(self.max_line_search, initial_guess_strategy="one")
        return optax.lbfgs(self.learning_rate, memory_size=self.history, linesearch=search)

    def extra_evaluations(self, state: Any) -> Any:
        """Return the evaluations of the last line search."""
        if self.line_search == "none":
            return 0
        return optax.tree.get(state, "info").num_linesearch_steps


def _positive(optimizer: str, option: str, value: float) -> None:
    if not value > 0:
        raise InputError(f"{optimizer}: {option} must be above 0, got {value}")
