"""Checkpoints: written in the background, never half, and never believed without their digest."""

from __future__ import annotations

import logging
import math
import shutil
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, SupportsFloat

import jax
import numpy as np
import orbax.checkpoint as ocp

from styleresearch.errors import InputError, Notice
from styleresearch.store import digests, oserrors
from styleresearch.store import manifest as manifests
from styleresearch.store.checkpoints import CheckpointFolder
from styleresearch.store.manifest import Damaged, Vanished
from styleresearch.training.leaves import (
    describe,
    digest_of,
    fill,
    flatten,
    nest,
    whole,
)

__all__ = ["CheckpointWarning", "Checkpoints", "digest_of"]

_TRASH = ".trash-"
_UNFINISHED = ".orbax-checkpoint-tmp"
_TRIES = 100
"""How often a checkpoint may vanish while it is read; each time a newer one is there."""


class CheckpointWarning(Notice):
    """A damaged checkpoint was passed over."""


class Checkpoints:
    """The checkpoints of one run: ``folder/<step>/``, each with a manifest of the digests of all leaves and files.

    The manifest is part of what becomes visible at once, so that a process killed at any moment leaves a checkpoint
    that is whole or none. What happens to the files afterwards (a full disk elsewhere, a copy that broke off, a bad
    sector) shows when the digests are compared on restoring.

    All processes of a run call ``save`` and ``restore`` together; process 0 writes.

    Args:
        folder: where they lie; made by the first ``save``.
        keep: this many of the newest are kept.
        keep_best: also keep the one with the lowest ``metrics["total"]``.

    Attributes:
        saved: what is there, for whoever reads no arrays.

    Raises:
        InputError: if ``keep`` is below 1.
    """

    def __init__(self, folder: Path, keep: int = 3, keep_best: bool = True) -> None:
        if keep < 1:
            raise InputError(f"keep={keep}; a run keeps at least 1 checkpoint to resume from")
        self.saved = CheckpointFolder(folder.absolute())
        self._keep = keep
        self._keep_best = keep_best
        self._writer: ocp.AsyncCheckpointer | None = None
        self._pending: tuple[dict[str, Any], dict[str, np.ndarray]] | None = None
        self._damaged: set[int] = set()

    def save(self, step: int, state: Any, metrics: Mapping[str, SupportsFloat]) -> None:
        """Save a state; returns once its buffers may be donated, the writing goes on in the background.

        An older save that is still being written is waited for first.

        Args:
            step: what it is found by. Saving once more what is there changes nothing; a damaged one is replaced.
            state: any pytree of arrays; typed keys, namedtuples, None and empty parts included.
            metrics: finite ``"total"`` decides which one is the best.

        Raises:
            InputError: if the files of this one or of the one before cannot be written, or if there are intact
                checkpoints of this step with other values or of later steps: they belong to another run.
        """
        self.wait()
        leaves, empty = flatten(state)
        # A copy, not a view: on the CPU a view would share the buffer that the next step overwrites.
        arrays = {name: np.array(whole(leaf)) for name, leaf in leaves.items()}
        manifest: dict[str, Any] = {
            "step": step,
            "metrics": {name: float(value) if math.isfinite(value) else None for name, value in metrics.items()},
            "leaves": {name: describe(leaf) for name, leaf in leaves.items()},
            "empty": {name: None if value is None else {} for name, value in empty.items()},
        }
        saved = self.saved.manifests()
        there = {one: saved[one] for one in saved if one >= step and one not in self._damaged}
        if step in there and there[step]["leaves"] == _digested(manifest["leaves"], arrays):
            return
        if there:
            raise InputError(
                f"{self.saved.path} already holds step {max(there)}, so step {step} cannot be saved there; "
                "resume from it, or name another run directory"
            )
        try:
            writer = self._open()
            if jax.process_index() == 0:
                self._remove(step)
            self._pending = manifest, arrays
            # orbax refuses arrays without values; the manifest alone restores them.
            tree = nest({name: array for name, array in arrays.items() if array.size})
            writer.save(self.saved.of_step(step), args=ocp.args.Composite(state=ocp.args.PyTreeSave(tree)))
        except OSError as error:
            raise self._unwritable(error) from error
        self._damaged.discard(step)

    def restore(self, like: Any = None) -> tuple[int, Any] | None:
        """Return the newest intact checkpoint's step and state; None if there is no checkpoint. Writes nothing.

        A run that goes on meanwhile keeps the one that is being read.

        Args:
            like: a state of the same structure, of arrays or ``jax.ShapeDtypeStruct``: what comes back has its types,
                bit for bit what was saved, and lies where its leaves' shardings say. Without it: nested dicts of numpy
                arrays named as the state's fields are (a typed key as its data), for use without the run's code.

        Raises:
            InputError: if there are checkpoints but none is intact, or if the newest intact one differs from ``like``
                in a leaf's name, type or shape.

        Warns:
            CheckpointWarning: for damaged checkpoints newer than the one used.
        """
        self.wait()
        for _ in range(_TRIES):
            with suppress(Vanished):
                return self._restore(like)
        raise InputError(
            f"the checkpoints in {self.saved.path} are replaced faster than they can be read; give their run a larger "
            "train.save_every or train.keep"
        )

    def _restore(self, like: Any) -> tuple[int, Any] | None:
        damaged: dict[int, str] = {}
        for step in reversed(self.saved.listed()):
            folder = self.saved.of_step(step)
            try:
                with manifests.held(folder):
                    manifest = manifests.read(folder)
                    arrays = self._arrays(folder, manifest)
            except Damaged as error:
                damaged[step] = f"{folder} ({error})"
                continue
            if damaged:
                text = f"damaged, not used: {'; '.join(damaged.values())}; using {folder} instead"
                warnings.warn(text, CheckpointWarning, stacklevel=3)
                self._damaged |= set(damaged)
            if like is None:
                return step, nest(arrays | manifest["empty"])
            return step, fill(like, arrays, manifest["leaves"], str(folder))
        if damaged:
            raise InputError(
                f"no checkpoint is intact: {'; '.join(damaged.values())}; "
                "put copies of the files in their place, or delete them to begin anew"
            )
        return None

    def wait(self) -> None:
        """Return when everything saved is on disk and what need not be kept is gone.

        Raises:
            InputError: if it could not be written.
        """
        if self._writer is None:
            return
        try:
            self._writer.wait_until_finished()
        except Exception as error:  # whatever reached the writing thread, there is only one thing to say
            raise self._unwritable(error) from error
        self._pending = None
        if jax.process_index() == 0:
            self._prune()

    def close(self) -> None:
        """Wait, then end the background threads."""
        try:
            self.wait()
        finally:
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # Of several processes one that was interrupted would wait for the others, and they for it.
        if kind is not KeyboardInterrupt or jax.process_count() == 1:
            self.close()

    def _open(self) -> ocp.AsyncCheckpointer:
        """Return the writer; the first time, also clear what a killed process left."""
        if self._writer is None:
            _speak_for_orbax()
            self.saved.path.mkdir(parents=True, exist_ok=True)
            if jax.process_index() == 0:
                self._clear()
            options = ocp.AsyncOptions(post_finalization_callback=self._sign)
            self._writer = ocp.AsyncCheckpointer(_handler(), async_options=options)
        return self._writer

    def _sign(self) -> None:
        """Write the manifest; orbax calls this in the background when its files are complete and not yet visible."""
        assert self._pending is not None
        manifest, arrays = self._pending
        (unfinished,) = self.saved.path.glob(f"{manifest['step']}{_UNFINISHED}*")
        manifests.write(unfinished, manifest | {"leaves": _digested(manifest["leaves"], arrays)})

    def _prune(self) -> None:
        intact = [step for step in self.saved.manifests() if step not in self._damaged]
        kept = {*intact[-self._keep :], *([self.saved.best(self._damaged)] if self._keep_best else [])}
        for step in self.saved.listed():
            if step not in kept:
                with manifests.unheld(self.saved.of_step(step)) as free:
                    if free:
                        self._remove(step)

    def _remove(self, step: int) -> None:
        if self.saved.of_step(step).exists():
            # Renamed first: a kill while files are being deleted leaves nothing that looks like a checkpoint.
            trash = self.saved.path / f"{_TRASH}{step}"
            self.saved.of_step(step).rename(trash)
            shutil.rmtree(trash)

    def _arrays(self, folder: Path, manifest: Mapping[str, Any]) -> dict[str, np.ndarray]:
        # Before orbax reads them: it does not notice every change, and what it does notice it tells at length.
        manifests.check_files(folder, manifest)
        try:
            with ocp.Checkpointer(_handler()) as reader:
                tree = reader.restore(folder, args=ocp.args.Composite(state=ocp.args.PyTreeRestore()))["state"]
        except Exception as error:  # which one depends on the file that is gone
            if folder.is_dir():
                raise
            raise Vanished from error
        stored, leaves = flatten(tree)[0], manifest["leaves"]
        empty = {name: entry for name, entry in leaves.items() if name not in stored}
        if all(0 in entry["shape"] for entry in empty.values()):
            arrays = {name: np.asarray(stored[name]) for name in leaves if name in stored}
            arrays |= {name: np.zeros(entry["shape"], entry["dtype"]) for name, entry in empty.items()}
            if _digested(leaves, arrays) == leaves:
                return arrays
        raise Damaged("its values are not those that were saved")

    def _unwritable(self, error: Exception) -> InputError:
        if jax.process_index() == 0:
            self._clear()  # where a disk is full, what is of no use takes no space
        system = oserrors.behind(error)
        if system is None:
            return InputError(f"cannot write a checkpoint in {self.saved.path}: {error}; name another folder")
        remedy = oserrors.remedy(system, "name another folder")
        return InputError(f"cannot write a checkpoint in {self.saved.path}: {system.strerror}; {remedy}")

    def _clear(self) -> None:
        """Remove what is no checkpoint: half written, or half removed."""
        for path in self.saved.path.glob("*"):
            if path.name.startswith(_TRASH) or _UNFINISHED in path.name:
                shutil.rmtree(path, ignore_errors=True)


@cache
def _speak_for_orbax() -> None:
    """Keep orbax from telling, with tracebacks, of errors that reach the caller of ``save``, ``wait`` or ``close``."""
    hook = sys.unraisablehook

    def from_elsewhere(record: logging.LogRecord) -> bool:
        return record.levelno < logging.ERROR or "orbax" not in Path(record.pathname).parts

    def show(unraisable: Any) -> None:
        # Its other writes report to an event loop that the first to fail has closed.
        if str(unraisable.exc_value) != "Event loop is closed":
            hook(unraisable)

    logging.getLogger("absl").addFilter(from_elsewhere)
    sys.unraisablehook = show


def _handler() -> ocp.CompositeCheckpointHandler:
    return ocp.CompositeCheckpointHandler(state=ocp.PyTreeCheckpointHandler())


def _digested(leaves: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return what is stored of each leaf, with the digest of its values."""
    return {name: entry | {"sha256": digests.of_array(arrays[name])} for name, entry in leaves.items()}
