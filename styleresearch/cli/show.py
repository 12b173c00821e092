"""``styleresearch show``: what a run directory or a file of trained weights holds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_TIMES = ("step", "seconds_per_step", "images_per_second", "waiting")


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "show",
        help="show what a run directory or a file of trained weights holds",
        description="Show the config of a run, its checkpoints and the digest of their parameters, its last metrics, "
        "the encoder, data and versions that it ran with. A run that is going on is not disturbed.",
    )
    parser.add_argument("source", metavar="RUN_DIR|FILE|zoo:NAME", help="of train, compare or export, or of the zoo")
    parser.set_defaults(run=run, interrupted="nothing was changed")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    from rich.console import Console

    from styleresearch.tasks.trained import facts_of, load, place_of

    path = place_of(args.source)
    if path.is_file():
        lines = _file(load(args.source))
    elif (path / "config.json").is_file() and not (path / "run.json").is_file():
        lines = _unfinished(path)
    else:
        lines = _run(path, facts_of(args.source, path))
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(args.source)
    for name, text in lines:
        console.print(f"  {name:<12}{text}")
    return 0


Lines = Iterator[tuple[str, str]]


def _run(path: Path, facts: Mapping[str, Any]) -> Lines:
    """Yield what a training run's directory holds."""
    from styleresearch.training.logs import metrics_of

    config = _json(path / "config.json") or facts["config"]
    yield "kind", f"training run of {facts['method'].get('name')}"
    yield from _checkpoints(path / "checkpoints", _part(config, "train").get("steps"))
    logged = metrics_of(path).read()
    if logged:
        yield "metrics", f"step {logged[-1]['step']}: {_numbers(logged[-1], without=_TIMES)}"
        yield "speed", _numbers({key: logged[-1].get(key) for key in _TIMES[1:]})
    yield from _facts(facts)
    yield from _config(config)


def _file(trained: Any) -> Lines:
    """Yield what a file of exported weights holds."""
    import jax

    yield "kind", f"weights of {trained.spec.get('name')}"
    yield "step", str(trained.step)
    learned = trained.params.get("net", trained.params)
    yield (
        "parameters",
        f"{sum(leaf.size for leaf in jax.tree.leaves(learned)):,}, sha256 {trained.digest} (as exported)",
    )
    yield from _facts(trained.facts)
    yield from _config(trained.facts["config"])


def _unfinished(path: Path) -> Lines:
    """Yield what a comparison's directory holds; or that of a training run which has only just begun."""
    from styleresearch.errors import InputError
    from styleresearch.store.ledger import Ledger

    config = _json(path / "config.json")
    if config is None:
        raise InputError(f"{path / 'config.json'} cannot be read; name a run directory of train or compare")
    if "train" in config:
        raise InputError(f"{path} holds a training run that has only just begun; ask again in a moment")
    yield "kind", f"comparison of {', '.join(_part(config, 'methods')) or 'pictures on disk'}"
    records = Ledger(path / "records.jsonl").read()
    yield "outputs", f"{len(Ledger(path / 'outputs.jsonl').read())} stylised, {len(records)} measured"
    if records:
        yield from _provenance(records[-1].get("provenance") or {})
    yield from _config(config)


def _checkpoints(folder: Path, steps: int | None) -> Lines:
    """Yield which checkpoints there are, what is damaged, and the newest intact one's parameters."""
    from styleresearch.errors import InputError
    from styleresearch.training.checkpoint import Checkpoints

    checkpoints = Checkpoints(folder)
    there, damaged, best = checkpoints.steps(), checkpoints.damaged(), checkpoints.best()
    for step, damage in damaged.items():
        _warn(f"the checkpoint {folder / str(step)} is damaged: {damage}")
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
    from importlib import metadata

    from styleresearch import __version__

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
        try:
            now = __version__ if name == "styleresearch" else metadata.version(name)
        except metadata.PackageNotFoundError:
            now = None
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
    from styleresearch.store.jsonfile import NUMBER, conforms

    return f"{value:.4g}" if conforms(value, NUMBER) else "nan"


def _json(path: Path) -> Any:
    """Return what a file holds, or None if it is not there or damaged."""
    from styleresearch.store import jsonfile

    try:
        found = jsonfile.read(path)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _warn(what: str) -> None:
    print(f"styleresearch: warning: {what}", file=sys.stderr)
