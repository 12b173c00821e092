"""The checkpoints of a run as files: which are there, what each says of itself, whether it is whole. No array is read.

A folder ``STEP/`` each, with a manifest of the digests of all leaves and files.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from styleresearch.errors import InputError
from styleresearch.store import digests, manifest
from styleresearch.store.manifest import Damaged, Vanished


class CheckpointFolder:
    """The checkpoints in a folder, which another process may add to and remove from meanwhile.

    Args:
        path: the folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def of_step(self, step: int) -> Path:
        """Return the folder of one checkpoint."""
        return self.path / str(step)

    def listed(self) -> list[int]:
        """Return the steps of the finished checkpoints, damaged ones too, ascending."""
        if not self.path.is_dir():
            return []
        return sorted(int(path.name) for path in self.path.iterdir() if path.name.isdecimal() and path.is_dir())

    def manifests(self) -> dict[int, dict[str, Any]]:
        """Return step -> manifest of the checkpoints whose manifest is intact, ascending."""
        found = {}
        for step in self.listed():
            with suppress(Damaged, Vanished):
                found[step] = manifest.read(self.of_step(step))
        return found

    def steps(self) -> list[int]:
        """Return the steps of the checkpoints whose manifest is intact, ascending."""
        return list(self.manifests())

    def best(self, apart_from: Collection[int] = ()) -> int | None:
        """Return the step with the lowest ``total``, the newest of equals; None if no checkpoint has one.

        Args:
            apart_from: steps of checkpoints that are known to be damaged.
        """
        totals = {step: found["metrics"].get("total") for step, found in self.manifests().items()}
        ranked = [(total, -step) for step, total in totals.items() if total is not None and step not in apart_from]
        return -min(ranked)[1] if ranked else None

    def damaged(self) -> dict[int, str]:
        """Return step -> what is wrong with the checkpoints that are not what was saved."""
        found = {}
        for step in self.listed():
            folder = self.of_step(step)
            try:
                with manifest.held(folder):
                    manifest.check_files(folder, manifest.read(folder))
            except Damaged as error:
                found[step] = str(error)
            except Vanished:
                continue
        return found

    def digest(self, step: int) -> str:
        """Return ``digest_of_leaves`` of the params (of the whole state if it has none) of a checkpoint.

        Raises:
            InputError: if there is no such checkpoint.
        """
        return digest_of_leaves(self._learned(step))

    def size(self, step: int) -> int:
        """Return how many numbers the params (the whole state if it has none) of a checkpoint are.

        Raises:
            InputError: if there is no such checkpoint.
        """
        return sum(math.prod(leaf["shape"]) for leaf in self._learned(step).values())

    def _learned(self, step: int) -> dict[str, Any]:
        found = self.manifests()
        if step not in found:
            raise InputError(f"no checkpoint of step {step} in {self.path}; there are {list(found) or 'none'}")
        leaves = found[step]["leaves"]
        params = {name.removeprefix("params/"): one for name, one in leaves.items() if name.startswith("params/")}
        return params or leaves


def digest_of_leaves(leaves: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the sha256 of named leaves: of the name, type, shape and values' digest of each, in the order of names."""
    return digests.of_json([[name, leaves[name]] for name in sorted(leaves)])
