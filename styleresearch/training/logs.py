"""What a training run tells while it runs: ``metrics.jsonl`` to compute with, event files to watch."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import SupportsFloat

import numpy as np
from jaxtyping import UInt8

from styleresearch.errors import Notice
from styleresearch.extras import MissingExtraError
from styleresearch.store.rundir import RunDirectory
from styleresearch.training.tensorboard import Events


class Logs:
    """The logs of one run: ``metrics.jsonl``, one line a logged step, and ``events/`` for TensorBoard.

    Every call is on disk when it returns, so a killed run lacks nothing that it logged. In a run of several processes
    one of them logs.

    Args:
        run_folder: the run directory; made if it is not there.

    Raises:
        InputError: if it cannot be made.

    Warns:
        Notice: without tensorboardX, and hence without event files.
    """

    def __init__(self, run_folder: Path) -> None:
        run = RunDirectory(run_folder)
        self.metrics = run.metrics
        try:
            self._events = Events(run.events)
        except MissingExtraError as missing:
            self._events = None
            warnings.warn(f"{missing}; {run.metrics.path.name} has the same numbers", Notice, stacklevel=2)

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
        if self._events is not None:
            self._events.scalars(step, values)

    def images(self, step: int, name: str, array: UInt8[np.ndarray, "h w 3"]) -> None:
        """Show a picture in TensorBoard."""
        if self._events is not None:
            self._events.image(step, name, array)

    def resume_at(self, step: int) -> None:
        """Forget what was logged after a step, because it is about to be done again.

        Lines of later steps leave ``metrics.jsonl`` at once or not at all. TensorBoard is told to
        hide them.
        """
        written = self.metrics.path.read_bytes().splitlines() if self.metrics.path.exists() else []
        kept = [entry for entry in self.metrics.read() if entry["step"] <= step]
        if len(kept) < len(written):  # later ones, one that a kill left torn, or one that is not ours
            self.metrics.replace(kept)
        if self._events is not None:
            self._events.resume_at(step)

    def close(self) -> None:
        """Close the event file; logging again opens another."""
        if self._events is not None:
            self._events.close()

    def __enter__(self) -> Logs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
