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
from styleresearch.config.file import ORIGIN, settings_of
from styleresearch.config.modules import of_plugins
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
from styleresearch.training import loop
from styleresearch.training.checkpoint import Checkpoints
from styleresearch.training.lengths import oddities
from styleresearch.training.listener import Listener as EveryListener
from styleresearch.training.listener import StepReport
from styleresearch.training.logs import Logs
from styleresearch.training.loop import Settings
from styleresearch.training.rates import check_stochastic, lasting
from styleresearch.training.start import warm_start

REQUIRED = ("encoder", "method", "data", "train")
OPTIONAL = ("name", "imports", "seed", "precision", "samples", "start")


@dataclass(frozen=True)
class TrainingRun:
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
        modules: name -> sha256 of the user's own modules, and of the plug-ins that are used.
        depends_on: what else the method depends on, see ``Method.depends_on``.
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
    depends_on: str = ""
    start: Trained | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> TrainingRun:
        """Build a training run.

        Raises:
            InputError: listing everything wrong with the config, before anything is downloaded or compiled; or, once
                the encoder is there, what is wrong with it or the size of the crops for it.
        """
        modules = begin(config, REQUIRED, OPTIONAL)
        problems = Problems()
        method, data, samples, settings, start = None, None, None, None, None
        layers, depends_on = {}, ""
        with problems.at("method"):
            found = build.resolve(METHODS, config["method"])
            if not isinstance(found, TrainedMethod):
                entries = {name: METHODS.get(name) for name in METHODS}
                trained = [
                    name
                    for name, entry in entries.items()
                    if isinstance(entry, type) and issubclass(entry, TrainedMethod)
                ]
                raise InputError(
                    f"the method {config['method']['name']!r} is not one that is trained. Those are: "
                    f"{', '.join(trained)}"
                )
            method = found
            check_stochastic(method)
            layers["method"] = method.layers
            depends_on = dependence_of(method)
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
                samples = samples_of(given, named if method is None else method.takes.styles != "none")
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
        modules |= of_plugins(settings_of(config))
        return cls(config, method, encoder, data, settings, seed, precision, samples, modules, depends_on, start)


def _try_out(method: TrainedMethod, encoder: Encoder, crop: int, start: Trained | None) -> None:
    """Raise what the method's ``init`` raises, without computing anything: no directory is written for such a run."""
    picture = jax.ShapeDtypeStruct((1, crop, crop, 3), jnp.float32)
    batch = dict.fromkeys(("content",) if method.reads.styles == "none" else ("content", "style"), picture)

    def begin(key: Any, encoder: Encoder, batch: Any) -> State:
        state = method.init(key, encoder, batch)
        return state if start is None else warm_start(method, state, start.params)

    jax.eval_shape(begin, jax.random.key(0), encoder, batch)


@runtime_checkable
class Listener(EveryListener, Protocol):
    """What a training run tells while it works."""

    def preparing(self, what: str, done: int, total: int) -> None:
        """Take how far the preparation of a dataset is."""

    def sampled(self, file: Path) -> None:
        """Take the file of a new sample grid."""


class Silent(Listener):
    """Hears all and shows nothing."""


def train(training: TrainingRun | Mapping[str, Any], workdir: str | Path, listener: Listener | None = None) -> State:
    """Train in ``workdir``, from its newest checkpoint on, and return the state.

    The directory holds ``config.json run.json metrics.jsonl checkpoints/ samples/ events/`` afterwards.

    Args:
        training: the run, or the config that describes it.
        workdir: its directory, created if need be.
        listener: told everything worth showing; None shows nothing.

    Raises:
        InputError: for anything wrong with the config; if the directory cannot be written, another process writes it,
            or it holds another run.
        NonFiniteLossError: see ``training.loop.train``.
    """
    training = training if isinstance(training, TrainingRun) else TrainingRun.of(training)
    listener = Silent() if listener is None else listener
    first = jax.process_index() == 0
    run = RunDirectory.create(Path(workdir))
    with contextlib.ExitStack() as stack:
        if first:
            stack.enter_context(run.alone())
        training.data.prepare(listener.preparing)
        facts = _described(training, run) if first else {}
        precision = None if training.precision == "default" else training.precision
        stack.enter_context(jax.default_matmul_precision(precision))
        checkpoints = stack.enter_context(Checkpoints(run.checkpoints, training.settings.keep))
        logs = stack.enter_context(Logs(run.path)) if first else None
        return loop.train(
            training.method,
            training.encoder,
            training.data,
            training.settings,
            checkpoints,
            _Recorder(training, run, facts, logs, listener),
            key=jax.random.key(training.seed),
            start_params=None if training.start is None else training.start.params,
        )


def _described(training: TrainingRun, run: RunDirectory) -> dict[str, Any]:
    """Write the run's config and facts, and return the latter; raise InputError if the run there is another."""
    now = identity.facts_of(
        training.config, training.method, training.encoder, training.data, training.modules, training.depends_on
    )
    begun = None if training.start is None else {"source": training.start.source, "digest": training.start.digest}
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
    jsonfile.write(run.config, training.config)
    spec = {key: value for key, value in training.config["method"].items() if key not in training.method.reads.options}
    facts = {
        **now,
        "method": spec,
        "styles": build.style_names(training.config["method"]),
        "provenance": provenance(training.config, training.encoder, training.precision, training.modules),
        "version": __version__,
        ORIGIN: training.config.get(ORIGIN),
        "start": begun,
        "schedules": schedules,
    }
    jsonfile.write(run.facts, facts)
    return facts


class _Recorder:
    """Writes what the loop tells into the run directory, and passes it on."""

    def __init__(
        self, training: TrainingRun, run: RunDirectory, facts: dict[str, Any], logs: Logs | None, listener: Listener
    ) -> None:
        self.training, self.run, self.facts, self.logs, self.listener = training, run, facts, logs, listener

    def compiled(self, seconds: float) -> None:
        self.listener.compiled(seconds)

    def resumed(self, step: int) -> None:
        if self.logs is not None:
            self.logs.resume_at(step)
            self._go_on_under_schedules(step)
        self.listener.resumed(step)

    def _go_on_under_schedules(self, step: int) -> None:
        method = self.training.method
        now = identity.schedules_of(method, self.training.config["method"])
        schedules, changes = identity.gone_on(self.facts["schedules"], method, now, step)
        jsonfile.write(self.run.facts, {**self.facts, "schedules": schedules})
        settings, data = self.training.settings, self.training.data
        for text in (*changes, *oddities(method, settings.steps, data.batch_size)):
            warnings.warn(text, Notice, stacklevel=2)

    def report(self, report: StepReport) -> None:
        if self.logs is not None:
            self.logs.write(
                report.step,
                report.metrics,
                seconds_per_step=report.seconds_per_step,
                images_per_second=report.images_per_second,
                waiting=report.waiting,
            )
        self.listener.report(report)

    def sample(self, step: int, state: State) -> None:
        samples = self.training.samples
        if samples is None or self.logs is None:
            return
        params = jax.device_get(self.training.method.inference(state))
        picture = grid(samples, self.training.method, params, self.training.encoder, self.training.seed)
        file = self.run.place(sample_file(step))
        save_image(file, picture)
        self.logs.images(step, "samples", to_bytes(picture))
        self.listener.sampled(file)
