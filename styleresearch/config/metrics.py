"""The metrics of a config, each with the encoder that it sees through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from styleresearch.config import build
from styleresearch.config.problems import Problems
from styleresearch.encoder.encoder import ENCODERS, Encoder
from styleresearch.encoder.network import NETWORKS
from styleresearch.errors import InputError, nearest
from styleresearch.evaluation.metric import AnyMetric, Metric
from styleresearch.evaluation.metrics import METRICS
from styleresearch.evaluation.suite import Suite
from styleresearch.evaluation.twin import SUFFIX, twin_of
from styleresearch.options import shown
from styleresearch.store import digests


@dataclass(frozen=True)
class Metrics:
    """What a config says of metrics, checked; no weights are read yet.

    Attributes:
        metrics: name -> metric.
        encoder: spec of the encoder that all share.
        encoders: name of a metric -> spec of the encoder that it has in place of that one.
        twins: name of a held-out twin -> the metric that it is a twin of.
    """

    metrics: Mapping[str, AnyMetric]
    encoder: Any
    encoders: Mapping[str, Mapping[str, Any]]
    twins: Mapping[str, str]

    def load(self) -> Suite:
        """Return the suite, with the weights of all its networks read; equal encoders are read once.

        Raises:
            InputError: for weights that cannot be had, or a network that is none.
        """
        known: dict[str, Encoder] = {}

        def encoder(spec: Mapping[str, Any]) -> Encoder:
            key = digests.of_json(spec)
            if key not in known:
                known[key] = build.resolve(ENCODERS, spec)
            return known[key]

        own = {name: encoder(spec) for name, spec in self.encoders.items()}
        return Suite.of(self.metrics, encoder(self.encoder), own, self.twins)


def metrics_of(config: Mapping[str, Any], layers: Mapping[str, tuple[str, ...]], problems: Problems) -> Metrics:
    """Build the metrics of a config and check its encoders, noting what is wrong.

    Args:
        config: its ``metrics``, ``encoder`` and ``plane`` are read. ``encoder`` goes with any metric that has layers;
            ``twin``, an encoder too, with the metric "loss", and adds a metric.
        layers: place in the config -> what else is read of the shared encoder.
        problems: where to note.
    """
    built, own, twins, shared = {}, {}, {}, dict(layers)
    for name, spec in config["metrics"].items():
        place = f"metrics.{name}"
        with problems.at(place):
            options, beside = _split(spec)
            built[name] = build.resolve(METRICS, options)
            if (encoder := beside.get("encoder")) is None:
                shared |= {place: built[name].layers} if built[name].layers else {}
            elif not built[name].layers:
                raise InputError(f"metric {spec['name']!r} does not look through an encoder; leave encoder out")
            else:
                build.check_encoder(encoder, {place: built[name].layers}, problems, f"{place}.encoder")
                own[name] = encoder
            if (judge := beside.get("twin")) is not None and (extra := name + SUFFIX) not in config["metrics"]:
                build.check_encoder(judge, {}, problems, f"{place}.twin")
                built[extra] = _twin(built[name], encoder or config["encoder"], judge)
                own[extra], twins[extra] = judge, name
            elif judge is not None:
                raise InputError(f"its twin is called {extra!r}, and so is another metric; rename that one")
    build.check_encoder(config["encoder"], shared, problems)
    _check_plane(config, built, problems)
    return Metrics(built, config["encoder"], own, twins)


def _split(spec: Any) -> tuple[Any, Mapping[str, Any]]:
    """Return the options of a metric, and the encoders beside them; a metric's own option of that name is its own."""
    if not isinstance(spec, Mapping):
        return spec, {}
    options = METRICS.options(spec["name"]) if spec.get("name") in METRICS else {}
    beside = {key: spec[key] for key in ("encoder", "twin") if spec.get(key) is not None and key not in options}
    left_out = {key for key in ("encoder", "twin") if key in spec and key not in options}
    return {key: value for key, value in spec.items() if key not in left_out}, beside


def _twin(metric: AnyMetric, encoder: Any, judge: Mapping[str, Any]) -> AnyMetric:
    """Return the held-out twin of a metric.

    Raises:
        InputError: if there is none, or not under this encoder.
    """
    names = [spec.get("name") if isinstance(spec, Mapping) else None for spec in (encoder, judge)]
    unknown = [name for name in names if name not in NETWORKS]
    if unknown:
        raise InputError(
            f"a twin needs encoders of {', '.join(NETWORKS)}, got {shown(unknown[0])}; write the metric under the "
            "other encoder out: dict(name='loss', loss=..., encoder=...)"
        )
    seen, other = (NETWORKS[str(name)]("random").layout for name in names)
    if seen is other or names[0] == names[1]:
        raise InputError(f"a twin is held out if its encoder is another than the metric's, {names[0]!r}")
    return twin_of(metric, seen, other)


def _check_plane(config: Mapping[str, Any], built: Mapping[str, AnyMetric], problems: Problems) -> None:
    """Note what is wrong with the metrics that a report's plane is spanned by; () draws none."""
    plane = config.get("plane")
    if plane is None:
        return
    with problems.at("plane"):
        if not isinstance(plane, tuple) or len(plane) not in (0, 2) or len(set(map(str, plane))) != len(plane):
            raise InputError(f"must be two different names of metrics, across and up, or (), got {shown(plane)}")
        for name in plane:
            if name not in (known := {*config["metrics"], *built}):
                raise InputError(f"there is no metric {shown(name)}.{nearest(name, known)}")
            if name in built and not isinstance(built[name], Metric):
                raise InputError(f"metric {name!r} has one value for a set of pictures; name one that each picture has")
