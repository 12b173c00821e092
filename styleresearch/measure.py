"""Measuring pictures that are already on disk, with the metrics of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch import __version__, build
from styleresearch.comparison import OPTIONAL, REQUIRED
from styleresearch.data.images import MAX_SIDE, load_image, resize
from styleresearch.data.outputs import Output
from styleresearch.errors import InputError
from styleresearch.evaluation.suite import Suite
from styleresearch.rundir import RunDirectory, provenance
from styleresearch.store import digests, failures
from styleresearch.store.failures import Failure


def measure(
    config: Mapping[str, Any], outputs: Sequence[Output], out: Path, size: int | None, tell: Callable[[str], None]
) -> list[Failure]:
    """Measure outputs and write their records to the run directory ``out``; return what failed.

    Outputs that an earlier call with the same metrics measured are not measured again. The content picture is brought
    to the output's size; the style picture to its short side. What cannot be read or measured fails alone; the next
    call tries it again.

    Args:
        config: ``encoder``, ``metrics``, and optionally ``imports``; a comparison's config will do.
        outputs: what to measure.
        out: the run directory.
        size: short side in px at which to measure; ``None`` for each output's own.
        tell: called with each finished output's name.

    Raises:
        InputError: for anything wrong with the config, a size that no picture can have, or a directory ``out`` that is
            not for this.
    """
    if size is not None and not 1 <= size <= MAX_SIDE:
        raise InputError(f"size {size}: the short side of a picture must be 1 to {MAX_SIDE} pixels")
    modules = build.begin(config, ("encoder", "metrics"), (*REQUIRED, *OPTIONAL))
    build.check_named(config, ("metrics",))
    problems = build.Problems()
    metrics, layers = {}, {}
    for name, spec in config["metrics"].items():
        with problems.at(f"metrics.{name}"):
            metrics[name] = build.metric(spec)
            if (loss := getattr(metrics[name], "loss", None)) is not None:
                layers[f"metrics.{name}"] = loss.layers
    build.check_encoder(config["encoder"], layers, problems)
    problems.raise_if_any()
    _check_out(out, outputs)
    run = RunDirectory(out)
    suite = Suite.of(metrics, build.encoder(config["encoder"]))
    with run.alone():
        return _measure(run, suite, config, modules, outputs, size, tell)


def _check_out(out: Path, outputs: Sequence[Output]) -> None:
    """Raise InputError if writing to ``out`` would change a comparison, or a picture that is to be measured."""
    if (out / "outputs.jsonl").exists():
        raise InputError(f"{out} holds a comparison, whose records would be lost; name another folder with --out")
    own = [(out / part).resolve() for part in ("inputs", "images")]
    for each in outputs:
        for file in (each.output, each.content, each.style):
            if any(file.resolve().is_relative_to(folder) for folder in own):
                raise InputError(
                    f"{file} lies where the measured pictures are copied to; name another folder with --out"
                )


def _measure(
    run: RunDirectory,
    suite: Suite,
    config: Mapping[str, Any],
    modules: Mapping[str, str],
    outputs: Sequence[Output],
    size: int | None,
    tell: Callable[[str], None],
) -> list[Failure]:
    run.check_places(file for each in outputs for file in _files(each).values())
    contracts = suite.contracts()
    run.describe(config, contracts)
    failures.clear(run.path)
    facts = provenance(config, suite.encoder, "float32")
    before = run.measured()
    records, failed = [], []
    for each in outputs:
        try:
            identity = digests.of_json(
                {
                    "files": [digests.of_file(file) for file in (each.output, each.content, each.style)],
                    # The names too: the same pictures under another name are another row, with files of their own.
                    "names": [each.method, each.content_title, each.style_title, each.seed],
                    "size": size,
                    "contracts": contracts,
                    "modules": modules,
                    "version": __version__,
                }
            )
            record = before.get(identity)
            if record is None or not all((run.path / file).is_file() for file in _files(each).values()):
                pictures = _pictures(each, size)
                values = suite(*pictures.values())
                record = None
        except Exception as error:
            failed.append(failures.note(run.path, each.method, each.pair, error))
            tell(each.output.name)
            continue
        if record is None:
            record = _record(run, each, pictures, values)
            record["provenance"] = {**facts, "key": identity, "measured": identity}
            run.records.append(record)
        records.append(record)
        tell(each.output.name)
    run.records.replace(records)
    return failed


def _files(each: Output) -> dict[str, str]:
    """Return where the pictures of an output are copied to, relative to the run directory."""
    return {
        "output": f"images/{each.method}/{each.pair}.png",
        "content": f"inputs/content/{each.content_title}.png",
        "style": f"inputs/style/{each.style_title}.png",
    }


def _pictures(each: Output, size: int | None) -> dict[str, np.ndarray]:
    """Return output, content and style as the metrics see them."""
    output = load_image(each.output, size)
    height, width = output.shape[:2]
    content = resize(load_image(each.content, min(height, width)), (height, width))
    style = load_image(each.style, min(height, width))
    return {"output": output, "content": content, "style": style}


def _record(
    run: RunDirectory, each: Output, pictures: Mapping[str, np.ndarray], values: Mapping[str, float | None]
) -> dict[str, Any]:
    files = _files(each)
    for name, image in pictures.items():
        run.save(files[name], image)
    return {
        "schema": 1,
        "method": each.method,
        "label": each.method,
        "baseline": False,
        "pair": each.pair,
        "content": each.content_title,
        "style": each.style_title,
        "seed": each.seed or 0,
        "size": list(pictures["output"].shape[:2]),
        "files": {**files, "curve": None},
        "metrics": values,
        "in_sample": [],
        "cost": {"seconds": None, "compile_seconds": None, "evaluations": None, "peak_memory_mb": None},
    }
