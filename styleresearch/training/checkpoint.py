"""Checkpoints: written in the background, never half, and never believed without their digest."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, SupportsFloat

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils
from jax.sharding import Sharding

from styleresearch.errors import InputError

_MANIFEST = "manifest.json"
_TRASH = ".trash-"
_UNFINISHED = ".orbax-checkpoint-tmp"


class CheckpointWarning(UserWarning):
    """A damaged checkpoint was passed over."""


class _Damaged(Exception):  # noqa: N818 - says what the checkpoint is
    """What is on disk is not what was saved."""


class Checkpoints:
    """The checkpoints of one run: ``folder/<step>/``, each with a manifest that holds the digest of every leaf.

    The manifest is part of what becomes visible at once, so that a process killed at any moment leaves a checkpoint
    that is whole or none. What happens to the files afterwards (a full disk elsewhere, a copy that broke off, a bad
    sector) shows when the digests are compared on restoring.

    All processes of a run call ``save`` and ``restore`` together; process 0 writes.

    Args:
        folder: where they lie; made by the first ``save``.
        keep: this many of the newest are kept.
        keep_best: also keep the one with the lowest ``metrics["total"]``.

    Raises:
        InputError: if ``keep`` is below 1.
    """

    def __init__(self, folder: Path, keep: int = 3, keep_best: bool = True) -> None:
        if keep < 1:
            raise InputError(f"keep={keep}; a run keeps at least 1 checkpoint to resume from")
        self.folder = folder.absolute()
        self._keep = keep
        self._keep_best = keep_best
        self._writer: ocp.AsyncCheckpointer | None = None
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
        leaves, empty = _flatten(state)
        # A copy, not a view: on the CPU a view would share the buffer that the next step overwrites.
        arrays = {name: np.array(_whole(leaf)) for name, leaf in leaves.items()}
        manifest: dict[str, Any] = {
            "step": step,
            "metrics": {name: float(value) if math.isfinite(value) else None for name, value in metrics.items()},
            "leaves": {name: _describe(leaf) | {"sha256": _sha256(arrays[name])} for name, leaf in leaves.items()},
            "empty": {name: None if value is None else {} for name, value in empty.items()},
        }
        there = {one: found for one, found in self._manifests().items() if one >= step and one not in self._damaged}
        if step in there and there[step]["leaves"] == manifest["leaves"]:
            return
        if there:
            raise InputError(
                f"{self.folder} already holds step {max(there)}, so step {step} cannot be saved there; "
                "resume from it, or name another run directory"
            )
        content = ocp.args.Composite(
            state=ocp.args.PyTreeSave(_nest(arrays)),
            manifest=ocp.args.JsonSave(manifest | {"sha256": _seal(manifest)}),
        )
        try:
            writer = self._open()
            if jax.process_index() == 0:
                self._remove(step)
            writer.save(self.folder / str(step), args=content)
        except OSError as error:
            raise self._unwritable(error) from error
        self._damaged.discard(step)

    def restore(self, like: Any = None) -> tuple[int, Any] | None:
        """Return the newest intact checkpoint's step and state; None if there is no checkpoint. Writes nothing.

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
        damaged: dict[int, str] = {}
        for step in reversed(self._listed()):
            try:
                manifest = self._manifest(step)
                arrays = self._arrays(step, manifest)
            except _Damaged as error:
                damaged[step] = f"{self.folder / str(step)} ({error})"
                continue
            if damaged:
                text = f"damaged, not used: {'; '.join(damaged.values())}; using {self.folder / str(step)} instead"
                warnings.warn(text, CheckpointWarning, stacklevel=2)
                self._damaged |= set(damaged)
            if like is None:
                return step, _nest(arrays | manifest["empty"])
            return step, _fill(like, arrays, manifest, self.folder / str(step))
        if damaged:
            raise InputError(
                f"no checkpoint is intact: {'; '.join(damaged.values())}; "
                "put copies of the files in their place, or delete them to begin anew"
            )
        return None

    def steps(self) -> list[int]:
        """Return the steps of the finished checkpoints, ascending; damage inside the arrays shows on restoring only."""
        return list(self._manifests())

    def best(self) -> int | None:
        """Return the step with the lowest ``total``, the newest of equals; None if no checkpoint has one."""
        totals = {step: manifest["metrics"].get("total") for step, manifest in self._manifests().items()}
        ranked = [(total, -step) for step, total in totals.items() if total is not None and step not in self._damaged]
        return -min(ranked)[1] if ranked else None

    def digest(self, step: int) -> str:
        """Return ``digest_of`` the params (of the whole state if it has none) of a checkpoint, without reading them.

        Raises:
            InputError: if there is no such checkpoint.
        """
        manifests = self._manifests()
        if step not in manifests:
            raise InputError(f"no checkpoint of step {step} in {self.folder}; there are {list(manifests) or 'none'}")
        leaves = manifests[step]["leaves"]
        params = {name.removeprefix("params/"): one for name, one in leaves.items() if name.startswith("params/")}
        return _digest(params or leaves)

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

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> ocp.AsyncCheckpointer:
        """Return the writer; the first time, also clear what a killed process left."""
        if self._writer is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            if jax.process_index() == 0:
                for path in self.folder.iterdir():
                    if path.name.startswith(_TRASH) or _UNFINISHED in path.name:
                        shutil.rmtree(path)
            self._writer = ocp.AsyncCheckpointer(_handler())
        return self._writer

    def _prune(self) -> None:
        intact = [step for step in self._manifests() if step not in self._damaged]
        kept = {*intact[-self._keep :], *([self.best()] if self._keep_best else [])}
        for step in self._listed():
            if step not in kept:
                self._remove(step)

    def _remove(self, step: int) -> None:
        if (self.folder / str(step)).exists():
            # Renamed first: a kill while files are being deleted leaves nothing that looks like a checkpoint.
            trash = self.folder / f"{_TRASH}{step}"
            (self.folder / str(step)).rename(trash)
            shutil.rmtree(trash)

    def _listed(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdecimal() and path.is_dir())

    def _manifests(self) -> dict[int, dict[str, Any]]:
        """Return step -> manifest of the checkpoints whose manifest is intact, ascending."""
        found = {}
        for step in self._listed():
            with suppress(_Damaged):
                found[step] = self._manifest(step)
        return found

    def _manifest(self, step: int) -> dict[str, Any]:
        try:
            manifest = json.loads((self.folder / str(step) / "manifest" / _MANIFEST).read_bytes())
            seal = manifest.pop("sha256")
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise _Damaged(f"its manifest cannot be read: {error}") from error
        if seal != _seal(manifest) or manifest["step"] != step:
            raise _Damaged("its manifest was changed")
        return manifest

    def _arrays(self, step: int, manifest: Mapping[str, Any]) -> dict[str, np.ndarray]:
        reader = ocp.Checkpointer(_handler())
        try:
            content = reader.restore(self.folder / str(step), args=ocp.args.Composite(state=ocp.args.PyTreeRestore()))
            arrays = {name: np.asarray(leaf) for name, leaf in _flatten(content["state"])[0].items()}
        except Exception as error:  # what a damaged file raises depends on which byte it is
            raise _Damaged(f"its arrays cannot be read: {str(error).strip().partition(chr(10))[0]}") from error
        finally:
            reader.close()
        for name, entry in manifest["leaves"].items():
            if name not in arrays or _sha256(arrays[name]) != entry["sha256"]:
                raise _Damaged(f"the values of {name} are not those that were saved")
        return arrays

    def _unwritable(self, error: Exception) -> InputError:
        return InputError(
            f"cannot write a checkpoint in {self.folder}: {error}; free some space or name another folder"
        )


def digest_of(tree: Any) -> str:
    """Return a sha256 over the leaves of a pytree in the order of their names: name, type, shape and bytes of each.

    The same for a state's params and for the nested dict of numpy arrays that they are restored as.
    """
    leaves, _ = _flatten(tree)
    return _digest(
        {name: _describe(leaf) | {"sha256": _sha256(np.asarray(_whole(leaf)))} for name, leaf in leaves.items()}
    )


def _digest(leaves: Mapping[str, Mapping[str, Any]]) -> str:
    return _seal([[name, leaves[name]] for name in sorted(leaves)])


def _seal(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _sha256(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).hexdigest()


def _handler() -> ocp.CompositeCheckpointHandler:
    return ocp.CompositeCheckpointHandler(
        state=ocp.PyTreeCheckpointHandler(), manifest=ocp.JsonCheckpointHandler(filename=_MANIFEST)
    )


def _flatten(tree: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return name -> leaf, and name -> what stands where a part of the tree has no leaves."""

    def is_empty(node: Any) -> bool:
        return node is not tree and not jax.tree.leaves(node)

    leaves, empty = {}, {}
    for path, node in jax.tree_util.tree_flatten_with_path(tree, is_leaf=is_empty)[0]:
        (empty if is_empty(node) else leaves)["/".join(_name(key) for key in path)] = node
    return leaves, empty


def _name(key: Any) -> str:
    """Return a step of a path as text: a dict's key, a field's name, or an index."""
    for attribute in ("key", "name", "idx"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute)).replace("%", "%25").replace("/", "%2F")
    raise TypeError(f"{key!r} is no part of a path")


def _nest(leaves: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, leaf in leaves.items():
        *parents, last = (name.replace("%2F", "/").replace("%25", "%") for name in path.split("/"))
        node = nested
        for name in parents:
            node = node.setdefault(name, {})
        node[last] = leaf
    return nested


def _is_key(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _describe(leaf: Any) -> dict[str, Any]:
    """Return what a restored leaf must agree in: type and shape."""
    leaf = leaf if hasattr(leaf, "dtype") else np.asarray(leaf)
    entry = {"dtype": str(leaf.dtype), "shape": list(leaf.shape)}
    return entry | {"key": str(jax.random.key_impl(leaf))} if _is_key(leaf) and isinstance(leaf, jax.Array) else entry


def _whole(leaf: Any) -> Any:
    """Return all of a leaf's values in this process, a key's data for a key."""
    if _is_key(leaf):
        leaf = jax.random.key_data(leaf)
    if isinstance(leaf, jax.Array) and not leaf.is_fully_addressable and not leaf.is_fully_replicated:
        return multihost_utils.process_allgather(leaf, tiled=True)
    return leaf


def _fill(like: Any, arrays: Mapping[str, np.ndarray], manifest: Mapping[str, Any], folder: Path) -> Any:
    """Return ``like`` with the values of the arrays."""
    wanted, _ = _flatten(like)
    found = manifest["leaves"]
    for name in sorted({*wanted, *found}):
        here = _type(_describe(wanted[name])) if name in wanted else "nothing"
        there = _type(found[name]) if name in found else "nothing"
        if here != there:
            raise InputError(
                f"{folder} does not fit: for {name} it holds {there}, this run has {here}; "
                "resume with the config that it was saved under, or name another run directory"
            )
    placed = {name: _place(arrays[name], wanted[name], found[name]) for name in wanted}
    order = iter(placed[name] for name in wanted)
    return jax.tree.map(lambda _: next(order), like)


def _type(entry: Mapping[str, Any]) -> str:
    return f"{entry['dtype']}{tuple(entry['shape'])}"


def _place(array: np.ndarray, like: Any, entry: Mapping[str, Any]) -> jax.Array:
    """Return an array on the devices where ``like`` lies."""
    sharding: Sharding | None = getattr(like, "sharding", None)
    if isinstance(like, jax.Array) and not like.committed:
        sharding = None  # jax may move it as it could move the original; committing it would compile a step anew
    if "key" in entry:
        key = jax.random.wrap_key_data(jnp.asarray(array), impl=entry["key"])
        return key if sharding is None else jax.device_put(key, sharding)
    if sharding is None:
        return jnp.asarray(array)
    return jax.make_array_from_callback(array.shape, sharding, lambda index: array[index])
