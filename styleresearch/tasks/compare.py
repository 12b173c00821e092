"""Comparisons: every method stylises the same pairs, every output is measured alike, everything is kept on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from styleresearch.config.sweep import Part
from styleresearch.executors.base import Executor, Here
from styleresearch.store import failures
from styleresearch.store.failures import Failure
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.comparison import Comparison
from styleresearch.tasks.worklist import Listener, Worklist


def compare(
    comparison: Comparison | Mapping[str, Any],
    workdir: str | Path,
    listener: Listener = lambda event: None,
    executor: Executor | None = None,
    imports: Sequence[str] = (),
) -> list[Failure]:
    """Run what is missing of a comparison in ``workdir`` and leave its records there; return what failed.

    Finished stylisations are not repeated, unless their method, pictures, encoder, seed, precision or this package's
    version changed; outputs are measured again if a metric changed. A stylisation in which a method or a metric raises
    an error fails alone, whatever the error; the next call tries it again.

    Args:
        comparison: what to compare, or the config that describes it.
        workdir: the run directory, created if need be.
        listener: called with everything worth showing.
        executor: where stylisations are worked off; None for this process.
        imports: modules or files that other processes must import too, see ``modules.bring``.

    Raises:
        InputError: for anything wrong with the config; if the directory cannot be written, cannot hold files of these
            names, or another process writes it.
    """
    built = comparison if isinstance(comparison, Comparison) else Comparison.of(comparison)
    run = RunDirectory.create(Path(workdir))
    with run.alone(), executor or Here() as place:
        failures.clear(run.path)
        worklist = Worklist(run, built.config, [Part(built.config)], [built], imports)
        worklist.prepare()
        worklist.work_off(place, listener)
        return worklist.finish(listener)
