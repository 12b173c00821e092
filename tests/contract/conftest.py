"""Every registered method, small, and with parameters where it learns some."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from styleresearch.losses import Objective
from styleresearch.losses.adversarial import ADVERSARIAL
from styleresearch.losses.content import Feature
from styleresearch.losses.style import Gram
from styleresearch.methods import METHODS
from styleresearch.methods.base import Method
from styleresearch.nets import DECODERS, DISCRIMINATORS, NETS
from styleresearch.optim.optimizers import Adam
from styleresearch.testing.fixtures import batch, initialise, method, pictures

__all__ = ["batch", "initialise", "method", "pictures"]

# Arguments that are objects, for the methods that need some; the others are built from their name alone.
NESTED = {
    "objective": Objective.of({"content": (1.0, Feature(("relu2_1",))), "style": (10.0, Gram(("relu1_1", "relu2_1")))}),
}
# Method -> its learning rate, where it is another than 0.01.
RATES = {"adain": 0.001, "arbitrary_gan": 0.001} | dict.fromkeys(("cyclegan", "cut", "fastcut", "pix2pix"), 0.002)
SHORT = {
    "evaluations": 4,
    "layer": "relu2_1",
    "condition_layer": "relu2_1",
    "layers_compared": ("image", "contract2", "residual1"),
    "patches": 32,
    "projection": 16,
    "pool": 6,
}
# Method -> its network, small.
NETWORKS = {
    "feedforward": {"name": "transform", "widths": (4, 8), "residuals": 0, "styles": 3},
    "adain": {"name": "decoder", "widths": (8,), "depths": (1,), "initial": "he"},
    "arbitrary_gan": {"name": "decoder", "widths": (8,), "depths": (1,), "initial": "he"},
}
GENERATOR = {"name": "resnet", "width": 4, "blocks": 1}
# The condition of arbitrary_gan: a mean and a deviation of each channel of the small encoder's relu2_1.
CONDITIONS = {"arbitrary_gan": 32}


@pytest.fixture(scope="session")
def build_method(pictures) -> Callable[[str], Method]:
    """Return the small method of a name, always the same object."""

    @cache
    def build(name: str) -> Method:
        options = METHODS.options(name)
        given: dict[str, Any] = {key: value for key, value in (NESTED | SHORT).items() if key in options}
        if "optimizer" in options:
            given["optimizer"] = Adam(RATES.get(name, 0.01))
        if "net" in options:
            spec = NETWORKS.get(name, GENERATOR)
            given["net"] = (DECODERS if spec["name"] in DECODERS else NETS).build(spec)
        if "discriminator" in options:
            size = CONDITIONS.get(name, 0)
            given["discriminator"] = DISCRIMINATORS.build({"name": "patch", "width": 4, "layers": 1, "condition": size})
            given["adversarial"] = ADVERSARIAL.build({"name": "lsgan"})
        if "styles" in options:
            given["styles"] = tuple(np.asarray(style[0]) for style in pictures)
        return METHODS.build({"name": name, **given})

    return build
