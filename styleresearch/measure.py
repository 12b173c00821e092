"""Measuring pictures that are already on disk, with the metrics of a comparison."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch import __version__, build
from styleresearch.comparison import OPTIONAL, REQUIRED, side_of
from styleresearch.data.framing import How
from styleresearch.data.images import READ_SUFFIXES
from styleresearch.data.triple import Measuring, digest_of
from styleresearch.errors import InputError
from styleresearch.evaluation.suite import Suite
from styleresearch.rundir import RunDirectory, provenance
from styleresearch.store import digests


@dataclass(frozen=True)
class Output:
    """A stylised picture on disk and what it was made from.

    Attributes:
        method: name of the folder it lies in.
        output: its file.
        content: file of the content picture.
        style: file of the style picture.
        seed: that it was made with, as far as its name says.
    """

    method: str
    output: Path
    content: Path
    style: Path
    seed: int = 0

    @property
    def pair(self) -> str:
        """Name of the content and the style together, and of the seed where there are several."""
        return f"{self.content.stem}__{self.style.stem}" + (f"__s{self.seed}" if _seed(self.output) else "")


def find_pairs(outputs: Path, contents: Path, styles: Path, pairs: Path | None = None) -> list[Output]:
    """Return the outputs of a folder with their content and style pictures.

    Args:
        outputs: folder of files named ``<content stem>__<style stem>.<ext>``, or ``...__s<seed>.<ext>`` as ``compare``
            names them; other pictures in it are passed over (``unnamed``).
        contents: folder of content pictures.
        styles: folder of style pictures.
        pairs: a CSV file with the columns output, content and style, in place of that naming.

    Raises:
        InputError: listing every output whose inputs cannot be found, pairs that several outputs show, or a folder or
            table that cannot be read.
    """
    for folder in (outputs, contents, styles):
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            raise InputError(f"{folder} is not a folder that can be read; name the folder that holds the pictures")
    method = Path(os.path.abspath(outputs)).name  # noqa: PTH100 - a link keeps its own name
    rows = _named(outputs) if pairs is None else _listed(pairs, outputs)
    if not rows:
        raise InputError(
            f"{outputs} holds no picture named CONTENT__STYLE.EXT; rename the outputs, or list them with "
            "--pairs FILE.csv (columns output, content, style)"
        )
    known = {folder: _by_name(folder) for folder in (contents, styles)}
    missing = []
    for output, content, style in rows:
        for folder, name in ((contents, content), (styles, style)):
            match known[folder].get(name, []):
                case []:
                    missing.append(f"{output.name}: no picture {name!r} in {folder}")
                case [_, _, *_] as several:
                    missing.append(f"{output.name}: {name!r} may be {' or '.join(each.name for each in several)}")
        if not output.is_file():
            missing.append(f"{output} does not exist")
    if missing:
        raise InputError(
            f"what the outputs were made from is missing or not clear ({len(missing)} times):\n  {_listing(missing)}"
        )
    return [Output(method, o, known[contents][c][0], known[styles][s][0], _seed(o) or 0) for o, c, s in rows]


def unnamed(outputs: Path) -> list[Path]:
    """Return the pictures of a folder whose names do not say what they were made from."""
    named = {file for file, _, _ in _named(outputs)}
    return [file for file in _pictures(outputs) if file not in named]


def check_distinct(outputs: Sequence[Output]) -> None:
    """Raise InputError if two outputs would share a place in the table: a method's pair that is there twice."""
    places: dict[tuple[str, str], list[Path]] = {}
    for each in outputs:
        places.setdefault((each.method, each.pair), []).append(each.output)
    twice = [f"{method}, {pair}: {', '.join(map(str, files))}" for (method, pair), files in places.items() if files[1:]]
    if twice:
        raise InputError(
            f"several outputs for one pair ({len(twice)} times):\n  {_listing(twice)}\n"
            "Keep one file for each content and style; "
            "folders of different methods need different names (a link with another name will do)"
        )


def _listing(lines: list[str]) -> str:
    return "\n  ".join([*lines[:10], *([f"and {len(lines) - 10} more"] if len(lines) > 10 else [])])


def _pictures(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in READ_SUFFIXES and not file.name.startswith(".") and file.is_file()
    )


def _seed(output: Path) -> int | None:
    """Return the seed that ``compare`` put into a file name, if there is one."""
    found = re.fullmatch(r".+?__.+?__s(\d+)", output.stem)
    return int(found[1]) if found else None


def _named(folder: Path) -> list[tuple[Path, str, str]]:
    parts = [(file, file.stem.split("__")) for file in _pictures(folder)]
    return [
        (file, names[0], names[1])
        for file, names in parts
        if all(names) and (len(names) == 2 or (len(names) == 3 and _seed(file) is not None))
    ]


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


def _by_name(folder: Path) -> dict[str, list[Path]]:
    """Return file name and stem -> paths; a stem may be that of several files."""
    found: dict[str, list[Path]] = {}
    for file in _pictures(folder):
        found.setdefault(file.stem, []).append(file)
    return found | {file.name: [file] for file in _pictures(folder)}


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
        InputError: if the config's sizes are none.
    """
    problems = build.Problems()
    of_contents, of_styles = (side_of(config, key, problems) for key in ("size", "style_size"))
    problems.raise_if_any()
    style_size = of_styles if style_size is None else style_size
    own = "styles" in config and of_contents is None and size is None
    return Measuring(size, style_size if style_size is not None else "own" if own else "output", framing)


def measure(
    config: Mapping[str, Any], outputs: list[Output], out: Path, how: Measuring, tell: Callable[[str], None]
) -> None:
    """Measure outputs and write their records to the run directory ``out``.

    Outputs that an earlier call with the same metrics measured are not measured again.

    Args:
        config: ``encoder``, ``metrics``, and optionally ``imports``; a comparison's config will do.
        outputs: what to measure.
        out: the run directory.
        how: sizes and framing; see ``measuring``.
        tell: called with each finished output's name.

    Raises:
        InputError: for anything wrong with the config, a picture that cannot be read or measured, two outputs of one
            method for one pair, or a directory ``out`` that is not for this.
    """
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
    check_distinct(outputs)
    _check_out(out, outputs)
    run = RunDirectory(out)
    suite = Suite.of(metrics, build.encoder(config["encoder"]))
    with run.alone():
        _measure(run, suite, config, modules, outputs, how, tell)


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
    outputs: list[Output],
    how: Measuring,
    tell: Callable[[str], None],
) -> None:
    contracts = suite.contracts()
    run.describe(config, contracts)
    facts = provenance(config, suite.encoder, "float32", modules)
    before = run.measured()
    known = [record for record in before.values() if "inputs" in record]
    taken = {record["files"][name]: digest for record in known for name, digest in record["inputs"].items()}
    records = []
    for each in outputs:
        files = (each.output, each.content, each.style)
        # The names too: the same pictures under another name are another row, with files of their own.
        names = [each.method, each.pair]
        identity = digests.of_json(
            {
                "files": [digests.of_file(file) for file in files],
                "names": names,
                **vars(how),
                "contracts": contracts,
                "modules": modules,
                "version": __version__,
            }
        )
        record = before.get(identity)
        if record is None or not all(
            (run.path / record["files"][each]).is_file() for each in ("output", "content", "style")
        ):
            record = _record(run, suite, contracts, each, how, taken)
            record["provenance"] = {**facts, "key": identity, "measured": identity}
            run.records.append(record)
        records.append(record)
        tell(each.output.name)
    run.records.replace(records)


def _record(
    run: RunDirectory,
    suite: Suite,
    contracts: Mapping[str, Any],
    each: Output,
    how: Measuring,
    taken: dict[str, str],
) -> dict[str, Any]:
    seen = how.read(each.output, each.content, each.style)
    files = {
        "output": f"images/{each.method}/{each.pair}.png",
        "content": _free(f"inputs/content/{each.content.stem}.png", seen.content, taken),
        "style": _free(f"inputs/style/{each.style.stem}.png", seen.style, taken),
    }
    for name, file in files.items():
        run.save(file, getattr(seen, name))
    return {
        "schema": 1,
        "method": each.method,
        "label": each.method,
        "baseline": False,
        "pair": each.pair,
        "content": each.content.stem,
        "style": each.style.stem,
        "seed": each.seed,
        **seen.record(contracts),
        "files": {**files, "curve": None},
        "metrics": suite(seen.output, seen.content, seen.style),
        "in_sample": [],
        "cost": {"seconds": None, "compile_seconds": None, "evaluations": None, "peak_memory_mb": None},
    }


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
    by_method: dict[str, list[dict[str, Any]]] = {}
    for record in RunDirectory(out).records.read():
        by_method.setdefault(record["method"], []).append(record)
    for method, records in by_method.items():
        other = [record for record in records if record["framing"] is not None]
        if other:
            notes.append(
                f"{method}: {len(other)} of {len(records)} outputs are not framed as their content is "
                f"({other[0]['pair']}: {other[0]['framing']}). If they show its middle, give --framing=crop; if they "
                "show all of it, --framing=squash says so"
            )
    return notes
