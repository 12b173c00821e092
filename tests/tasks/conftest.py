"""A small comparison: two contents, one style, two methods that compute nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from styleresearch.data.images import save_image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name, shape in {"wide": (40, 61), "tall": (55, 44), "style": (36, 48)}.items():
        save_image(tmp_path / f"{name}.png", rng.random((*shape, 3)))
    return tmp_path


@pytest.fixture
def config_of(folder: Path) -> Callable[..., dict]:
    """Return the config of a comparison of these pictures, with changes."""
    config = {
        "encoder": {"name": "vgg16", "weights": "random", "width": 0.125},
        "contents": {"name": "files", "paths": (str(folder / "wide.png"), str(folder / "tall.png"))},
        "styles": {"name": "files", "paths": (str(folder / "style.png"),)},
        "methods": {"identity": {"name": "identity"}, "color": {"name": "color_transfer"}},
        "metrics": {"ssim": {"name": "ssim"}},
    }
    return lambda **changes: {**config, **changes}
