"""The pictures that a training config names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from styleresearch.config import build
from styleresearch.config.file import import_modules
from styleresearch.config.problems import Problems
from styleresearch.data.pipeline import Pipeline
from styleresearch.errors import InputError
from styleresearch.methods import TrainedMethod
from styleresearch.options import Seed, setting


def data_of(config: Mapping[str, Any]) -> Pipeline:
    """Return the batches of a training config, whatever else it holds.

    Raises:
        InputError: listing everything wrong with what it says of them.
    """
    if "data" not in config:
        raise InputError("the config has no 'data': give one of a training run, which names pictures to train on there")
    problems, seed, data = Problems(), 0, None
    with problems.at("imports"):
        import_modules(config)
    with problems.at("seed"):
        seed = setting("seed", config.get("seed", 0), Seed)
    with problems.at("data"):
        data = pipeline(config["data"], seed)
    problems.raise_if_any()
    assert data is not None  # or there were problems
    return data


def pipeline(spec: Any, seed: int, method: TrainedMethod | None = None) -> Pipeline:
    """Return the batches that ``config.data`` describes.

    Args:
        spec: what the config says.
        seed: of the run, where ``spec`` has none of its own.
        method: what is trained on them; None where that is not known.

    Raises:
        InputError: for anything wrong with the spec, or if the method needs other pictures.
    """
    if not isinstance(spec, Mapping) or "content" not in spec:
        raise InputError(f"must be dict(content=dict(name=...), crop=..., batch_size=..., **options), got {spec!r}")
    options, problems = dict(spec), Problems()
    reads = None if method is None else method.reads.styles
    if reads in ("any", "pairs") and "style" not in options:
        problems.found.append("the method learns from style pictures; name them: style=dict(name=...)")
    if reads == "none":
        if "style" in options:
            problems.found.append("the method does not read data.style (its styles are its own option); leave it out")
        options["style"] = None
    if reads == "pairs" and not options.get("paired"):
        problems.found.append("the method learns from pairs: set paired=True, with a style picture for every content")
    made = None
    with problems.at("data"):
        made = build.constructed(Pipeline, {"seed": seed, **options}, "data")
    problems.raise_lines()
    assert made is not None  # or there were problems
    return made
