"""Event files for TensorBoard, written without TensorFlow by ``tensorboardX``, an extra."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from styleresearch.errors import InputError
from styleresearch.extras import require
from styleresearch.store import atomic


class Events:
    """The folder ``events/`` of a run. Every call is on disk when it returns.

    Args:
        folder: where the files lie; made if it is not there.

    Raises:
        InputError: if it cannot be made, or tensorboardX is not installed.
    """

    def __init__(self, folder: Path) -> None:
        require("tensorboardX", "tensorboard", "writing event files for TensorBoard")
        self._folder = folder
        self._writer: Any = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot create {folder}: {error.strerror}; name another run directory") from error

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Show the numbers of a step."""
        from tensorboardX.proto.summary_pb2 import Summary  # pyright: ignore[reportAttributeAccessIssue]

        numbers = [Summary.Value(tag=name, simple_value=number) for name, number in values.items()]
        self._write(step, summary=Summary(value=numbers))

    def image(self, step: int, name: str, array: UInt8[np.ndarray, "h w 3"]) -> None:
        """Show a picture."""
        from tensorboardX import summary

        self._write(step, summary=summary.image(name, array, dataformats="HWC"))

    def resume_at(self, step: int) -> None:
        """Hide what was shown after a step: event files are append-only, so a mark tells TensorBoard to."""
        from tensorboardX.proto.event_pb2 import SessionLog  # pyright: ignore[reportAttributeAccessIssue]

        if any(self._folder.iterdir()):
            self._write(step + 1, session_log=SessionLog(status=SessionLog.START))

    def close(self) -> None:
        """Close the file; the next call opens another."""
        if self._writer is not None:
            with atomic.named(self._folder):
                self._writer.close()
            self._writer = None

    def _write(self, step: int, **content: Any) -> None:
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue]

        with atomic.named(self._folder):
            if self._writer is None:
                # TensorBoard reads a folder's files in the order of their names, which begin with the second. Two
                # files of one second need the rest, or the later one would overwrite the earlier.
                self._writer = EventsWriter(str(self._folder / self._folder.name), f".{time.time_ns()}")
            self._writer.write_event(Event(step=step, wall_time=time.time(), **content))
            self._writer.flush()
