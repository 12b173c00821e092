"""What the top-level keys of configs take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from styleresearch.config.forms import Named, Options
from styleresearch.config.match import Match
from styleresearch.config.sweep import Axis
from styleresearch.data.framing import Side
from styleresearch.data.pictures import SOURCES, PictureSource
from styleresearch.data.pipeline import Pipeline
from styleresearch.encoder.encoder import Encoder
from styleresearch.evaluation.metrics import METRICS
from styleresearch.methods import METHODS
from styleresearch.methods.color import PreserveColor
from styleresearch.options import Length, Seed
from styleresearch.training.loop import Settings

Precision: TypeAlias = Literal["default", "bfloat16", "tensorfloat32", "float32"]
"""Of matrix products and convolutions; "default" leaves it to JAX."""

Seeds: TypeAlias = Annotated[tuple[Seed, ...], Length(1, 10_000)]

_METHOD = Named(METHODS, {"label": str, "preserve_color": PreserveColor, "checkpoint": str, "encoder": Encoder})

KEYS: dict[str, Any] = {
    "name": str,
    "imports": tuple[str, ...],
    "encoder": Encoder,
    "precision": Precision,
    # Of a comparison or an evaluation.
    "contents": PictureSource,
    "styles": PictureSource,
    "size": Side,
    "style_size": Side,
    "seeds": Seeds,
    "methods": Mapping[str, _METHOD],
    "metrics": Mapping[str, Named(METRICS, {"encoder": Encoder, "twin": Encoder})],
    "plane": tuple[str, ...],
    # Of a sweep.
    "sweep": Mapping[str, Options(Axis, "axis")],
    "match": Options(Match, "match"),
    # Of a training run, or of stylize.
    "method": _METHOD,
    "data": Options(Pipeline, "data"),
    "train": Options(Settings, "train"),
    "samples": {"contents": Named(SOURCES), "styles": Named(SOURCES), "size": Side},
    "seed": Seed,
    "start": str,
}
"""Key -> annotation, or form, or what the keys below it take. Which of them a command reads is the command's to say."""
