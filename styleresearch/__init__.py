"""styleresearch: the lab bench for image style transfer in JAX.

The names below are its face, each imported when it is first used: the tasks that the commands do, and the classes that
own parts derive from. Everything else is imported from the room that it lives in (docs/house.md).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from styleresearch.encoder.encoder import Encoder
    from styleresearch.evaluation.metric import Metric
    from styleresearch.losses.base import Loss
    from styleresearch.losses.objective import Objective
    from styleresearch.methods.base import Method, TrainedMethod
    from styleresearch.tasks.compare import compare
    from styleresearch.tasks.evaluate import evaluate
    from styleresearch.tasks.stylize import stylize
    from styleresearch.tasks.train import train
    from styleresearch.tasks.trained import load
    from styleresearch.types import Style

__version__ = "0.1.0"
__all__ = [
    "Encoder",
    "Loss",
    "Method",
    "Metric",
    "Objective",
    "Style",
    "TrainedMethod",
    "compare",
    "evaluate",
    "load",
    "stylize",
    "train",
]

_HOMES = {
    "compare": "tasks.compare",
    "evaluate": "tasks.evaluate",
    "load": "tasks.trained",
    "stylize": "tasks.stylize",
    "train": "tasks.train",
    "Encoder": "encoder.encoder",
    "Loss": "losses.base",
    "Method": "methods.base",
    "Metric": "evaluation.metric",
    "Objective": "losses.objective",
    "Style": "types",
    "TrainedMethod": "methods.base",
}


def __getattr__(name: str) -> Any:
    """Return a name of the face; importing the package itself costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
