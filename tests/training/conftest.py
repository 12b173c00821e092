"""A method that compiles in no time, and batches whose content is their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.encoder.encoder import Encoder
from styleresearch.methods.base import Batch, Metrics, State, TrainedMethod
from styleresearch.optim.optimizers import Adam, Optimizer
from styleresearch.training.checkpoint import Checkpoints
from styleresearch.training.listener import StepReport
from styleresearch.training.loop import Settings, train


@dataclass(frozen=True, eq=False)
class Toy(TrainedMethod):
    """Fits a colour to the mean colours of pictures, with noise; optionally breaks at a step."""

    optimizer: Optimizer = field(default_factory=lambda: Adam(0.05))
    noise: float = 0.1
    nan_at: int = -1
    explode_at: int = -1

    def init(self, key: Any, encoder: Encoder, batch: Batch) -> State:
        params = {"color": jax.random.uniform(key, (3,)), "inner": {"offset": jnp.zeros((1,))}}
        return State.start(jax.random.fold_in(key, 1), params, self.optimizer, {"goal": jnp.arange(3.0) / 3})

    def step(self, state: State, encoder: Encoder, batch: Batch) -> tuple[State, Metrics]:
        content = batch["content"]
        jitter = self.noise * jax.random.normal(jax.random.fold_in(state.key, state.step), (3,))
        goal = content.mean((1, 2)) + (state.constants["goal"] + jitter)[None]

        def loss(params: Any) -> Any:
            error = params["color"] + params["inner"]["offset"]
            distance = ((error[None] - goal) ** 2).sum(1).mean()
            bad = jnp.where(state.step == self.nan_at, jnp.nan, 1.0)
            fine = jnp.abs(params["color"]).mean()
            return distance + fine * bad, {"distance": distance, "fine": fine * bad}

        (total, terms), gradient = jax.value_and_grad(loss, has_aux=True)(state.params)
        gradient = jax.tree.map(lambda g: jnp.where(state.step == self.explode_at, jnp.inf, g), gradient)
        return state.descend(gradient, self.optimizer), {"total": total, **terms}

    def inference(self, state: State) -> Any:
        return state.params if state.ema is None else state.ema

    def stylize(self, params, encoder, content, styles, *, key, progress=None):
        return jnp.clip(content + params["color"][None, None, None], 0.0, 1.0)


@dataclass(frozen=True)
class Numbers:
    """Batches of random pictures, by their number; ``on_step`` is called before each that training asks for."""

    size: int = 4
    on_step: Callable[[int], None] = lambda step: None

    def batch(self, step: int) -> Mapping[str, np.ndarray]:
        return {"content": np.random.default_rng(step).integers(0, 256, (self.size, 4, 4, 3), np.uint8)}

    def iterate(self, start: int, rows: slice | None = None) -> Iterator[Mapping[str, np.ndarray]]:
        for step in count(start):
            self.on_step(step)
            yield {name: each[rows or slice(None)] for name, each in self.batch(step).items()}


@dataclass
class Seen:
    """Remembers what the loop tells."""

    compilations: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    reports: list[StepReport] = field(default_factory=list)
    samples: dict[int, State] = field(default_factory=dict)
    on_sample: Callable[[int, State], Any] = lambda step, state: jax.device_get(state.replace(key=None))

    def compiled(self, seconds: float) -> None:
        self.compilations.append(seconds)

    def resumed(self, step: int) -> None:
        # As the logs do: what comes after the checkpoint is told once more.
        self.reports = [report for report in self.reports if report.step <= step]
        self.starts.append(step)

    def report(self, report: StepReport) -> None:
        self.reports.append(report)

    def sample(self, step: int, state: State) -> None:
        self.samples[step] = self.on_sample(step, state)

    def metrics(self) -> list[tuple[int, dict[str, float]]]:
        return [(report.step, dict(report.metrics)) for report in self.reports]


@pytest.fixture(scope="session")
def toy() -> type[Toy]:
    return Toy


@pytest.fixture(scope="session")
def numbers() -> type[Numbers]:
    return Numbers


@pytest.fixture(scope="session")
def seen() -> type[Seen]:
    return Seen


@pytest.fixture(scope="session")
def run(small_encoder) -> Callable[..., State]:
    """Train in a folder; settings by keyword."""

    def run(
        folder: Path,
        method: TrainedMethod | None = None,
        watcher: Seen | None = None,
        batches: Numbers | None = None,
        seed: int = 0,
        **settings: Any,
    ) -> State:
        given = Settings(**{"steps": 9, "log_every": 2, "save_every": 3, "sample_every": 4, **settings})
        with Checkpoints(folder / "checkpoints", given.keep) as checkpoints:
            return train(
                method or Toy(),
                small_encoder,
                batches or Numbers(),
                given,
                checkpoints,
                watcher or Seen(),
                key=jax.random.key(seed),
            )

    return run
