"""What training tells while it works, and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from styleresearch.methods.base import Alarm, State


@dataclass(frozen=True)
class StepReport:
    """Where a run stands.

    Attributes:
        step: finished steps.
        steps: how many there will be.
        metrics: name -> mean over the steps since the last report.
        seconds_per_step: mean wall time of a step, with waiting for data and without compiling, sampling and saving.
        images_per_second: content images.
        waiting: share of the time that was spent waiting for data.
        alarms: what the method says about these metrics.
    """

    step: int
    steps: int
    metrics: Mapping[str, float]
    seconds_per_step: float
    images_per_second: float
    waiting: float
    alarms: tuple[Alarm, ...] = ()


@runtime_checkable
class Listener(Protocol):
    """What every training tells; a command shows it."""

    def compiled(self, seconds: float) -> None:
        """Take the time that compiling the step took."""

    def resumed(self, step: int) -> None:
        """Take the step that the run starts from: 0, or that of its last checkpoint."""

    def report(self, report: StepReport) -> None:
        """Take the metrics of the last steps."""


@runtime_checkable
class LoopListener(Listener, Protocol):
    """What the loop tells."""

    def sample(self, step: int, state: State) -> None:
        """Show what the method does now."""
