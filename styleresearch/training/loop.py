"""The training loop: the only one, for every trained method."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from styleresearch import interrupt
from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.methods.base import Alarm, Batch, Metrics, NonFiniteLossError, State, TrainedMethod
from styleresearch.options import Between, Count, Decay, checked
from styleresearch.training.checkpoint import Checkpoints
from styleresearch.training.listener import LoopListener, StepReport
from styleresearch.training.rates import lasting, rates_at
from styleresearch.training.start import warm_start
from styleresearch.types import Params


@checked("train")
@dataclass(frozen=True)
class Settings:
    """How long to train, and how often to do what beside it.

    Attributes:
        steps: in all; a run that is resumed with more goes on from where it was.
        log_every: steps over which metrics are averaged before they are reported.
        save_every: steps between two checkpoints; there is one at the end in any case.
        keep: newest checkpoints that are kept; the best by the mean of "total" since the last is kept as well.
        sample_every: steps between two sample grids; 0 for none.
        ema: decay of the moving average of parameters, which then are those that stylise; 0 for none. The decay of
            step t is at most (1 + t) / (10 + t), so that the average does not remember the initial weights.
    """

    steps: Count
    log_every: Count = 50
    save_every: Count = 500
    keep: Count = 3
    sample_every: Annotated[int, Between(0, 2**31 - 1)] = 500
    ema: Decay = 0.0


@runtime_checkable
class Batches(Protocol):
    """Training data as a pure function of the step's number: uint8, (b, h, w, 3)."""

    def batch(self, step: int) -> Mapping[str, np.ndarray]:
        """Return the whole batch of a step."""
        ...

    def iterate(self, start: int, rows: slice | None = None) -> Iterator[Mapping[str, np.ndarray]]:
        """Yield these rows of the batches of step ``start`` and all later ones."""
        ...


def train(
    method: TrainedMethod,
    encoder: Encoder,
    batches: Batches,
    settings: Settings,
    checkpoints: Checkpoints,
    listener: LoopListener,
    *,
    key: Any,
    start_params: Params | None = None,
) -> State:
    """Train until ``settings.steps``, or until the process is asked to stop (SIGINT, SIGTERM), and return the state.

    A signal ends training after the step that runs, with a checkpoint. Not among several processes: one that stops
    alone would leave the others waiting for it, so there it is a KeyboardInterrupt, as it is before the first step.

    Data parallel over all devices of all processes: batches are split, parameters are held by each. The run continues
    from the newest checkpoint; batches and randomness are functions of the step's number, so it ends with exactly the
    parameters of a run that was never interrupted, on the same devices.

    Args:
        method: what is trained.
        encoder: the shared encoder.
        batches: the data.
        settings: how long, and how often to do what.
        checkpoints: where states go, and come from.
        listener: is told everything worth showing.
        key: the source of all randomness.
        start_params: what the painting network begins with (see ``training.start``); None for the method's own
            beginning.

    Raises:
        InputError: if the rows of a batch cannot be divided among the devices, or ``start_params`` does not fit.
        NonFiniteLossError: if a metric or a parameter becomes NaN or infinite; the last good checkpoint stays.
    """
    method = lasting(method, settings.steps)
    mesh = Mesh(np.asarray(jax.devices()), ("data",))
    everywhere, split = NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec("data"))
    encoder = jax.device_put(encoder, everywhere)

    def start(key: Any, encoder: Encoder, batch: Batch, start_params: Params | None) -> State:
        state = method.init(key, encoder, _images(batch))
        state = state if start_params is None else warm_start(method, state, start_params)
        return state.replace(ema=state.params) if settings.ema else state  # pyright: ignore[reportAttributeAccessIssue]

    def advance(state: State, encoder: Encoder, batch: Batch) -> tuple[State, Metrics]:
        new, metrics = method.step(state, encoder, _images(batch))
        metrics = {**metrics, **rates_at(method, state.step)}
        return (_averaged(new, state.step, settings.ema) if settings.ema else new), metrics

    first = batches.batch(0)
    size, processes = first["content"].shape[0], jax.process_count()
    if size % jax.device_count():
        raise InputError(
            f"a batch of {size} cannot be divided among {jax.device_count()} devices; set data.batch_size to a "
            f"multiple of {jax.device_count()}"
        )
    mine = slice(jax.process_index() * size // processes, (jax.process_index() + 1) * size // processes)

    def on_devices(rows: Mapping[str, np.ndarray]) -> Batch:
        return {name: jax.make_array_from_process_local_data(split, each) for name, each in rows.items()}

    first = on_devices({name: each[mine] for name, each in first.items()})
    begin = jax.jit(start, out_shardings=everywhere)
    like = jax.eval_shape(begin, key, encoder, first, start_params)
    like = jax.tree.map(lambda each: jax.ShapeDtypeStruct(each.shape, each.dtype, sharding=everywhere), like)
    found = checkpoints.restore(like)
    done, state = (0, begin(key, encoder, first, start_params)) if found is None else found
    listener.resumed(done)
    if done >= settings.steps:
        return state

    interrupt.check()
    began = time.perf_counter()
    step = jax.jit(advance, donate_argnums=0, out_shardings=everywhere).lower(state, encoder, first).compile()
    listener.compiled(time.perf_counter() - began)
    if done == 0 and settings.sample_every:
        listener.sample(0, state)

    meter = _Meter(settings, size, method.alarms)
    meter.checkpoint = None if found is None else done
    interrupt.check()
    alone = processes == 1
    with interrupt.deferred() if alone else contextlib.nullcontext():
        rows = batches.iterate(done, mine)
        last = False
        while not last:
            with meter.waiting():
                batch = on_devices(next(rows))
            state, metrics = step(state, encoder, batch)
            done += 1
            meter.add(metrics)
            last = done == settings.steps or (alone and interrupt.asked())
            saves = last or done % settings.save_every == 0
            samples = settings.sample_every and (last or done % settings.sample_every == 0)
            if saves or samples or done % settings.log_every == 0:
                listener.report(meter.report(done))
            if saves:
                _check_parameters(state, done, meter.saved())
            if samples:
                listener.sample(done, state)
            if saves:
                # Last: what a step leaves beside its checkpoint is there when a killed run goes on from it.
                checkpoints.save(done, state, meter.since_save())
                meter.checkpoint = done
            if saves or samples:
                meter.restart()
        checkpoints.wait()
    return state


def _images(batch: Batch) -> Batch:
    return {name: each.astype(jnp.float32) / 255 for name, each in batch.items()}


def _averaged(state: State, step: Any, decay: float) -> State:
    now = jnp.minimum(decay, (1.0 + step) / (10.0 + step))
    ema = jax.tree.map(lambda old, new: now * old + (1 - now) * new, state.ema, state.params)
    return state.replace(ema=ema)  # pyright: ignore[reportAttributeAccessIssue]


def _check_parameters(state: State, step: int, saved: str) -> None:
    # On the host, where the checkpoint takes them from anyway: on the device each shape would compile a program. Not by
    # device_get, after which jax 0.11 copies what the next step is given instead of taking its place.
    if not all(np.isfinite(np.asarray(leaf)).all() for leaf in jax.tree.leaves(state.params)):
        raise NonFiniteLossError(
            f"a parameter became NaN or infinite by step {step} while every loss term was finite; {saved}: lower the "
            "learning rate, or set optimizer.clip_norm, and start again in another directory"
        )


class _Meter:
    """Metrics and times since the last report."""

    def __init__(self, settings: Settings, batch: int, alarms: Sequence[Alarm]) -> None:
        self.settings, self.batch, self.alarms = settings, batch, alarms
        self.checkpoint: int | None = None
        self.pending: list[Metrics] = []
        self.totals: list[float] = []
        self.waited = 0.0
        self.began = time.perf_counter()

    def add(self, metrics: Metrics) -> None:
        self.pending.append(metrics)
        # One step ahead of the device keeps it busy; further ahead, batches would fill its memory, and a run that is
        # asked to stop would first finish them all.
        if len(self.pending) > 1:
            jax.block_until_ready(self.pending[-2])

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.waited += time.perf_counter() - began

    def restart(self) -> None:
        """Begin to measure anew: what happened since the last report was not training."""
        self.began, self.waited = time.perf_counter(), 0.0

    def report(self, done: int) -> StepReport:
        """Return the means since the last report; waits for the device."""
        rows = jax.device_get(self.pending)
        for number, row in enumerate(rows, done - len(rows) + 1):
            broken = [name for name, value in row.items() if not np.isfinite(value)]
            if broken:
                blame = [name for name in broken if name not in ("total", "gradient_norm")] or broken
                raise NonFiniteLossError(
                    f"the loss term {' and '.join(map(repr, blame))} became {row[blame[0]]} at step {number}; "
                    f"{self.saved()}: lower the term's weight or the learning rate, or set optimizer.clip_norm, and "
                    "start again in another directory"
                )
        seconds = time.perf_counter() - self.began
        metrics = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        self.totals += [float(row["total"]) for row in rows]
        report = StepReport(
            done,
            self.settings.steps,
            metrics,
            seconds / len(rows),
            self.batch * len(rows) / seconds,
            self.waited / seconds,
            tuple(alarm for alarm in self.alarms if alarm.rings(done, metrics)),
        )
        self.pending = []
        self.restart()
        return report

    def saved(self) -> str:
        """Return what there is to go back to."""
        return "there is no checkpoint yet" if self.checkpoint is None else f"checkpoint {self.checkpoint} is good"

    def since_save(self) -> dict[str, float]:
        """Return the mean total since the last call."""
        mean = float(np.mean(self.totals))
        self.totals = []
        return {"total": mean}
