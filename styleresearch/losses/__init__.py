"""Losses; importing this package registers the built-in ones in ``LOSSES``, ``ADVERSARIAL`` and ``PENALTIES``."""

# The registry before what registers: a loss of this folder may say ``from styleresearch.losses import LOSSES, Loss``,
# as one of a user's own module does.
from styleresearch.losses.base import LOSSES, Loss  # isort: split

from styleresearch.losses import (
    adversarial,
    content,
    contextual,
    contrastive,
    distribution,
    laplacian,
    marginals,
    mmd,
    patch,
    penalty,
    reconstruction,
    regularize,
    style,
)
from styleresearch.losses.adversarial import ADVERSARIAL, Adversarial
from styleresearch.losses.objective import Objective
from styleresearch.losses.penalty import PENALTIES, Penalty

__all__ = [
    "ADVERSARIAL",
    "LOSSES",
    "PENALTIES",
    "Adversarial",
    "Loss",
    "Objective",
    "Penalty",
    "adversarial",
    "content",
    "contextual",
    "contrastive",
    "distribution",
    "laplacian",
    "marginals",
    "mmd",
    "patch",
    "penalty",
    "reconstruction",
    "regularize",
    "style",
]
