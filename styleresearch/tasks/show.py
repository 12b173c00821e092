"""What a run directory or a file of trained weights holds, in lines for people; a run that goes on is not disturbed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import jax

from styleresearch.errors import InputError, Notice
from styleresearch.store import jsonfile
from styleresearch.store.checkpoints import CheckpointFolder
from styleresearch.store.jsonfile import NUMBER
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.provenance import version_of
from styleresearch.tasks.trained import Trained, facts_of, load, place_of

Lines: TypeAlias = Iterator[tuple[str, str]]
"""A name and what is to be said of it, a line each."""
_TIMES = ("step", "seconds_per_step", "images_per_second", "waiting")


def show(source: str) -> Lines:
    """Yield what there is to know of a run or of weights.

    Args:
        source: a run directory of ``train`` or ``compare``, a file of ``export``, or ``zoo:NAME``.

    Raises:
        InputError: if there is none of these, or it cannot be read.

    Warns:
        Notice: for every damaged checkpoint.
    """
    path = place_of(source)
    run = RunDirectory(path)
    if path.is_file():
        return _file(load(source))
    if run.config.is_file() and not run.facts.is_file():
        return _unfinished(run)
    return _training(run, facts_of(source, path))


def _training(run: RunDirectory, facts: Mapping[str, Any]) -> Lines:
    """Yield what a training run's directory holds."""
    config = _json(run.config) or facts["config"]
    yield "kind", f"training run of {facts['method'].get('name')}"
    yield from _checkpoints(CheckpointFolder(run.checkpoints), _part(config, "train").get("steps"))
    logged = run.metrics.read()
    if logged:
        yield "metrics", f"step {logged[-1]['step']}: {_numbers(logged[-1], without=_TIMES)}"
        yield "speed", _numbers({key: logged[-1].get(key) for key in _TIMES[1:]})
    yield from _facts(facts)
    yield from _config(config)


def _file(trained: Trained) -> Lines:
    """Yield what a file of exported weights holds."""
    yield "kind", f"weights of {trained.spec.get('name')}"
    yield "step", str(trained.step)
    learned = trained.params.get("net", trained.params)
    yield (
        "parameters",
        f"{sum(leaf.size for leaf in jax.tree.leaves(learned)):,}, sha256 {trained.digest} (as exported)",
    )
    yield from _facts(trained.facts)
    yield from _config(trained.facts["config"])


def _unfinished(run: RunDirectory) -> Lines:
    """Yield what a comparison's directory holds; or that of a training run which has only just begun."""
    config = _json(run.config)
    if config is None:
        raise InputError(f"{run.config} cannot be read; name a run directory of train or compare")
    if "train" in config:
        raise InputError(f"{run.path} holds a training run that has only just begun; ask again in a moment")
    yield "kind", f"comparison of {', '.join(_part(config, 'methods')) or 'pictures on disk'}"
    records = [record for record in run.records.read() if record.pair is not None]
    yield "outputs", f"{len(run.outputs.read())} stylised, {len(records)} measured"
    if records:
        yield from _provenance(records[-1].provenance)
    yield from _config(config)


def _checkpoints(checkpoints: CheckpointFolder, steps: int | None) -> Lines:
    """Yield which checkpoints there are, what is damaged, and the newest intact one's parameters."""
    there, damaged, best = checkpoints.steps(), checkpoints.damaged(), checkpoints.best()
    for step, damage in damaged.items():
        warnings.warn(f"the checkpoint {checkpoints.of_step(step)} is damaged: {damage}", Notice, stacklevel=2)
    marked = (f"{step} (best)" if step == best else str(step) for step in there)
    of = "" if steps is None else f" of {steps} steps"
    yield "checkpoints", (", ".join(marked) or "none yet") + of
    for step in reversed([each for each in there if each not in damaged]):
        # One that the run removed just now, to keep a newer one, is passed over.
        with suppress(InputError):
            size, digest = checkpoints.size(step), checkpoints.digest(step)
            yield "parameters", f"{size:,}, sha256 {digest} (of step {step}, as trained)"
            return


def _facts(facts: Mapping[str, Any]) -> Lines:
    """Yield what a training run wrote of itself."""
    if facts.get("styles"):
        yield "styles", ", ".join(facts["styles"])
    for part, identity in (facts.get("data") or {}).items():
        spec = (facts["config"].get("data") or {}).get(part) or {}
        yield part, f"{_compact(spec)}, sha256 {identity}"
    if depends_on := (facts.get("depends_on") or {}).get("method"):
        yield "depends on", depends_on
    for name, digest in (facts.get("modules") or {}).items():
        yield "module", f"{name}, sha256 {digest}"
    yield from _provenance({"encoder": facts["encoder"], **(facts.get("provenance") or {})})


def _provenance(provenance: Mapping[str, Any]) -> Lines:
    """Yield encoder, device and versions."""
    encoder = provenance.get("encoder") or {}
    if encoder:
        details = _compact({key: value for key, value in encoder.items() if key not in ("name", "digest")})
        yield "encoder", f"{encoder.get('name')} {details}, sha256 {encoder.get('digest')}"
    if "device" in provenance:
        yield "device", f"{provenance['device']}, precision {provenance.get('precision')}"
    if "time" in provenance:
        yield "begun", str(provenance["time"])
    versions = []
    for name, then in (provenance.get("packages") or {}).items():
        now = version_of(name)
        versions.append(f"{name} {then}" + ("" if now == then else f" (here: {now or 'none'})"))
    if versions:
        yield "versions", ", ".join(versions)


def _config(config: Mapping[str, Any]) -> Lines:
    """Yield the config, a line for each of its keys."""
    yield "config", ""
    for key, value in config.items():
        yield f"  {key}", _compact(value)


def _part(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return what a config says under a key, or nothing where that is no dict: show has no other use for it."""
    found = config.get(key)
    return found if isinstance(found, Mapping) else {}


def _compact(value: Any) -> str:
    """Return a value as a config writes it."""
    if isinstance(value, Mapping):
        return f"dict({', '.join(f'{key}={_compact(each)}' for key, each in value.items() if each is not None)})"
    return repr(tuple(value) if isinstance(value, list) else value)


def _numbers(values: Mapping[str, Any], without: tuple[str, ...] = ()) -> str:
    shown = {name: value for name, value in values.items() if name not in without}
    return "  ".join(f"{name} {_number(value)}" for name, value in shown.items())


def _number(value: Any) -> str:
    return f"{value:.4g}" if jsonfile.conforms(value, NUMBER) else "nan"


def _json(path: Path) -> Any:
    """Return what a file holds, or None if it is not there or damaged."""
    try:
        found = jsonfile.read(path)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
