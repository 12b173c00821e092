"""An array job of a Slurm cluster, by way of submitit: each task has a share of the cells."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic

from styleresearch.errors import InputError
from styleresearch.executors.base import Cell, Executor, Result
from styleresearch.extras import require

_TASKS = 8
_MINUTES = 240
_EVERY = 1.0
"""Seconds between two looks at the queue."""


@dataclass
class Slurm(Executor):
    """Tasks of an array job; one that Slurm stops and queues again goes on with what is left of its share.

    Attributes:
        tasks: of the array, at most.
        options: of submitit, see ``AutoExecutor.update_parameters``.
        folder: on a disk that all nodes share: what tasks are told and say.
    """

    tasks: int
    options: Mapping[str, int | float | str]
    folder: Path
    _jobs: dict[str, Any] = field(default_factory=dict, init=False)

    @classmethod
    def of(cls, text: str, folder: Path) -> Slurm:
        """Return what a text says, "tasks=8,timeout_min=60,slurm_partition=gpu".

        Raises:
            InputError: if it says none; if submitit is not installed.
        """
        _submitit()
        options: dict[str, Any] = {"timeout_min": _MINUTES}
        for part in filter(None, text.split(",")):
            key, given, value = part.partition("=")
            if not given or not key.isidentifier():
                raise InputError(f"--slurm {text}: give KEY=VALUE,KEY=VALUE, e.g. tasks=8,timeout_min=60")
            options[key] = int(value) if value.isdecimal() else value
        tasks = options.pop("tasks", _TASKS)
        if not isinstance(tasks, int) or tasks < 1:
            raise InputError(f"--slurm {text}: tasks must be a whole number above 0")
        return cls(tasks, options, folder)

    def map(self, function: Callable[[Cell], Result], cells: Iterable[Cell]) -> Iterator[Result]:
        """Yield the results of a task's cells when the task has ended."""
        cells = list(cells)
        if not cells:
            return
        array = self._submitted(function, cells)
        total, lost = len(self._jobs), list[str]()
        while self._jobs:
            queued = _queued(array)
            for name, job in list(self._jobs.items()):
                if job.paths.result_pickle.exists():
                    del self._jobs[name]
                    error = job.exception()
                    if error is None:
                        yield from job.result()
                    else:
                        lost.append(str(error).strip().split("\n")[-1])
                elif name not in queued and not _appears(job.paths.result_pickle):
                    del self._jobs[name]
                    lost.append(f"task {name} left the queue")
            time.sleep(_EVERY if self._jobs else 0)
        if lost:
            raise InputError(
                f"{len(lost)} of {total} tasks of the array job {array} ended before their cells were done: {lost[0]}; "
                f"{self.folder} has what they said. What was finished is kept, the same command continues"
            )

    def _submitted(self, function: Callable[[Cell], Result], cells: Sequence[Cell]) -> str:
        """Submit an array job and return its number."""
        submitit = _submitit()
        from submitit.core.utils import FailedJobError

        last = self.folder / "array"
        before = last.read_text().strip() if last.is_file() else ""
        if before and _queued(before):
            raise InputError(
                f"the array job {before} of an earlier call is still in the queue: wait until it has ended, or end it "
                f"(scancel {before}); then the same command continues"
            )
        count = min(self.tasks, len(cells))
        try:
            executor = submitit.AutoExecutor(self.folder, cluster="slurm")
            # Slurm may stop a task for others' sake; it is then queued again.
            executor.update_parameters(name="styleresearch", slurm_additional_parameters={"requeue": True})
            executor.update_parameters(**self.options)
            jobs = executor.map_array(Share(function), [cells[number::count] for number in range(count)])
        except FailedJobError as error:
            raise InputError(f"Slurm refused the array job: {str(error).strip()}") from error
        except (NameError, TypeError, ValueError, RuntimeError) as error:  # of submitit, for options that are none
            raise InputError(f"--slurm: {str(error).strip()}") from error
        self._jobs = {job.job_id: job for job in jobs}
        array = jobs[0].job_id.partition("_")[0]
        last.write_text(f"{array}\n")
        return array

    def __exit__(self, *error: object) -> None:
        """Take what has not ended out of the queue, as when this process was interrupted."""
        for job in self._jobs.values():
            job.cancel()
        self._jobs = {}


@dataclass(frozen=True)
class Share(Generic[Cell, Result]):
    """Applies a function to the cells of one task.

    Attributes:
        function: of a cell.
    """

    function: Callable[[Cell], Result]

    def __call__(self, cells: Sequence[Cell]) -> list[Result]:
        """Return what becomes of each cell; those that were done before the task was stopped are not done again."""
        return [self.function(cell) for cell in cells]

    def checkpoint(self, cells: Sequence[Cell]) -> Any:
        """Return what submitit queues again when the time is up: the same, for what is finished is written down."""
        return _submitit().helpers.DelayedSubmission(self, cells)


def _submitit() -> Any:
    """Return the library, kept from setting up the logging of this whole process when it is imported first."""
    before = os.environ.get("SUBMITIT_LOG_LEVEL")
    os.environ["SUBMITIT_LOG_LEVEL"] = "NOCONFIG"
    try:
        return require("submitit", "slurm", "working off cells on a Slurm cluster")
    finally:
        del os.environ["SUBMITIT_LOG_LEVEL"]
        if before is not None:
            os.environ["SUBMITIT_LOG_LEVEL"] = before


def _queued(array: str) -> set[str]:
    """Return the tasks of an array job that wait or run."""
    asked = ["squeue", "--noheader", "--array", "--format=%i", f"--jobs={array}"]
    try:
        found = subprocess.run(asked, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise InputError("there is no Slurm here: squeue cannot be found") from error
    if found.returncode and "Invalid job id" not in found.stderr:
        return {f"{array}_{task}" for task in range(100_000)}  # it did not answer: nobody knows that one has ended
    return set(found.stdout.split())


def _appears(file: Path, seconds: float = 15.0) -> bool:
    """Return whether a file is there, also one that a shared disk shows late."""
    until = time.monotonic() + seconds
    while not file.exists():
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True
