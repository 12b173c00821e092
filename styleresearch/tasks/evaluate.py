"""Measuring pictures that are already on disk, with the metrics of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch.config.file import settings_of
from styleresearch.config.metrics import metrics_of
from styleresearch.config.modules import of_plugins
from styleresearch.config.problems import Problems, begin, check_named
from styleresearch.data.framing import How, Side
from styleresearch.data.images import save_image
from styleresearch.data.outputs import Output
from styleresearch.data.triple import Measuring, Triple, digest_of
from styleresearch.errors import InputError, nearest
from styleresearch.evaluation.optimised import Optimised, stated
from styleresearch.evaluation.suite import Suite
from styleresearch.options import setting
from styleresearch.store import digests, failures
from styleresearch.store.failures import Failure
from styleresearch.store.record import MethodName, Pair, Record
from styleresearch.store.rundir import RunDirectory, image_file, input_file
from styleresearch.tasks.comparison import OPTIONAL, REQUIRED, side_of
from styleresearch.tasks.origin import Origin, origin_of
from styleresearch.tasks.provenance import of_config, provenance
from styleresearch.tasks.sets import measure_sets


def measuring(
    config: Mapping[str, Any], size: int | None = None, style_size: int | None = None, framing: How = "squash"
) -> Measuring:
    """Return how pictures are brought together under a config: style pictures as a comparison by it shows them.

    Args:
        config: of an evaluation or a comparison.
        size: short side in px at which to measure; ``None`` for each output's own.
        style_size: short side in px of the style pictures; ``None`` for the config's ``style_size``. Without that it
            is the output's; under a comparison's config that has no ``size`` either, styles keep their own.
        framing: see ``Measuring``.

    Raises:
        InputError: if a size is none.
    """
    for name, given in (("size", size), ("style_size", style_size)):
        setting(name, given, Side | None)
    problems = Problems()
    of_contents, of_styles = (side_of(config, key, problems) for key in ("size", "style_size"))
    problems.raise_if_any()
    style_size = of_styles if style_size is None else style_size
    own = "styles" in config and of_contents is None and size is None
    return Measuring(size, style_size if style_size is not None else "own" if own else "output", framing)


def evaluate(
    config: Mapping[str, Any],
    outputs: Sequence[Output],
    out: Path,
    how: Measuring,
    listener: Callable[[str, int], None],
    optimised: Mapping[str, Sequence[str]] | None = None,
) -> list[Failure]:
    """Measure outputs and write their records to the run directory ``out``; return what failed.

    Outputs that an earlier call with the same metrics measured are not measured again. What cannot be read or measured
    fails alone; the next call tries it again.

    Args:
        config: ``encoder``, ``metrics``, and optionally ``imports``; a comparison's config will do.
        outputs: what to measure.
        out: the run directory.
        how: sizes and framing; see ``measuring``.
        listener: called with what was measured last, or is next, and how many outputs that finished: 1 or 0.
        optimised: method -> names of the metrics, or of the losses, that it minimised; pictures of ours say it.

    Raises:
        InputError: for anything wrong with the config, a directory ``out`` that is not for this, or a name in
            ``optimised`` that is none of a method, a metric or a loss.
    """
    modules = begin(config, ("encoder", "metrics"), (*REQUIRED, *OPTIONAL))
    check_named(config, ("metrics",))
    problems = Problems()
    planned = metrics_of(config, {}, problems)
    problems.raise_if_any()
    said = _said(optimised or {}, outputs, planned.metrics)
    _check_out(out, outputs)
    run = RunDirectory.create(out)
    suite = planned.load()
    modules |= of_plugins(settings_of(config))
    with run.alone():
        return _evaluate(run, suite, config, modules, outputs, how, listener, said)


def _said(
    optimised: Mapping[str, Sequence[str]], outputs: Sequence[Output], metrics: Collection[str]
) -> dict[str, tuple[Optimised, ...]]:
    """Return what methods minimised, as the user says."""
    methods = dict.fromkeys(each.method for each in outputs)
    for method in optimised:
        if method not in methods:
            raise InputError(f"optimised: there is no method {method!r}.{nearest(method, methods)}")
    return {method: stated(tuple(names), metrics) for method, names in optimised.items()}


def _check_out(out: Path, outputs: Sequence[Output]) -> None:
    """Raise InputError if writing to ``out`` would change a comparison, or a picture that is to be measured."""
    run = RunDirectory(out)
    if run.outputs.path.exists():
        raise InputError(f"{out} holds a comparison, whose records would be lost; name another folder with --out")
    own = [folder.resolve() for folder in (run.inputs, run.images)]
    for each in outputs:
        for file in (each.output, each.content, each.style):
            if any(file.resolve().is_relative_to(folder) for folder in own):
                raise InputError(
                    f"{file} lies where the measured pictures are copied to; name another folder with --out"
                )


def _evaluate(
    run: RunDirectory,
    suite: Suite,
    config: Mapping[str, Any],
    modules: Mapping[str, str],
    outputs: Sequence[Output],
    how: Measuring,
    listener: Callable[[str, int], None],
    said: Mapping[str, tuple[Optimised, ...]],
) -> list[Failure]:
    run.check_places(file for each in outputs for file in _files(each).values())
    run.describe(config, suite.contracts())
    contracts = suite.contracts(suite.per_picture)
    failures.clear(run.path)
    facts = provenance(config, suite.encoder, "float32", modules)
    before = run.measured()
    taken = _taken(before.values())
    records, failed = [], []
    origins: dict[str, list[Origin]] = {}
    for each in outputs:
        try:
            origin = origin_of(each.output)
            identity = digests.of_json(
                {
                    "files": [digests.of_file(file) for file in (each.output, each.content, each.style)],
                    # The names too: the same pictures under another name are another row, with files of their own.
                    "names": [each.method, each.content_title, each.style_title, each.seed],
                    **vars(how),
                    "contracts": contracts,
                    "modules": modules,
                    "packages": facts["packages"],
                }
            )
            record = before.get(identity)
            if record is None or not _complete(run, record):
                seen = how.read(each.output, each.content, each.style)
                values = suite(seen.output, seen.content, seen.style)
                record = None
        except Exception as error:
            failed.append(failures.note(run.path, each.method, each.pair, error))
            listener(each.output.name, 1)
            continue
        if record is None:
            how_made = {**facts, "key": identity, "measured": identity}
            record = _record(run, contracts, each, seen, values, taken, how_made)
            run.records.append(record)
        record = replace(record, provenance={**record.provenance, **of_config(facts)})
        records.append(_as_told(record, origin, suite, said.get(each.method, ())))
        origins.setdefault(each.method, []).append(origin)
        listener(each.output.name, 1)
    names = {method: _name(method, found) for method, found in origins.items()}
    records = [replace(record, method=names[record.method.name]) for record in records]
    of_sets, unmeasured = measure_sets(run, suite, records, facts, before, lambda note: listener(note, 0))
    run.records.replace([*records, *of_sets])
    return [*failed, *unmeasured]


def _as_told(record: Record, origin: Origin, suite: Suite, said: Sequence[Optimised]) -> Record:
    """Return a record with what a picture of ours, or the user, says of how it was made."""
    made = {"made": dict(origin.made)} if origin.made else {}
    return replace(
        record,
        in_sample=tuple(suite.in_sample([*origin.optimised, *said])),
        cost=dict(origin.cost),
        provenance={**record.provenance, **made},
    )


def _name(method: str, origins: Sequence[Origin]) -> MethodName:
    """Return a method as a report names it: as its pictures do, where they agree."""
    labels = {origin.label for origin in origins}
    label = labels.pop() if len(labels) == 1 else ""
    return MethodName(method, label or method, all(origin.baseline for origin in origins))


def _files(each: Output) -> dict[str, str]:
    """Return where the pictures of an output are copied to, relative to the run directory."""
    return {
        "output": image_file(each.method, each.pair),
        "content": input_file("content", each.content_title),
        "style": input_file("style", each.style_title),
    }


def _complete(run: RunDirectory, record: Record) -> bool:
    """Return whether the pictures of an earlier call's record are still there."""
    return all((run.path / str(record.files.get(name))).is_file() for name in ("output", "content", "style"))


def _taken(records: Iterable[Record]) -> dict[str, str]:
    """Return file -> digest of the inputs that were copied by an earlier call."""
    return {
        file: digest
        for record in records
        for name, digest in record.inputs.items()
        if (file := record.files.get(name)) is not None
    }


def _record(
    run: RunDirectory,
    contracts: Mapping[str, Any],
    each: Output,
    seen: Triple,
    values: Mapping[str, float | None],
    taken: dict[str, str],
    provenance: Mapping[str, Any],
) -> Record:
    files = _files(each)
    files |= {name: _free(files[name], getattr(seen, name), taken) for name in ("content", "style")}
    for name, file in files.items():
        save_image(run.place(file), getattr(seen, name))
    return Record(
        method=MethodName(each.method, each.method, baseline=False),
        pair=Pair(each.pair, each.content_title, each.style_title, each.seed or 0),
        **seen.record(contracts),
        files={**files, "curve": None},
        metrics=values,
        in_sample=(),
        cost={},
        provenance=provenance,
    )


def _free(file: str, image: np.ndarray, taken: dict[str, str]) -> str:
    """Return the file to copy an input to: another than ``file`` where that shows it at another size or framing."""
    digest = digest_of(image)
    if taken.setdefault(file, digest) != digest:
        file = f"{file.removesuffix('.png')}_{digest[:8]}.png"
    taken[file] = digest
    return file


def framing_notes(out: Path) -> list[str]:
    """Return a line for each method of ``out`` whose outputs are not all framed as their contents are."""
    notes = []
    by_method: dict[str, list[tuple[Pair, str]]] = {}
    for record in RunDirectory(out).records.read():
        if record.pair is not None:
            by_method.setdefault(record.method.name, []).append((record.pair, record.framing))
    for method, outputs in by_method.items():
        other = [(pair, framing) for pair, framing in outputs if framing]
        if other:
            pair, framing = other[0]
            notes.append(
                f"{method}: {len(other)} of {len(outputs)} outputs are not framed as their content is "
                f"({pair.name}: {framing}). If they show its middle, give --framing=crop; if they "
                "show all of it, --framing=squash says so"
            )
    return notes
