"""What a training run tells while it runs: ``metrics.jsonl`` to compute with, event files to watch."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import SupportsFloat

import numpy as np
from jaxtyping import UInt8
from tensorboardX import summary
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog  # pyright: ignore[reportAttributeAccessIssue]
from tensorboardX.proto.summary_pb2 import Summary  # pyright: ignore[reportAttributeAccessIssue]

from styleresearch.errors import InputError
from styleresearch.store import atomic
from styleresearch.store.rundir import RunDirectory


class Logs:
    """The logs of one run: ``metrics.jsonl``, one line a logged step, and ``events/`` for TensorBoard.

    Every call is on disk when it returns, so a killed run lacks nothing that it logged. In a run of several processes
    one of them logs.

    Args:
        run_folder: the run directory; made if it is not there.

    Raises:
        InputError: if it cannot be made.
    """

    def __init__(self, run_folder: Path) -> None:
        run = RunDirectory(run_folder)
        self.metrics, self._folder = run.metrics, run.events
        self._events: EventsWriter | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot create {self._folder}: {error.strerror}; name another run directory") from error

    def write(self, step: int, metrics: Mapping[str, SupportsFloat], **times: SupportsFloat) -> None:
        """Log the numbers of a step.

        Args:
            step: the number of updates done.
            metrics: name -> value; what is not finite is ``null`` in the JSON line.
            times: ``images_per_second``, ``seconds`` and the like, logged as the metrics are.
        """
        values = {name: float(value) for name, value in {**metrics, **times}.items()}
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        self.metrics.append({"step": step, **finite})
        scalars = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._tell(Event(step=step, summary=Summary(value=scalars)))

    def images(self, step: int, name: str, array: UInt8[np.ndarray, "h w 3"]) -> None:
        """Show a picture in TensorBoard."""
        self._tell(Event(step=step, summary=summary.image(name, array, dataformats="HWC")))

    def resume_at(self, step: int) -> None:
        """Forget what was logged after a step, because it is about to be done again.

        Lines of later steps leave ``metrics.jsonl`` at once or not at all. Event files are append-only; a mark tells
        TensorBoard to hide what came after the step.
        """
        written = self.metrics.path.read_bytes().splitlines() if self.metrics.path.exists() else []
        kept = [entry for entry in self.metrics.read() if entry["step"] <= step]
        if len(kept) < len(written):  # later ones, one that a kill left torn, or one that is not ours
            self.metrics.replace(kept)
        if any(self._folder.iterdir()):
            self._tell(Event(step=step + 1, session_log=SessionLog(status=SessionLog.START)))

    def close(self) -> None:
        """Close the event file; logging again opens another."""
        if self._events is not None:
            with atomic.named(self._folder):
                self._events.close()
            self._events = None

    def __enter__(self) -> Logs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell(self, event: Event) -> None:
        with atomic.named(self._folder):
            self._write(event)

    def _write(self, event: Event) -> None:
        if self._events is None:
            # TensorBoard reads a folder's files in the order of their names, which begin with the second. Two files
            # of one second need the rest, or the later one would overwrite the earlier.
            self._events = EventsWriter(str(self._folder / self._folder.name), f".{time.time_ns()}")
        event.wall_time = time.time()
        self._events.write_event(event)
        self._events.flush()
