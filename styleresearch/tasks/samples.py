"""The pictures that show how a training run gets on, and the grid that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.config import build
from styleresearch.config.problems import Problems
from styleresearch.data.framing import resize
from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.methods import TrainedMethod
from styleresearch.types import Params, Style


@dataclass(frozen=True)
class Samples:
    """The pictures that show how a run gets on.

    Attributes:
        contents: pictures (h, w, 3) of one size.
        styles: pictures (h, w, 3); none for a method that takes no style.
    """

    contents: Sequence[np.ndarray]
    styles: Sequence[np.ndarray]


def samples_of(spec: Any, takes_style: bool) -> Samples:
    """Return the pictures that a config names under ``samples``.

    Raises:
        InputError: listing everything wrong with it.
    """
    parts = ("contents", "styles") if takes_style else ("contents",)
    if not isinstance(spec, Mapping) or not set(parts) <= set(spec) <= {*parts, "size"}:
        form = ", ".join(f"{part}=dict(name=...)" for part in parts)
        why = "" if takes_style else " (the method paints what it learned and takes no styles)"
        raise InputError(f"must be dict({form}, size=128){why}, got {spec!r}")
    pictures, problems = {}, Problems()
    for part in parts:
        with problems.at(part):
            if not isinstance(spec[part], Mapping):
                raise InputError(f"must be dict(name=..., **options), got {spec[part]!r}")
            pictures[part] = list(map(_square, build.pictures({**spec[part], "size": spec.get("size", 128)})))
    problems.raise_lines()
    return Samples(pictures["contents"], pictures.get("styles", ()))


def _square(image: np.ndarray) -> np.ndarray:
    """Return the middle of a picture: a grid needs one size."""
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]


def grid(samples: Samples, method: TrainedMethod, params: Params, encoder: Encoder, seed: int) -> np.ndarray:
    """Return contents by styles as one picture (h, w, 3), the contents beside and the styles above.

    Args:
        samples: the pictures.
        method: what is trained.
        params: what it has learned so far.
        encoder: the shared encoder.
        seed: of the method's randomness.
    """
    contents = jnp.asarray(np.stack(samples.contents))
    side = contents.shape[1]
    corner = np.ones((side, side, 3), np.float32)
    columns = [np.concatenate([*([corner] if samples.styles else []), *samples.contents])]
    for style in samples.styles or (None,):
        styles = [] if style is None else [Style(jnp.repeat(jnp.asarray(style)[None], contents.shape[0], 0))]
        output = method.stylize(params, encoder, contents, styles, key=jax.random.key(seed))
        above = [] if style is None else [resize(style, (side, side))]
        columns.append(np.concatenate([*above, *np.asarray(output)]))
    return np.concatenate(columns, axis=1)
