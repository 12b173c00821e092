"""A set of metrics applied to one output at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.encoder.encoder import Encoder
from styleresearch.evaluation.metrics import LossMetric, Metric
from styleresearch.evaluation.recent import Recent
from styleresearch.losses.objective import Objective
from styleresearch.ops import programs


@dataclass(frozen=True)
class Suite:
    """Named metrics under one encoder.

    Attributes:
        metrics: (name, metric) pairs, in the order of the table's columns.
        encoder: the encoder that loss metrics see through.
    """

    metrics: tuple[tuple[str, Metric], ...]
    encoder: Encoder
    _styles: Recent = field(default_factory=Recent, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, metrics: Mapping[str, Metric], encoder: Encoder) -> Suite:
        """Return the suite of ``{name: metric}``."""
        return cls(tuple(metrics.items()), encoder)

    def __call__(self, output: np.ndarray, content: np.ndarray, style: np.ndarray) -> dict[str, float | None]:
        """Return every metric of one output, in full float32; None for a value that is NaN or infinite.

        Args:
            output: (h, w, 3) in [0, 1].
            content: of the output's size.
            style: of any size.

        Raises:
            InputError: if a metric cannot measure images of this size.
        """
        self.check((output.shape[0], output.shape[1]))
        programs.drop_if_many()
        # Added to in numpy: in jax that would be a program for each size.
        output, content, style = (np.asarray(image, np.float32)[None] for image in (output, content, style))
        # Whatever the methods were run with: values of one table must not differ by the precision of their measuring.
        with jax.default_matmul_precision("float32"):
            summaries = self._styles.get(style, lambda: _summarise(self.metrics, self.encoder, style))
            values = np.asarray(_measure(self.metrics, self.encoder, output, content, summaries))
        return {
            name: float(value) if np.isfinite(value) else None
            for (name, _), value in zip(self.metrics, values, strict=True)
        }

    def check(self, size: tuple[int, int]) -> None:
        """Raise InputError if a metric cannot measure images of this (height, width)."""
        for _, metric in self.metrics:
            metric.check(self.encoder, size)

    def contracts(self) -> dict[str, dict[str, Any]]:
        """Return what ``contracts.json`` says of each metric."""
        return {
            name: {
                "label": metric.title,
                "better": metric.better,
                "unit": "",
                "definition": metric.definition(),
                "source": metric.source,
                "contract": metric.contract(self.encoder),
            }
            for name, metric in self.metrics
        }

    def in_sample(self, objective: Objective | None, seen_by: str | None = None) -> list[str]:
        """Return the metrics that a method optimised itself: the same statistic, a layer shared, the same encoder.

        Args:
            objective: the method's; ``None`` for a method without one.
            seen_by: digest of the encoder that the method was trained under; ``None`` for the suite's own.
        """
        if objective is None or (seen_by is not None and seen_by != self.encoder.digest):
            return []
        return [
            name
            for name, metric in self.metrics
            if isinstance(metric, LossMetric)
            and any(
                type(loss) is type(metric.loss) and set(loss.layers) & set(metric.loss.layers)
                for _, loss in objective.terms
            )
        ]


# One program for all metrics: the compiler merges their passes through the encoder.
@partial(jax.jit, static_argnums=0)
def _summarise(metrics: tuple[tuple[str, Metric], ...], encoder: Encoder, style: Any) -> Any:
    return [metric.summarise(encoder, style) for _, metric in metrics]


@partial(jax.jit, static_argnums=0)
def _measure(
    metrics: tuple[tuple[str, Metric], ...], encoder: Encoder, output: Any, content: Any, summaries: Any
) -> Any:
    return jnp.stack(
        [metric(encoder, output, content, style)[0] for (_, metric), style in zip(metrics, summaries, strict=True)]
    )
