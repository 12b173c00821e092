"""What the top-level keys of configs take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from styleresearch.config.axis import Axis
from styleresearch.config.forms import Named, Options, annotations_of
from styleresearch.config.match import Match
from styleresearch.data.finished import NAME as FINISHED
from styleresearch.data.finished import Finished
from styleresearch.data.framing import Side
from styleresearch.data.pictures import SOURCES, PictureSource
from styleresearch.data.pipeline import Pipeline
from styleresearch.encoder.encoder import Encoder
from styleresearch.evaluation.metrics import METRICS
from styleresearch.methods import METHODS
from styleresearch.methods.color import PreserveColor
from styleresearch.options import Length, Seed
from styleresearch.study.design import Design
from styleresearch.training.loop import Settings

Precision: TypeAlias = Literal["default", "bfloat16", "tensorfloat32", "float32"]
"""Of matrix products and convolutions; "default" leaves it to JAX."""

Seeds: TypeAlias = Annotated[tuple[Seed, ...], Length(1, 10_000)]


class _Method(Named):
    """A method of a config, or finished pictures in place of one."""

    def keys(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what it may say; see ``Form``."""
        if given.get("name") == FINISHED:
            return {"name": str, "label": str, **annotations_of(Finished)}
        return super().keys(given)


_METHOD = _Method(METHODS, {"label": str, "preserve_color": PreserveColor, "checkpoint": str, "encoder": Encoder})

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
    "reference": str,
    "study": Options(Design, "study"),
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
