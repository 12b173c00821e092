"""Metrics as a comparison applies them: those per picture to one output at a time, the others to all of a method."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.encoder.encoder import Encoder
from styleresearch.evaluation.loss import LossMetric
from styleresearch.evaluation.metric import AnyMetric, Metric, SetMetric
from styleresearch.evaluation.networks import merged
from styleresearch.evaluation.optimised import Optimised
from styleresearch.evaluation.recent import Recent
from styleresearch.ops import programs

Plan: TypeAlias = tuple[tuple[Any, tuple[tuple[str, int], ...]], ...]
"""Metrics, and where each finds its networks: a constant of the compiled programs, whose arguments the networks are."""
Picture: TypeAlias = Callable[[], np.ndarray]
"""Reads a picture (h, w, 3) in [0, 1]: the pictures of a set need not be in memory together."""


@dataclass(frozen=True)
class OverSet:
    """What a metric gave for a set: a value, or the reason why there is none.

    Attributes:
        value: of all outputs.
        reason: why there is none.
        half: the mean of the values of the two halves of the outputs, for a metric that has ``halves``.
    """

    value: float | None
    reason: str = ""
    half: float | None = None


@dataclass(frozen=True)
class Suite:
    """Named metrics with the networks that they see through; made by ``of``.

    Attributes:
        metrics: name -> metric, in the order of the table's columns.
        encoder: the comparison's.
        needs: name of a metric -> its networks.
        networks: every network once.
        per_picture: the metrics per picture.
        over_set: the metrics over a set.
        twins: name of a held-out twin -> the metric that it is a twin of.
    """

    metrics: Mapping[str, AnyMetric]
    encoder: Encoder
    needs: Mapping[str, Mapping[str, Any]] = field(repr=False)
    networks: tuple[Any, ...] = field(repr=False)
    per_picture: tuple[tuple[str, Metric], ...] = field(repr=False)
    over_set: tuple[tuple[str, SetMetric], ...] = field(repr=False)
    twins: Mapping[str, str]
    _places: Mapping[str, tuple[tuple[str, int], ...]] = field(repr=False)
    _recent: Mapping[str, Recent] = field(repr=False)

    @classmethod
    def of(
        cls,
        metrics: Mapping[str, AnyMetric],
        encoder: Encoder,
        encoders: Mapping[str, Encoder] | None = None,
        twins: Mapping[str, str] | None = None,
    ) -> Suite:
        """Return the suite of ``{name: metric}``, with the weights of the metrics' own networks read.

        Args:
            metrics: the metrics.
            encoder: what they see through.
            encoders: name of a metric -> what it sees through in place of ``encoder``.
            twins: name of a held-out twin -> the metric that it is a twin of.

        Raises:
            InputError: for a network that is no pytree of arrays, or what reading one raises.
        """
        given = encoders or {}
        needs = {name: metric.needs(given.get(name, encoder)) for name, metric in metrics.items()}
        networks, places = merged(needs)
        needs = {name: {key: networks[index] for key, index in found} for name, found in places.items()}
        per_picture = tuple((name, metric) for name, metric in metrics.items() if isinstance(metric, Metric))
        over_set = tuple((name, metric) for name, metric in metrics.items() if isinstance(metric, SetMetric))
        recent = {kind: Recent() for kind in ("summary", "content", "style")}
        return cls(dict(metrics), encoder, needs, networks, per_picture, over_set, dict(twins or {}), places, recent)

    def __call__(self, output: np.ndarray, content: np.ndarray, style: np.ndarray) -> dict[str, float | None]:
        """Return every metric per picture of one output, in full float32; None for a value that is NaN or infinite.

        Args:
            output: (h, w, 3) in [0, 1].
            content: of the output's size.
            style: of any size.

        Raises:
            InputError: if a metric cannot measure images of this size.
        """
        size = output.shape[0], output.shape[1]
        for name, metric in self.per_picture:
            metric.check(self.needs[name], size)
        if not self.per_picture:
            return {}
        programs.drop_if_many()
        plan = self._plan(self.per_picture)
        # Added to in numpy: in jax that would be a program for each size.
        output, content, style = (_batch(image) for image in (output, content, style))
        # Whatever the methods were run with: values of one table must not differ by the precision of their measuring.
        with jax.default_matmul_precision("float32"):
            summaries = self._recent["summary"].get(style, lambda: _summarise(plan, self.networks, style))
            values = np.asarray(_measure(plan, self.networks, output, content, summaries))
        return {
            name: float(value) if np.isfinite(value) else None
            for (name, _), value in zip(self.per_picture, values, strict=True)
        }

    def of_set(
        self,
        outputs: Sequence[Picture],
        references: Mapping[str, Sequence[Picture]],
        contents: Sequence[Picture] = (),
    ) -> dict[str, OverSet]:
        """Return every metric over a set.

        Args:
            outputs: the pictures of one method.
            references: "content" and "style" -> those that the outputs were made from, each once.
            contents: the content of each output, in their order; read only for a metric that is ``paired``.

        Raises:
            InputError: if a metric cannot measure one of the pictures.
        """
        short = {name: _shortage(metric, len(outputs), references) for name, metric in self.over_set}
        able = [(name, metric) for name, metric in self.over_set if not short[name]]
        beside = contents if any(metric.paired for _, metric in able) else [None] * len(outputs)
        kept = [self._embed("output", *pair, able) for pair in zip(outputs, beside, strict=True)] if able else []
        of = {
            kind: [
                self._embed(kind, image, None, [one for one in able if one[1].references == kind]) for image in images
            ]
            for kind, images in references.items()
        }
        found = {name: OverSet(None, reason) for name, reason in short.items()}
        for name, metric in able:
            rows = [_stacked([each[name] for each in parts]) for parts in (kept, of[metric.references])]
            value = float(metric.compare(*rows))
            half = _over_halves(metric, *rows) if metric.halves else None
            found[name] = (
                OverSet(value, "", half) if np.isfinite(value) else OverSet(None, "the value is NaN or infinite")
            )
        return found

    def _embed(
        self, kind: str, read: Picture, beside: Picture | None, metrics: Sequence[tuple[str, SetMetric]]
    ) -> dict[str, Any]:
        """Return what metrics over a set keep of one picture, as numpy arrays; a reference is embedded once."""
        if not metrics:
            return {}
        programs.drop_if_many()
        image, content = read(), beside and beside()
        for name, metric in metrics:
            metric.check(self.needs[name], (image.shape[0], image.shape[1]))
        image, content = _batch(image), content if content is None else _batch(content)

        def compute() -> list[Any]:
            with jax.default_matmul_precision("float32"):
                return jax.tree.map(np.asarray, _embed(self._plan(metrics), self.networks, image, content))

        found = compute() if kind == "output" else self._recent[kind].get(image, compute)
        return {name: each for (name, _), each in zip(metrics, found, strict=True)}

    def _plan(self, metrics: Sequence[tuple[str, AnyMetric]]) -> Plan:
        return tuple((metric, self._places[name]) for name, metric in metrics)

    def check(self, size: tuple[int, int], kind: str = "output") -> None:
        """Raise InputError if a metric cannot measure images of this (height, width).

        Args:
            size: height and width.
            kind: of an "output", for all metrics, or of a "content" or "style" that one over a set compares with.
        """
        for name, metric in self.metrics.items():
            if kind == "output" or (isinstance(metric, SetMetric) and metric.references == kind):
                metric.check(self.needs[name], size)

    def contracts(self, metrics: Sequence[tuple[str, AnyMetric]] | None = None) -> dict[str, dict[str, Any]]:
        """Return what ``contracts.json`` says of metrics, of all by default."""
        return {
            name: {
                "label": metric.label(self.needs[name]),
                "better": metric.better,
                "unit": "",
                "definition": metric.definition(),
                "source": metric.source,
                "contract": metric.contract(self.needs[name]),
                **({"twin_of": self.twins[name]} if name in self.twins else {}),
            }
            for name, metric in (self.metrics.items() if metrics is None else metrics)
        }

    def in_sample(self, optimised: Collection[Optimised]) -> list[str]:
        """Return the metrics that a method optimised itself: see ``Optimised.covers``; held-out twins are never."""
        return [
            name
            for name, metric in self.metrics.items()
            if any(
                each.name == name
                or (
                    isinstance(metric, LossMetric)
                    and (each.encoder or name not in self.twins)
                    and each.covers(metric.loss, self.needs[name]["encoder"].digest)
                )
                for each in optimised
            )
        ]


def _batch(image: np.ndarray) -> np.ndarray:
    return np.asarray(image, np.float32)[None]


def _shortage(metric: SetMetric, outputs: int, references: Mapping[str, Sequence[Picture]]) -> str:
    """Say which pictures are too few for a metric; empty when there are enough."""
    counts = {"picture": outputs, f"{metric.references} picture": len(references[metric.references])}
    few = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items() if count < metric.least]
    return f"{' and '.join(few)}, and it needs at least {metric.least}" if few else ""


def _over_halves(metric: SetMetric, outputs: Any, references: Any) -> float | None:
    """Return the mean of the values of the two halves of the outputs, drawn at random; none of fewer than four."""
    count = len(jax.tree.leaves(outputs)[0])
    order = np.random.default_rng(0).permutation(count)
    if count < 4:
        return None
    halves = order[: count // 2], order[count // 2 : count // 2 * 2]
    values = [metric.compare(jax.tree.map(lambda rows, half=half: rows[half], outputs), references) for half in halves]
    return float(np.mean(values)) if np.isfinite(values).all() else None


def _stacked(parts: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def _networks(networks: tuple[Any, ...], places: tuple[tuple[str, int], ...]) -> dict[str, Any]:
    return {name: networks[index] for name, index in places}


# One program for all metrics: the compiler merges their passes through a network that is one argument.
@partial(jax.jit, static_argnums=0)
def _summarise(plan: Plan, networks: tuple[Any, ...], style: Any) -> Any:
    return [metric.summarise(_networks(networks, places), style) for metric, places in plan]


@partial(jax.jit, static_argnums=0)
def _measure(plan: Plan, networks: tuple[Any, ...], output: Any, content: Any, summaries: Any) -> Any:
    return jnp.stack(
        [
            metric(_networks(networks, places), output, content, style)[0]
            for (metric, places), style in zip(plan, summaries, strict=True)
        ]
    )


@partial(jax.jit, static_argnums=0)
def _embed(plan: Plan, networks: tuple[Any, ...], image: Any, content: Any) -> Any:
    return [
        metric.embed_output(needs, image, content)
        if metric.paired and content is not None
        else metric.embed(needs, image)
        for metric, needs in ((metric, _networks(networks, places)) for metric, places in plan)
    ]
