"""Training runs: what a config describes, and running it in a directory of its own."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp

from styleresearch import __version__
from styleresearch.config import build
from styleresearch.config.file import ORIGIN
from styleresearch.config.problems import Problems, begin
from styleresearch.data.framing import to_bytes
from styleresearch.data.images import save_image
from styleresearch.data.pipeline import Pipeline
from styleresearch.encoder.encoder import ENCODERS, Encoder
from styleresearch.errors import InputError, Notice
from styleresearch.methods import METHODS, TrainedMethod
from styleresearch.methods.base import State, dependence_of
from styleresearch.options import Seed, setting
from styleresearch.store import jsonfile
from styleresearch.store.rundir import RunDirectory, sample_file
from styleresearch.tasks import identity
from styleresearch.tasks.comparison import check_precision
from styleresearch.tasks.data import pipeline
from styleresearch.tasks.provenance import provenance
from styleresearch.tasks.samples import Samples, grid, samples_of
from styleresearch.tasks.trained import Trained, load
from styleresearch.training.checkpoint import Checkpoints
from styleresearch.training.lengths import oddities
from styleresearch.training.logs import Logs
from styleresearch.training.loop import Report, Settings, train
from styleresearch.training.rates import check_stochastic, lasting
from styleresearch.training.start import started

REQUIRED = ("encoder", "method", "data", "train")
OPTIONAL = ("name", "imports", "seed", "precision", "samples", "start")


@dataclass(frozen=True)
class Fit:
    """What the config of a training run describes, built.

    Attributes:
        config: the config itself.
        method: what is trained.
        encoder: the shared encoder.
        data: the batches.
        settings: how long, and how often to do what.
        seed: of everything random.
        precision: of matrix products and convolutions.
        samples: what to stylise on the way, or None.
        modules: name -> sha256 of the user's own modules.
        identity: what else the method depends on, see ``Method.identity``.
        start: what the painting network begins with, of another run or the zoo; None for the method's own beginning.
    """

    config: Mapping[str, Any]
    method: TrainedMethod
    encoder: Encoder
    data: Pipeline
    settings: Settings
    seed: int
    precision: str
    samples: Samples | None
    modules: Mapping[str, str]
    identity: str = ""
    start: Trained | None = None


def fit_of(config: Mapping[str, Any]) -> Fit:
    """Build a training run.

    Raises:
        InputError: listing everything wrong with the config, before anything is downloaded or compiled; or, once the
            encoder is there, what is wrong with it or the size of the crops for it.
    """
    modules = begin(config, REQUIRED, OPTIONAL)
    problems = Problems()
    method, data, samples, settings, start = None, None, None, None, None
    layers, its_identity = {}, ""
    with problems.at("method"):
        found = build.resolve(METHODS, config["method"])
        if not isinstance(found, TrainedMethod):
            entries = {name: METHODS.get(name) for name in METHODS}
            trained = [
                name for name, entry in entries.items() if isinstance(entry, type) and issubclass(entry, TrainedMethod)
            ]
            raise InputError(
                f"the method {config['method']['name']!r} is not one that is trained. Those are: {', '.join(trained)}"
            )
        method = found
        check_stochastic(method)
        layers["method"] = getattr(method, "layers", ())
        its_identity = dependence_of(method)
    build.check_encoder(config["encoder"], layers, problems)
    seed = 0
    with problems.at("seed"):
        seed = setting("seed", config.get("seed", 0), Seed)
    with problems.at("train"):
        settings = build.constructed(Settings, config["train"], "train")
    if method is not None and settings is not None:
        with problems.at("method"):
            method = lasting(method, settings.steps)
    precision = check_precision(config, problems)
    with problems.at("data"):
        data = pipeline(config["data"], seed, method)
    if "samples" in config:
        with problems.at("samples"):
            # Of a method that could not be built nobody knows; its own problem is the one to tell.
            given = config["samples"]
            named = isinstance(given, Mapping) and "styles" in given
            samples = samples_of(given, named if method is None else method.takes_style)
    if "start" in config:
        with problems.at("start"):
            start = load(setting("start", config["start"], str))
    problems.raise_if_any()
    assert method is not None and data is not None and settings is not None  # noqa: PT018 - or there were problems
    encoder = build.resolve(ENCODERS, config["encoder"])
    with problems.at("data.crop"):
        encoder.check(layers["method"], (data.crop, data.crop))
    problems.raise_if_any()
    with problems.at("method"):
        _try_out(method, encoder, data.crop, start)
    problems.raise_if_any()
    return Fit(config, method, encoder, data, settings, seed, precision, samples, modules, its_identity, start)


def _try_out(method: TrainedMethod, encoder: Encoder, crop: int, start: Trained | None) -> None:
    """Raise what the method's ``init`` raises, without computing anything: no directory is written for such a run."""
    picture = jax.ShapeDtypeStruct((1, crop, crop, 3), jnp.float32)
    batch = dict.fromkeys(("content", "style") if method.reads_styles else ("content",), picture)

    def begin(key: Any, encoder: Encoder, batch: Any) -> State:
        state = method.init(key, encoder, batch)
        return state if start is None else started(method, state, start.params)

    jax.eval_shape(begin, jax.random.key(0), encoder, batch)


@runtime_checkable
class Tell(Protocol):
    """What a training run tells while it works."""

    def preparing(self, what: str, done: int, total: int) -> None:
        """Take how far the preparation of a dataset is."""

    def compiled(self, seconds: float) -> None:
        """Take the time that compiling the step took."""

    def resumed(self, step: int) -> None:
        """Take the step that the run starts from."""

    def report(self, report: Report) -> None:
        """Take the metrics of the last steps."""

    def sampled(self, file: Path) -> None:
        """Take the file of a new sample grid."""


def fit(what: Fit, workdir: Path, tell: Tell) -> State:
    """Train in ``workdir``, from its newest checkpoint on, and return the state.

    The directory holds ``config.json run.json metrics.jsonl checkpoints/ samples/ events/`` afterwards.

    Args:
        what: the run.
        workdir: its directory, created if need be.
        tell: told everything worth showing.

    Raises:
        InputError: if the directory cannot be written, another process writes it, or it holds another run.
        NonFiniteLossError: see ``training.loop.train``.
    """
    first = jax.process_index() == 0
    run = RunDirectory.create(workdir)
    with contextlib.ExitStack() as stack:
        if first:
            stack.enter_context(run.alone())
        what.data.prepare(tell.preparing)
        facts = _described(what, run) if first else {}
        stack.enter_context(jax.default_matmul_precision(None if what.precision == "default" else what.precision))
        checkpoints = stack.enter_context(Checkpoints(run.checkpoints, what.settings.keep))
        logs = stack.enter_context(Logs(workdir)) if first else None
        watcher = _Watcher(what, run, facts, logs, tell)
        key = jax.random.key(what.seed)
        learned = None if what.start is None else what.start.params
        return train(
            what.method, what.encoder, what.data, what.settings, checkpoints, watcher, key=key, learned=learned
        )


def _described(what: Fit, run: RunDirectory) -> dict[str, Any]:
    """Write the run's config and facts, and return the latter; raise InputError if the run there is another."""
    now = identity.facts_of(what.config, what.method, what.encoder, what.data, what.modules, what.identity)
    begun = None if what.start is None else {"source": what.start.source, "digest": what.start.digest}
    schedules: list[dict[str, Any]] = []
    before = run.training()
    if before is not None and run.facts.is_file():
        begun = before.get("start")
        schedules = identity.history(before)
        if isinstance(before.get("modules"), dict):
            # One that is not in there was not looked at then: runs of earlier versions go on.
            before["modules"] = {**now["modules"], **before["modules"]}
    if before is not None and (changes := identity.changes(before, now)):
        raise InputError(
            f"{run.path} holds a run of another config; name another directory, or take back:\n  "
            + "\n  ".join(changes)
        )
    jsonfile.write(run.config, what.config)
    spec = {key: value for key, value in what.config["method"].items() if key not in what.method.learns_from}
    facts = {
        **now,
        "method": spec,
        "styles": build.style_names(what.config["method"]),
        "provenance": provenance(what.config, what.encoder, what.precision, what.modules),
        "version": __version__,
        ORIGIN: what.config.get(ORIGIN),
        "start": begun,
        "schedules": schedules,
    }
    jsonfile.write(run.facts, facts)
    return facts


class _Watcher:
    """Writes what the loop tells into the run directory, and passes it on."""

    def __init__(self, what: Fit, run: RunDirectory, facts: dict[str, Any], logs: Logs | None, tell: Tell) -> None:
        self.what, self.run, self.facts, self.logs, self.tell = what, run, facts, logs, tell

    def compiled(self, seconds: float) -> None:
        self.tell.compiled(seconds)

    def resumed(self, step: int) -> None:
        if self.logs is not None:
            self.logs.resume_at(step)
            self._go_on_under_schedules(step)
        self.tell.resumed(step)

    def _go_on_under_schedules(self, step: int) -> None:
        method = self.what.method
        now = identity.schedules_of(method, self.what.config["method"])
        schedules, changes = identity.gone_on(self.facts["schedules"], method, now, step)
        jsonfile.write(self.run.facts, {**self.facts, "schedules": schedules})
        settings, data = self.what.settings, self.what.data
        for text in (*changes, *oddities(method, settings.steps, data.batch_size)):
            warnings.warn(text, Notice, stacklevel=2)

    def report(self, report: Report) -> None:
        if self.logs is not None:
            self.logs.write(
                report.step,
                report.metrics,
                seconds_per_step=report.seconds_per_step,
                images_per_second=report.images_per_second,
                waiting=report.waiting,
            )
        self.tell.report(report)

    def sample(self, step: int, state: State) -> None:
        samples = self.what.samples
        if samples is None or self.logs is None:
            return
        params = jax.device_get(self.what.method.inference(state))
        picture = grid(samples, self.what.method, params, self.what.encoder, self.what.seed)
        file = self.run.place(sample_file(step))
        save_image(file, picture)
        self.logs.images(step, "samples", to_bytes(picture))
        self.tell.sampled(file)
