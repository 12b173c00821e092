"""Comparisons: every method stylises the same pairs, every output is measured alike, everything is kept on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch import __version__, build
from styleresearch.build import Column, Problems
from styleresearch.data.images import load_image
from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.evaluation.cost import Cost, measured
from styleresearch.evaluation.suite import Suite
from styleresearch.ledger import write_atomically
from styleresearch.methods.base import Progress
from styleresearch.methods.color import PreserveColor
from styleresearch.rundir import RunDirectory, file_digest, hash_of, provenance
from styleresearch.types import Style

REQUIRED = ("encoder", "contents", "styles", "methods", "metrics")
OPTIONAL = ("name", "imports", "size", "style_size", "seeds", "precision")
PRECISIONS = ("default", "bfloat16", "tensorfloat32", "float32")


@dataclass(frozen=True)
class Cell:
    """One stylisation of a comparison: a method on a pair under a seed.

    Attributes:
        column: the method.
        content: name of the content picture.
        style: name of the style picture.
        seed: of the method's randomness.
        pair: name of content, style and (among several) seed together.
        key: sha256 of everything that determines the output.
    """

    column: Column
    content: str
    style: str
    seed: int
    pair: str
    key: str

    @property
    def output(self) -> str:
        """The output's file, relative to the run directory."""
        return f"images/{self.column.name}/{self.pair}.png"

    @property
    def curve(self) -> str:
        """The loss curve's file, relative to the run directory."""
        return f"curves/{self.column.name}/{self.pair}.json"


@dataclass(frozen=True)
class Comparison:
    """What a comparison's config describes, built.

    Attributes:
        config: the config itself.
        columns: the methods.
        contents: name -> picture (h, w, 3).
        styles: name -> picture (h, w, 3).
        suite: the metrics and the encoder that methods and metrics share.
        seeds: one stylisation for each.
        precision: of matrix products and convolutions, one of ``PRECISIONS``.
        modules: name -> sha256 of the user's own modules.
    """

    config: Mapping[str, Any]
    columns: tuple[Column, ...]
    contents: Mapping[str, np.ndarray]
    styles: Mapping[str, np.ndarray]
    suite: Suite
    seeds: tuple[int, ...]
    precision: str
    modules: Mapping[str, str]

    def cells(self) -> list[Cell]:
        """Return all stylisations, pair by pair, so that an interrupted run has whole rows."""
        digests = {id(image): _digest(image) for group in (self.contents, self.styles) for image in group.values()}
        cells = []
        for content, content_image in self.contents.items():
            for style, style_image in self.styles.items():
                for seed in self.seeds:
                    pair = f"{content}__{style}" + (f"__s{seed}" if len(self.seeds) > 1 else "")
                    for column in self.columns:
                        spec = {name: value for name, value in column.spec.items() if name != "label"}
                        key = hash_of(
                            {
                                "method": spec,
                                "encoder": self.suite.encoder.describe(),
                                "content": digests[id(content_image)],
                                "style": digests[id(style_image)],
                                "seed": seed,
                                "precision": self.precision,
                                "modules": self.modules,
                                "version": __version__,
                            }
                        )
                        cells.append(Cell(column, content, style, seed, pair, key))
        return cells


def comparison(config: Mapping[str, Any]) -> Comparison:
    """Build a comparison.

    Raises:
        InputError: listing everything wrong with the config; nothing has been downloaded or compiled by then.
    """
    problems = Problems()
    modules: dict[str, str] = {}
    with problems.at("imports"):
        modules = build.import_modules(config)
    problems.found += build.check_keys(config, REQUIRED, OPTIONAL)
    problems.raise_if_any()
    build.check_named(config, ("methods", "metrics"))
    columns, metrics, layers = [], {}, {}
    for name, spec in config["methods"].items():
        with problems.at(f"methods.{name}"):
            _check_name("method", name)
            columns.append(build.column(name, spec))
            if (terms := getattr(columns[-1].method, "objective", None)) is not None:
                layers[f"methods.{name}"] = terms.layers
    for name, spec in config["metrics"].items():
        with problems.at(f"metrics.{name}"):
            metrics[name] = build.metric(spec)
            if (loss := getattr(metrics[name], "loss", None)) is not None:
                layers[f"metrics.{name}"] = loss.layers
    build.check_encoder(config["encoder"], layers, problems)
    sizes = {key: _size(config, key, problems) for key in ("size", "style_size")}
    pictures = {}
    for group, size in (("contents", sizes["size"]), ("styles", sizes["style_size"] or sizes["size"])):
        with problems.at(group):
            found = build.source(config[group])
            for name in found.names():
                _check_name("picture", name)
            pictures[group] = {name: _as_in_file(_bucketed(found.picture(name, size), size)) for name in found.names()}
    seeds = config.get("seeds", (0,))
    with problems.at("seeds"):
        if not isinstance(seeds, tuple) or not seeds or len(set(seeds)) < len(seeds):
            raise InputError(f"must be a tuple of different whole numbers, at least one, got {seeds!r}")
        for seed in seeds:
            check_seed(seed)
    precision = check_precision(config, problems)
    problems.raise_if_any()
    suite = Suite.of(metrics, build.encoder(config["encoder"]))
    for name, image in pictures["contents"].items():
        with problems.at(f"contents.{name}"):
            suite.check((image.shape[0], image.shape[1]))
    problems.raise_if_any()
    contents, styles = pictures["contents"], pictures["styles"]
    return Comparison(config, tuple(columns), contents, styles, suite, seeds, precision, modules)


def check_precision(config: Mapping[str, Any], problems: Problems) -> str:
    """Return the config's precision, noting a problem if it is not one of ``PRECISIONS``."""
    precision = config.get("precision", "float32")
    with problems.at("precision"):
        if precision not in PRECISIONS:
            raise InputError(f"{precision!r} is not known; allowed: {', '.join(PRECISIONS)}")
    return precision


def check_seed(seed: Any) -> None:
    """Raise InputError unless ``seed`` can seed jax's random numbers."""
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise InputError(f"a seed must be a whole number from 0 to {2**32 - 1}, got {seed!r}")


def _size(config: Mapping[str, Any], key: str, problems: Problems) -> int | None:
    size = config.get(key)
    with problems.at(key):
        if size is not None and (type(size) is not int or size < 1):
            raise InputError(f"must be a whole number of pixels, at least 1, got {size!r}")
        return size
    return None


def _bucketed(image: np.ndarray, size: int | None) -> np.ndarray:
    """Return a resized picture with its long side cropped, in the middle, to a multiple of 8 px.

    Every new size is compiled anew; pictures of one aspect ratio differ by a pixel or two after resizing.
    """
    if size is None:
        return image
    height, width = (
        side if side <= size else side - side % 8 if side - side % 8 >= size else size for side in image.shape[:2]
    )
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def _as_in_file(image: np.ndarray) -> np.ndarray:
    """Return a picture as it comes back from ``inputs/``: methods and metrics see what the run directory holds."""
    return np.floor(image * 255 + 0.5).astype(np.float32) / np.float32(255)


def _check_name(kind: str, name: str) -> None:
    if "__" in name or "/" in name or "\\" in name or name.startswith(".") or not name:
        raise InputError(
            f"the {kind} name {name!r} cannot be part of a file name: rename it without '__', '/' and a leading dot"
        )


def _digest(image: np.ndarray) -> str:
    return hashlib.sha256(str(image.shape).encode() + np.ascontiguousarray(image).tobytes()).hexdigest()


def stylize(
    column: Column,
    encoder: Encoder,
    content: np.ndarray,
    styles: Sequence[Style],
    *,
    seed: int,
    precision: str = "float32",
    progress: Callable[[Progress], None] | None = None,
) -> tuple[np.ndarray, Cost]:
    """Stylise one picture.

    Args:
        column: the method and how it keeps colours.
        encoder: the shared encoder.
        content: (h, w, 3) in [0, 1].
        styles: one style, or several for a method that is ``guided``; images (1, h, w, 3).
        seed: of the method's randomness.
        precision: of matrix products and convolutions.
        progress: see ``Method.stylize``.

    Returns:
        The picture (h, w, 3) in [0, 1], and what it cost.

    Raises:
        InputError: for several or masked styles under a method that takes one.
        ArithmeticError: if the loss or the picture became NaN or infinite.
    """
    plain = len(styles) == 1 and styles[0].where is None and styles[0].mask is None
    if not plain and not column.method.guided:
        raise InputError(f"method {column.spec['name']!r} takes one style and no masks; gatys takes several")
    keep = column.preserve_color
    with jax.default_matmul_precision(None if precision == "default" else precision), measured() as cost:
        image = jnp.asarray(content, jnp.float32)[None]
        shown = image if keep is None else keep.content(image)
        used = [_recoloured(style, image, keep) for style in styles]
        output = column.method.stylize(
            None, encoder, shown, used[0].image if plain else used, key=jax.random.key(seed), progress=progress
        )
        result = np.asarray((output if keep is None else keep.output(output, image))[0])
    if not np.isfinite(result).all():
        raise ArithmeticError(f"the picture that method {column.spec['name']!r} made holds NaN or infinite values")
    return result, cost


def _recoloured(style: Style, content: Any, keep: PreserveColor | None) -> Style:
    image = jnp.asarray(style.image, jnp.float32)
    return Style(image if keep is None else keep.style(image, content), style.weight, style.where, style.mask)


@dataclass(frozen=True)
class Event:
    """What ``compare`` tells while it works: a cell begins, advances (``progress``), ends, or fails (``error``).

    Attributes:
        cell: the stylisation.
        done: finished cells, this one included once it has ended.
        total: cells in all.
        progress: where the cell's optimisation stands.
        cost: what it cost, once ended now (None when it was there already).
        error: why it failed.
    """

    cell: Cell
    done: int
    total: int
    progress: Progress | None = None
    cost: Cost | None = None
    error: str | None = None


def compare(what: Comparison, workdir: Path, tell: Callable[[Event], None]) -> list[str]:
    """Run what is missing of a comparison in ``workdir`` and leave its records there; return what failed.

    Finished stylisations are not repeated, unless their method, pictures, encoder, seed, precision or this package's
    version changed; outputs are measured again if a metric changed. A cell whose loss stops being finite fails alone.

    Args:
        what: the comparison.
        workdir: the run directory.
        tell: called with everything worth showing.

    Raises:
        InputError: if the directory cannot be written or another process writes it, or a picture is too small for a
            method.
    """
    run = RunDirectory(workdir)
    with run.alone():
        return _compare(what, run, tell)


def _compare(what: Comparison, run: RunDirectory, tell: Callable[[Event], None]) -> list[str]:
    contracts = what.suite.contracts()
    run.describe(what.config, contracts)
    run.save_inputs(what.contents, what.styles)
    finished = run.finished()
    measured_before = run.measured()
    facts = provenance(what.config, what.suite.encoder, what.precision)
    cells = what.cells()
    records, failures = [], []
    for done, cell in enumerate(cells, 1):
        tell(Event(cell, done - 1, len(cells)))
        cost = None
        if (cell.key, cell.output) not in finished:
            try:
                finished[cell.key, cell.output], cost = _stylize_cell(
                    what, run, cell, lambda step, c=cell, d=done: tell(Event(c, d - 1, len(cells), progress=step))
                )
            except ArithmeticError as error:
                failures.append(f"{cell.column.name}, {cell.pair}: {error}")
                tell(Event(cell, done, len(cells), error=str(error)))
                continue
        entry = finished[cell.key, cell.output]
        identity = hash_of({"output": entry["sha256"], "key": cell.key, "contracts": contracts})
        record = measured_before.get(identity)
        if record is None:
            output = load_image(run.path / entry["file"])
            values = what.suite(output, what.contents[cell.content], what.styles[cell.style])
            record = {"schema": 1, "metrics": values, "provenance": {**facts, "measured": identity, "key": cell.key}}
        record = {**record, **_row(what, cell, entry)}
        record["provenance"] = {**record["provenance"], "config_hash": facts["config_hash"]}
        run.records.append(record)
        records.append(record)
        tell(Event(cell, done, len(cells), cost=cost))
    # The ledger may hold cells of an earlier config, or the same cell twice: the report reads this config's only.
    run.records.replace(records)
    return failures


def _row(what: Comparison, cell: Cell, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "method": cell.column.name,
        "label": cell.column.label,
        "baseline": cell.column.method.baseline,
        "pair": cell.pair,
        "content": cell.content,
        "style": cell.style,
        "seed": cell.seed,
        "size": list(what.contents[cell.content].shape[:2]),
        "files": {
            "output": entry["file"],
            "content": f"inputs/content/{cell.content}.png",
            "style": f"inputs/style/{cell.style}.png",
            "curve": entry["curve"],
        },
        "in_sample": what.suite.in_sample(getattr(cell.column.method, "objective", None)),
        "cost": entry["cost"],
    }


def _stylize_cell(
    what: Comparison, run: RunDirectory, cell: Cell, tell: Callable[[Progress], None]
) -> tuple[dict[str, Any], Cost]:
    """Make one output; return its entry of ``outputs.jsonl`` and its cost."""
    curve: dict[str, list[float]] = {}
    evaluations: int | None = None

    def note(progress: Progress) -> None:
        nonlocal evaluations
        evaluations = progress.evaluations
        for name, values in progress.history.items():
            curve.setdefault(name, []).extend(values)
        tell(progress)

    image, cost = stylize(
        cell.column,
        what.suite.encoder,
        what.contents[cell.content],
        [Style(what.styles[cell.style][None])],
        seed=cell.seed,
        precision=what.precision,
        progress=note,
    )
    run.save(cell.output, image, key=cell.key, method=json.dumps(cell.column.spec, default=str))
    if curve:
        (run.path / cell.curve).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(run.path / cell.curve, json.dumps(curve))
    entry = {
        "key": cell.key,
        "method": cell.column.name,
        "pair": cell.pair,
        "file": cell.output,
        "curve": cell.curve if curve else None,
        "sha256": file_digest(run.path / cell.output),
        "cost": {**vars(cost), "evaluations": evaluations},
    }
    run.outputs.append(entry)
    return entry, cost
