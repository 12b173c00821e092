"""What a sweep costs beside its cells: resuming a finished one, handing out cells, and what a second process gives.

    python benchmarks/sweep.py [CELLS]

Writes into a temporary folder. CELLS is the size of the run that is resumed, 10,000 by default.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from styleresearch.executors.base import Executor, Here
from styleresearch.executors.processes import Processes
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.sweep import sweep

TINY: dict[str, Any] = {
    "encoder": {"name": "vgg16", "weights": "random", "width": 0.125},
    "contents": {"name": "painter", "names": ("waves", "mosaic", "impasto", "woodcut")},
    "styles": {"name": "painter", "names": ("waves", "mosaic", "impasto", "woodcut", "pointillism"), "seed": 1},
    "metrics": {"ssim": {"name": "ssim"}},
}


@contextmanager
def timed(what: str, cells: int) -> Iterator[None]:
    """Print the seconds of a block, and milliseconds of a cell."""
    start = time.perf_counter()
    yield
    seconds = time.perf_counter() - start
    print(f"{what:<44} {seconds:8.1f} s {1000 * seconds / cells:8.1f} ms a cell", flush=True)


def of_baselines(cells: int) -> dict[str, Any]:
    """Return a sweep of so many cells that cost next to nothing."""
    axis = {"field": "methods.color.match", "values": {f"v{i}": "covariance" for i in range(cells // 20)}}
    methods = {"color": {"name": "color_transfer"}}
    return {**TINY, "size": 24, "methods": methods, "sweep": {"copy": axis}}


def of_gatys(cells: int) -> dict[str, Any]:
    """Return a sweep of so many cells that a core can only just use."""
    style = {"name": "gram", "layers": ("relu1_1", "relu2_1"), "weight": 1.0}
    gatys = {"name": "gatys", "evaluations": 600, "optimizer": {"name": "adam"}, "objective": {"style": style}}
    seeds = tuple(range(cells // 16))
    styles = {**TINY["styles"], "names": TINY["styles"]["names"][:4]}
    return {**TINY, "size": 48, "styles": styles, "seeds": seeds, "methods": {"gatys": gatys}}


def nothing(cell: int) -> int:
    """Return the cell: what is left of handing it out."""
    return cell


def main() -> None:
    """Measure and print."""
    cells = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        for name, executor in {"this process": Here(), "two processes": Processes(2)}.items():
            with executor as place:
                list(place.map(nothing, range(20)))
                with timed(f"handing out to {name}", 2000):
                    list(place.map(nothing, range(2000)))
        with timed(f"{cells} cells that cost nothing", cells):
            sweep(of_baselines(cells), Path(folder) / "many")
        with timed(f"resuming {cells} finished cells", cells):
            sweep(of_baselines(cells), Path(folder) / "many")
        assert len(RunDirectory(Path(folder) / "many").records.read()) == cells
        executors: dict[str, Executor] = {"this process": Here(), "two processes": Processes(2)}
        for name, executor in executors.items():
            with timed(f"32 small cells in {name}", 32):
                assert not sweep(of_gatys(32), Path(folder) / name, executor=executor).failures


if __name__ == "__main__":
    main()
