"""The training runs of a sweep: a directory each, continued where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from styleresearch.config import modules
from styleresearch.config.sweep import Part
from styleresearch.executors.base import Executor
from styleresearch.ops import programs
from styleresearch.store import failures
from styleresearch.store.checkpoints import CheckpointFolder
from styleresearch.store.failures import Failure
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.entry import training_name
from styleresearch.tasks.train import Silent, train
from styleresearch.training.listener import StepReport


@dataclass(frozen=True)
class Training:
    """A training run of a sweep.

    Attributes:
        name: its folder.
        config: of the run.
        methods: those of the comparison that use it.
    """

    name: str
    config: Mapping[str, Any]
    methods: tuple[str, ...]

    def done(self, folder: Path) -> bool:
        """Return whether it has come to its end."""
        run = RunDirectory(folder / self.name)
        steps = CheckpointFolder(run.checkpoints).steps() if run.facts.is_file() else []
        return bool(steps) and steps[-1] >= self.config.get("train", {}).get("steps", 0)


def trainings_of(parts: Iterable[Part]) -> list[Training]:
    """Return the training runs that methods of comparisons ask for, each once."""
    found: dict[str, Training] = {}
    for part in parts:
        for method, spec in part.config["methods"].items():
            if isinstance(spec, Mapping) and spec.get("name") is None and isinstance(spec.get("train"), Mapping):
                name = training_name(spec["train"])
                before = found.get(name, Training(name, spec["train"], ()))
                found[name] = replace(before, methods=(*before.methods, method))
    return list(found.values())


def without(parts: Iterable[Part], trainings: Iterable[Training]) -> list[Part]:
    """Return comparisons without the methods of some training runs."""
    gone = {method for training in trainings for method in training.methods}
    return [
        part.having({name: spec for name, spec in part.config["methods"].items() if name not in gone}) for part in parts
    ]


@dataclass(frozen=True)
class Trainer:
    """Trains: what an executor maps.

    Attributes:
        folder: of all training runs.
        imports: modules or files that another process must import.
        compiling: how programs are compiled and kept.
        listener: called with lines, in this process.
    """

    folder: str
    imports: tuple[str, ...]
    compiling: Mapping[str, Any]
    listener: Callable[[str], None] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what travels to another process."""
        return {**vars(self), "listener": None}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Take what travelled."""
        self.__dict__.update(state)

    def __call__(self, training: Training) -> Training:
        """Train to the end, unless the run is interrupted, and return the training; one that fails says so itself."""
        if self.listener is None:
            programs.set_up(self.compiling)
            modules.bring(self.imports)
        run = Path(self.folder) / training.name
        try:
            state = train(training.config, run, _Lines(self.listener or (lambda line: None), training.methods[0]))
        except Exception as error:
            for method in training.methods:
                failures.note(Path(self.folder).parent, method, failures.SET, error)
            return training
        if int(state.step) < training.config["train"]["steps"]:
            raise KeyboardInterrupt  # the loop was asked to stop, and has saved where it is
        return training


class _Lines(Silent):
    """Tells a training run in lines."""

    def __init__(self, listener: Callable[[str], None], name: str) -> None:
        self._listener, self._name = listener, name

    def report(self, report: StepReport) -> None:
        self._listener(f"training {self._name}, step {report.step} of {report.steps}")


def train_all(
    trainings: Sequence[Training],
    run: RunDirectory,
    executor: Executor,
    listener: Callable[[str], None],
    imports: Sequence[str] = (),
) -> list[Failure]:
    """Bring training runs to their ends; return those that failed, once for each method."""
    for training in trainings:
        listener(f"to be trained: {', '.join(training.methods)}")
        for method in training.methods:
            failures.forget(run.path, method, failures.SET)
    told = None if executor.apart else listener
    trainer = Trainer(str(run.trainings.resolve()), tuple(imports), programs.settings(), told)
    done = list(executor.map(trainer, trainings))
    names = {method for training in done if not training.done(run.trainings) for method in training.methods}
    return [each for each in failures.read(run.path) if each.method in names and each.pair == failures.SET]
