"""Measuring pictures that are already on disk, with the metrics of a comparison."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from styleresearch import build
from styleresearch.data.images import READ_SUFFIXES, load_image, resize
from styleresearch.errors import InputError
from styleresearch.evaluation.suite import Suite
from styleresearch.run import check_precision
from styleresearch.rundir import RunDirectory, file_digest, hash_of, provenance


@dataclass(frozen=True)
class Output:
    """A stylised picture on disk and what it was made from.

    Attributes:
        method: name of the folder it lies in.
        output: its file.
        content: file of the content picture.
        style: file of the style picture.
    """

    method: str
    output: Path
    content: Path
    style: Path


def find_pairs(outputs: Path, contents: Path, styles: Path, pairs: Path | None = None) -> list[Output]:
    """Return the outputs of a folder with their content and style pictures.

    Args:
        outputs: folder of files named ``<content stem>__<style stem>.<ext>``.
        contents: folder of content pictures.
        styles: folder of style pictures.
        pairs: a CSV file with the columns output, content and style, in place of that naming.

    Raises:
        InputError: listing every output whose inputs cannot be found, or a folder or table that cannot be read.
    """
    for folder in (outputs, contents, styles):
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder; name the folder that holds the pictures")
    method = outputs.resolve().name
    rows = _named(outputs) if pairs is None else _listed(pairs, outputs)
    if not rows:
        raise InputError(
            f"{outputs} holds no picture named CONTENT__STYLE.EXT; rename the outputs, or list them with "
            "--pairs FILE.csv (columns output, content, style)"
        )
    known = {folder: _by_name(folder) for folder in (contents, styles)}
    found, missing = [], []
    for output, content, style in rows:
        for folder, name in ((contents, content), (styles, style)):
            if name not in known[folder]:
                missing.append(f"{output.name}: no picture {name!r} in {folder}")
        if not output.is_file():
            missing.append(f"{output} does not exist")
        found.append((output, content, style))
    if missing:
        shown = "\n  ".join(missing[:10])
        more = f"\n  and {len(missing) - 10} more" if len(missing) > 10 else ""
        raise InputError(f"{len(missing)} of the outputs' files cannot be found:\n  {shown}{more}")
    return [Output(method, output, known[contents][c], known[styles][s]) for output, c, s in found]


def _named(folder: Path) -> list[tuple[Path, str, str]]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in READ_SUFFIXES)
    split = [(file, *file.stem.split("__")[:2]) for file in files if file.stem.count("__") == 1]
    return [(file, content, style) for file, content, style in split]


def _listed(table: Path, folder: Path) -> list[tuple[Path, str, str]]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            absent = {"output", "content", "style"} - set(reader.fieldnames or ())
            if absent:
                raise InputError(f"{table} has no column {', '.join(sorted(absent))}; it needs output, content, style")
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read the table {table}: {error}; give a UTF-8 CSV file") from error
    broken = [
        str(number) for number, row in enumerate(rows, 2) if not all((row["output"], row["content"], row["style"]))
    ]
    if broken:
        raise InputError(f"{table}: empty cells in line {', '.join(broken[:10])}; each needs output, content and style")
    return [(folder / row["output"], row["content"], row["style"]) for row in rows]


def _by_name(folder: Path) -> dict[str, Path]:
    """Return file name and stem -> path; a stem that two files share stands for neither."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in READ_SUFFIXES)
    stems = [file.stem for file in files]
    by_stem = {file.stem: file for file in files if stems.count(file.stem) == 1}
    return by_stem | {file.name: file for file in files}


def measure(
    config: Mapping[str, Any], outputs: list[Output], out: Path, size: int | None, tell: Callable[[str], None]
) -> None:
    """Measure outputs and write their records to the run directory ``out``.

    Outputs that an earlier call with the same metrics measured are not measured again. The content picture is brought
    to the output's size; the style picture to its short side.

    Args:
        config: ``encoder``, ``metrics``, and optionally ``imports`` and ``precision``.
        outputs: what to measure.
        out: the run directory.
        size: short side in px at which to measure; ``None`` for each output's own.
        tell: called with each finished output's name.

    Raises:
        InputError: for anything wrong with the config, or a picture that cannot be read or measured.
    """
    problems = build.Problems()
    with problems.at("imports"):
        build.import_modules(config)
    problems.found += build.check_keys(config, ("encoder", "metrics"), ("imports", "precision"))
    problems.raise_if_any()
    metrics, layers = {}, {}
    for name, spec in config["metrics"].items():
        with problems.at(f"metrics.{name}"):
            metrics[name] = build.metric(spec)
            if (loss := getattr(metrics[name], "loss", None)) is not None:
                layers[f"metrics.{name}"] = loss.layers
    build.check_encoder(config["encoder"], layers, problems)
    precision = check_precision(config, problems)
    problems.raise_if_any()
    run = RunDirectory(out)
    suite = Suite.of(metrics, build.encoder(config["encoder"]))
    contracts = suite.contracts()
    run.describe(config, contracts)
    facts = provenance(config, suite.encoder, precision)
    before = {record["provenance"]["measured"]: record for record in run.records.read()}
    records = []
    for each in outputs:
        files = (each.output, each.content, each.style)
        identity = hash_of({"files": [file_digest(file) for file in files], "size": size, "contracts": contracts})
        record = before.get(identity)
        if record is None:
            record = _record(run, suite, each, size)
            record["provenance"] = {**facts, "key": identity, "measured": identity}
            run.records.append(record)
        records.append(record)
        tell(each.output.name)
    run.records.replace(records)


def _record(run: RunDirectory, suite: Suite, each: Output, size: int | None) -> dict[str, Any]:
    output = load_image(each.output, size)
    height, width = output.shape[:2]
    content = resize(load_image(each.content, min(height, width)), (height, width))
    style = load_image(each.style, min(height, width))
    pair = f"{each.content.stem}__{each.style.stem}"
    files = {
        "output": f"images/{each.method}/{pair}.png",
        "content": f"inputs/content/{each.content.stem}.png",
        "style": f"inputs/style/{each.style.stem}.png",
    }
    for name, image in (("output", output), ("content", content), ("style", style)):
        run.save(files[name], image)
    return {
        "schema": 1,
        "method": each.method,
        "label": each.method,
        "baseline": False,
        "pair": pair,
        "content": each.content.stem,
        "style": each.style.stem,
        "seed": 0,
        "size": [height, width],
        "files": {**files, "curve": None},
        "metrics": suite(output, content, style),
        "in_sample": [],
        "cost": {"seconds": None, "compile_seconds": None, "evaluations": None, "peak_memory_mb": None},
    }
