"""Making cells wherever an executor calls for it: in this process, or in another that sets up its workbench itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from styleresearch.config import modules
from styleresearch.config.sweep import Part
from styleresearch.errors import InputError
from styleresearch.methods.base import Progress
from styleresearch.ops import programs
from styleresearch.store import digests
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.cells import Cell, Outcome, Workbench
from styleresearch.tasks.comparison import Comparison


@dataclass(frozen=True)
class Recipe:
    """What another process needs to work on the same cells.

    Attributes:
        parts: the comparisons.
        config: what records say that they were made under.
        workdir: the run directory.
        imports: modules or files that were brought by hand.
        compiling: how programs are compiled and kept.
        digest: of the rest.
    """

    parts: tuple[Part, ...]
    config: Mapping[str, Any]
    workdir: str
    imports: tuple[str, ...]
    compiling: Mapping[str, Any]
    digest: str

    @classmethod
    def of(
        cls, parts: Sequence[Part], config: Mapping[str, Any], run: RunDirectory, imports: Sequence[str] = ()
    ) -> Recipe:
        """Return the recipe for a run directory."""
        parts, workdir, imports = tuple(parts), str(run.path.resolve()), tuple(imports)
        return cls(
            parts,
            config,
            workdir,
            imports,
            programs.settings(),
            digests.of_json([[vars(p) for p in parts], config, workdir]),
        )

    def comparison(self, part: int) -> Comparison:
        """Return one of the comparisons, built."""
        return Comparison.of_part(self.parts[part], self.config, RunDirectory(Path(self.workdir)).trainings)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recipe) and other.digest == self.digest


class Making:
    """Makes and measures a cell: what an executor maps. Sent to another process, it sets up a workbench there.

    Args:
        recipe: of the comparisons.
        benches: of this process, one for each of them.
        listener: called with the progress of a cell's optimisation, in this process.
    """

    def __init__(
        self,
        recipe: Recipe,
        benches: Mapping[int, Workbench] | None = None,
        listener: Callable[[Cell, Progress | None], None] = lambda cell, progress: None,
    ) -> None:
        self.recipe, self._benches, self._listener = recipe, benches, listener

    def __getstate__(self) -> dict[str, Any]:
        """Return what travels: benches hold networks and pictures."""
        return {"recipe": self.recipe, "_benches": None}

    def __call__(self, cell: Cell) -> Outcome:
        """Return what becomes of a cell."""
        if self._benches is None:
            return _bench(self.recipe, cell.part, cell).make(cell, lambda progress: None)
        self._listener(cell, None)
        return self._benches[cell.part].make(cell, lambda progress: self._listener(cell, progress))


@lru_cache(8)
def _built(recipe: Recipe, part: int) -> Workbench:
    """Return the workbench of this process, made once."""
    programs.set_up(recipe.compiling)
    modules.bring(recipe.imports)
    run = RunDirectory(Path(recipe.workdir))
    return Workbench(recipe.comparison(part), run, run.shard())


def _bench(recipe: Recipe, part: int, cell: Cell) -> Workbench:
    """Return the workbench of this process, for a cell that is the same here."""
    bench = _built(recipe, part)
    work = bench.stylisations.get(cell.output)
    if work is None or work.key != cell.key:
        raise InputError(
            f"the cell {cell.output} is another in this process than in the one that sent it: the package's version, "
            "the weights or the pictures differ between machines"
        )
    return bench
