"""User studies: a page of pairwise comparisons made from a run, and what its votes say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from styleresearch.config import build
from styleresearch.errors import InputError, nearest
from styleresearch.report import study_page
from styleresearch.report.files import within
from styleresearch.report.pictures import picture
from styleresearch.report.reading import read_run
from styleresearch.report.records import RunRecords
from styleresearch.store import atomic, digests, jsonfile
from styleresearch.store.record import MethodName, Pair
from styleresearch.study.analysis import Analysis, analyse_votes
from styleresearch.study.design import Design
from styleresearch.study.order import random_numbers, shuffled
from styleresearch.study.protocol import PAGE, PROTOCOL, PairShown, Protocol, Shown
from styleresearch.study.votes import read_foreign, read_votes

COPIES = ("identity", "style_image")
"""The floor baselines that no attentive rater prefers: they copy the content, or the style."""
TRIALS, REPEATS, PICTURES = 40, 4, 400
"""What a study has where its design does not say: so many pairs of content and style as these pictures allow."""
LARGEST = 64_000_000
"""Bytes of a page that a phone still opens."""


@dataclass(frozen=True)
class Made:
    """What was written.

    Attributes:
        page: the file for raters.
        protocol: what it shows, in the file beside it.
        size: of the page, in bytes.
    """

    page: Path
    protocol: Protocol
    size: int


def make(run_dir: Path, out: Path, options: Mapping[str, Any] | None = None) -> Made:
    """Write the page and the protocol of a study of a run.

    Args:
        run_dir: a run directory of compare or evaluate.
        out: the folder to write into, made if need be.
        options: of the design, over those of the run's ``config.study``.

    Raises:
        InputError: for anything wrong with the design; if the run has no records, fewer than two methods, no pair whose
            pictures are all there, no floor baseline for catch trials; if the page would be too large, or votes may
            have been given to another one in ``out``.
    """
    run = read_run(run_dir)
    settings = run.config.get("study") or {}
    if not isinstance(settings, Mapping):
        raise InputError(f"config.study of {run_dir} must be dict(**options), got {settings!r}")
    design = build.constructed(Design, {**settings, **(options or {})}, "study")
    methods = _methods(run, design)
    floors = _floors(run, design)
    cells = _cells(run, [*methods, *floors], design)
    protocol = _protocol(run, design, methods, floors, cells)
    files = [_files(run, pair, [*methods, *floors]) for pair in cells]
    encoded = {
        file: _picture(run, file, design.side) for file in dict.fromkeys(file for cell in files for file in cell)
    }
    pictures = [[encoded[file] for file in cell] for cell in files]
    text = study_page.render(protocol, pictures).encode()
    if len(text) > LARGEST:
        raise InputError(
            f"the page would have {len(text) / 1e6:.0f} MB, and phones open {LARGEST / 1e6:.0f}; show fewer pairs of "
            f"content and style (--pairs, now {len(cells)}), fewer methods (--methods) or smaller pictures (--side, "
            f"now {design.side})"
        )
    _write(out, protocol, text)
    return Made(out / PAGE, protocol, len(text))


def _write(out: Path, protocol: Protocol, page: bytes) -> None:
    if (out / PROTOCOL).exists() and Protocol.read(out).digest != protocol.digest:
        raise InputError(
            f"{out} holds another study, whose votes could not be analysed without its protocol; name another folder"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        jsonfile.write(out / PROTOCOL, protocol.to_json())
        atomic.write(out / PAGE, page)
    except OSError as error:
        raise InputError(f"cannot write the study into {out}: {error.strerror or error}") from error


def _methods(run: RunRecords, design: Design) -> list[MethodName]:
    own = [method for method in run.methods if not method.baseline]
    found = own if design.methods is None else _named(run, design.methods)
    if len(found) < 2:
        raise InputError(f"a study compares two methods or more; there are: {[method.name for method in found]}")
    return found


def _floors(run: RunRecords, design: Design) -> list[MethodName]:
    """Return the floor baselines of the catch trials."""
    if not design.catches:
        return []
    if design.floors is not None:
        found = _named(run, design.floors)
    else:
        configured = run.config.get("methods")
        specs = configured if isinstance(configured, Mapping) else {}
        kinds = {name: spec["name"] for name, spec in specs.items() if isinstance(spec, Mapping) and "name" in spec}
        found = [m for m in run.methods if m.baseline and kinds.get(m.name, m.name) in COPIES]
    if not found:
        raise InputError(
            "the run has no floor baseline for catch trials, such as dict(name='identity') or "
            "dict(name='style_image') among its methods: compare with one, name others with --floors, or make a study "
            "without catch trials: --catches=0"
        )
    return found


def _named(run: RunRecords, names: Sequence[str]) -> list[MethodName]:
    known = {method.name: method for method in run.methods}
    for name in names:
        if name not in known:
            raise InputError(f"no method {name!r} in this run.{nearest(name, known)} There are: {list(known)}")
    if len(set(names)) < len(names):
        raise InputError(f"a method is named twice: {list(names)}")
    return [known[name] for name in names]


def _files(run: RunRecords, pair: Pair, methods: Sequence[MethodName]) -> list[str | None]:
    """Return the files of content, style and outputs, relative to the run directory; ``None`` for one not there."""
    records = [run.records.get((method.name, pair)) for method in methods]
    found: list[str | None] = []
    for kind in ("content", "style"):
        claimed = [record.files.get(kind) for record in records if record is not None]
        found.append(next((file for file in claimed if within(run.directory, file)), None))
    return found + [None if record is None else record.files.get("output") for record in records]


def _cells(run: RunRecords, methods: Sequence[MethodName], design: Design) -> list[Pair]:
    """Return the pairs to show: all of whose pictures are there, contents and styles in balance."""
    whole: dict[tuple[str, str], Pair] = {}
    for pair in run.pairs:  # of several seeds the first
        if all(within(run.directory, file) for file in _files(run, pair, methods)):
            whole.setdefault((pair.content, pair.style), pair)
    if not whole:
        raise InputError(
            f"there is no pair of content and style of which {run.directory} has the pictures of all these methods: "
            f"{[method.name for method in methods]}"
        )
    if design.pairs is not None and design.pairs > len(whole):
        raise InputError(f"pairs = {design.pairs}: the run has {len(whole)} whose pictures are all there")
    count = min(design.pairs or max(PICTURES // (len(methods) + 2), 1), len(whole))
    left = shuffled(list(whole.values()), random_numbers(design.seed))
    used: dict[tuple[str, str], int] = {}
    chosen = []
    while len(chosen) < count:
        pair = min(left, key=lambda p: used.get(("c", p.content), 0) + used.get(("s", p.style), 0))
        left.remove(pair)
        chosen.append(pair)
        for key in (("c", pair.content), ("s", pair.style)):
            used[key] = used.get(key, 0) + 1
    return [pair for pair in run.pairs if pair in chosen]


def _protocol(
    run: RunRecords,
    design: Design,
    methods: Sequence[MethodName],
    floors: Sequence[MethodName],
    cells: Sequence[Pair],
) -> Protocol:
    most = len(cells) * len(methods) * (len(methods) - 1) // 2
    if design.trials is not None and design.trials > most:
        raise InputError(f"trials = {design.trials}: there are {most} comparisons of two methods on these pairs")
    trials = design.trials or min(TRIALS, most)
    repeats = min(max(REPEATS, trials // 10), trials // 3) if design.repeats is None else design.repeats
    if repeats > trials // 3:
        raise InputError(f"repeats = {repeats}: they repeat the first third of the {trials} trials; give fewer")
    if design.most_missed >= design.catches > 0:
        raise InputError(
            f"most_missed = {design.most_missed} of {design.catches} catch trials would leave nobody out; give fewer"
        )
    return Protocol(
        title=design.title,
        question=design.question,
        instructions=design.instructions,
        consent=design.consent,
        recruitment=design.recruitment,
        methods=tuple(Shown(method.name, method.label) for method in methods),
        floors=tuple(Shown(method.name, method.label) for method in floors),
        cells=tuple(
            PairShown(
                pair.content,
                pair.style,
                tuple(
                    digests.of_file(path)
                    for file in _files(run, pair, [*methods, *floors])
                    if (path := within(run.directory, file)) is not None
                ),
            )
            for pair in cells
        ),
        trials=trials,
        repeats=repeats,
        catches=design.catches,
        most_missed=design.most_missed,
        ties=design.ties,
        seed=design.seed,
        side=design.side,
        run={"name": run.directory.resolve().name, "config": run.provenance("config_hash")},
    )


def _picture(run: RunRecords, relative: str | None, side: int) -> str:
    found = picture(run.directory, relative, side)
    if found.problem:
        raise InputError(f"{run.directory / str(relative)}: {found.problem}; make it anew, or leave its method out")
    return found.uri


def analyse(source: Path, votes: Sequence[Path], reference: str | None = None) -> Analysis:
    """Say what votes say.

    Args:
        source: the folder or the protocol of a study; or, without ``votes``, a CSV of votes from elsewhere.
        votes: the files that raters saved.
        reference: the method that the others are compared with; by default the first.

    Raises:
        InputError: for a protocol or votes that cannot be used; see ``read_votes``.
    """
    if not votes:
        if source.suffix.lower() != ".csv":
            raise InputError(f"give the files of votes behind {source}, or a CSV of votes from elsewhere in its place")
        return analyse_votes(read_foreign(source), None, reference)
    protocol = Protocol.read(source)
    return analyse_votes(read_votes(protocol, votes), protocol, reference)
