"""Trained methods: from a run directory, a file of exported weights, or the zoo that comes with the package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import jax.numpy as jnp
from safetensors import SafetensorError, safe_open

from styleresearch.config import build, named
from styleresearch.config.file import ORIGIN, imports_of
from styleresearch.encoder.encoder import ENCODERS, Encoder
from styleresearch.errors import InputError
from styleresearch.methods import METHODS, Reads, TrainedMethod
from styleresearch.methods.base import State
from styleresearch.registry import nearest
from styleresearch.store import jsonfile
from styleresearch.store.rundir import FACTS, RunDirectory
from styleresearch.tasks.claims import check_params, checked_facts
from styleresearch.training.checkpoint import Checkpoints, digest_of
from styleresearch.training.leaves import nest
from styleresearch.types import Params

T = TypeVar("T")

ZOO = Path(__file__).parents[1] / "zoo"
"""Small trained weights that come with the package, ``NAME.safetensors``, each with a model card ``NAME.md``."""


@dataclass(frozen=True)
class Trained:
    """A method with what it learned.

    Attributes:
        source: where it came from, as the user named it.
        spec: the method's spec, without the options that only training reads.
        params: what ``stylize`` takes, nested dicts of float32 arrays.
        step: training steps behind it.
        facts: what its run wrote of itself (``run.json``): config, data, encoder, versions.
        claimed: whether spec, params and facts are what a file says, which is checked before it is used.
    """

    source: str
    spec: Mapping[str, Any]
    params: Params
    step: int
    facts: Mapping[str, Any]
    claimed: bool = False

    @property
    def styles(self) -> tuple[str, ...]:
        """Names of the styles that it learned, in order; empty for a method that takes any."""
        return tuple(self.facts.get("styles") or ())

    @cached_property
    def digest(self) -> str:
        """The sha256 of the parameters."""
        return digest_of(self.params)

    def method(self, **options: Any) -> TrainedMethod:
        """Return the method, with options of its spec changed.

        Raises:
            InputError: for an option that does not exist; if it needs modules of the user's that have not been
                imported (nothing is imported because a file says so); if the parameters are not the method's.

        Warns:
            named.ModuleWarning: if such a module is another than in training.
        """
        return self.built(lambda: build.resolve(METHODS, {**self.spec, **options}), lambda method: method)

    def built(self, make: Callable[[], T], method_of: Callable[[T], Any]) -> T:
        """Return what is made of the spec, once it is known to be what it claims; errors as ``method``.

        Args:
            make: builds it.
            method_of: what was built -> the method in it.
        """
        self._require_modules()
        if not self.claimed:
            return make()
        try:
            made = make()
            method = method_of(made)
            if not isinstance(method, TrainedMethod):
                raise ValueError(f"the method {self.spec['name']!r} is not one that is trained")
            if self.params is not None:
                check_params(method, self.params, self.facts)
        except InputError as error:
            raise InputError(f"{self.source}: {'; '.join(str(error).splitlines())}") from error
        except Exception as error:  # what parts are told by a file may trip them up in any way
            reason = str(error).split("\n")[0]
            raise InputError(f"{self.source} is damaged, or its options were changed: {reason}") from error
        return made

    def _require_modules(self) -> None:
        origin = self.facts.get(ORIGIN) or {}
        places = [Path(origin["file"]).parent] if isinstance(origin.get("file"), str) else []
        named.require(imports_of(self.facts["config"]), self.facts.get("modules") or {}, self.source, places)

    def encoder(self) -> Encoder:
        """Return the encoder that it was trained with.

        Raises:
            InputError: if the weights cannot be had, or are not those of its training.
        """
        spec, before = self.facts["config"]["encoder"], self.facts["encoder"]
        found = build.resolve(ENCODERS, spec)
        # The pictures of normalise_on pass through a decoder that may round otherwise here, so their digest says less.
        if "normalise_on" not in spec and found.digest != before["digest"]:
            raise InputError(
                f"{self.source} was trained with the encoder weights {before['weights']!r} of digest "
                f"{before['digest'][:12]}, and those here have {found.digest[:12]}; bring its own weights "
                "(styleresearch weights list), or train again with these"
            )
        return found


def load(source: str) -> Trained:
    """Return a trained method.

    Args:
        source: a run directory of ``styleresearch train``, a file of ``styleresearch export``, or ``zoo:NAME``.

    Raises:
        InputError: if there is none, or it is damaged.
    """
    path = place_of(source)
    if path.is_file():
        return _from_file(source, path)
    facts = facts_of(source, path)
    found = Checkpoints(RunDirectory(path).checkpoints).restore()
    if found is None:
        raise InputError(f"{source} has no checkpoint yet; wait for its first one (train.save_every), or train longer")
    step, raw = found
    unfinished = Trained(source, _spec(facts), None, step, facts, claimed=True)
    method = unfinished.method()
    try:
        params = method.inference(State(**raw))
    except (AttributeError, LookupError, TypeError) as error:
        raise InputError(
            f"{source} is damaged: its checkpoint is none of the method {facts['method']['name']!r} that {FACTS} names"
        ) from error
    return replace(unfinished, params=params)


def _spec(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a method's spec without what only training reads: pictures that a file names are not opened for it."""
    spec = facts["method"]
    entry = METHODS.get(spec["name"]) if spec["name"] in METHODS else None
    return {key: value for key, value in spec.items() if key not in getattr(entry, "reads", Reads()).options}


def place_of(source: str) -> Path:
    """Return the file or folder that ``source`` names, which need not exist.

    Raises:
        InputError: if it is none of the zoo's.
    """
    return _zoo(source.removeprefix("zoo:")) if source.startswith("zoo:") else Path(source)


def facts_of(source: str, path: Path) -> dict[str, Any]:
    """Return what a run directory says of its training run, in ``run.json``.

    Raises:
        InputError: if it holds none, or what it says cannot be read.
    """
    file = RunDirectory(path).facts
    if not file.is_file():
        what = f"holds no training run (no {FACTS})" if path.is_dir() else "does not exist"
        raise InputError(
            f"{source} {what}; give a run directory of 'styleresearch train', an exported .safetensors file, or one of "
            f"the zoo: {', '.join(f'zoo:{name}' for name in zoo_names()) or 'it is empty'}"
        )
    try:
        return checked_facts(jsonfile.read(file))
    except ValueError as error:
        raise InputError(
            f"{file} cannot be read ({error}); the same styleresearch train command writes it anew once "
            "the file is deleted"
        ) from error


def zoo_names() -> tuple[str, ...]:
    """Return the names of the weights that come with the package."""
    return tuple(sorted(path.stem for path in ZOO.glob("*.safetensors")))


def _zoo(name: str) -> Path:
    path = ZOO / f"{name}.safetensors"
    if name not in zoo_names():
        raise InputError(
            f"the zoo has no weights {name!r}.{nearest(name, zoo_names())} It has: {', '.join(zoo_names()) or 'none'}"
        )
    return path


def _from_file(source: str, path: Path) -> Trained:
    try:
        with safe_open(path, framework="numpy") as file:
            header = jsonfile.parse((file.metadata() or {})["styleresearch"])
            if not jsonfile.conforms(header, {"step": int, "facts": dict}) or header["step"] < 0:
                raise ValueError("its header is not one of ours")
            facts = checked_facts(header["facts"])
            leaves = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        types = {name: jnp.float32 if leaf.dtype.kind == "f" else None for name, leaf in leaves.items()}
        wide = {name: jnp.asarray(leaf, types[name]) for name, leaf in leaves.items()}
        parents = {name[:index] for name in wide for index, letter in enumerate(name) if letter == "/"}
        if both := parents & wide.keys():
            raise ValueError(f"{both.pop()!r} is a tensor, and holds others")
        params = nest(wide)
    except (SafetensorError, LookupError, AttributeError, TypeError, ValueError, OSError, MemoryError) as error:
        reason = str(error).split("\n")[0]
        raise InputError(
            f"{source} is not a file of trained weights ({reason}); make one: styleresearch export --checkpoint DIR"
        ) from error
    return Trained(source, _spec(facts), params, header["step"], facts, claimed=True)
