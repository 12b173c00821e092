"""A run directory: plain files that can be understood without the code. Every name in it is here.

Of a comparison or an evaluation: ``config.json contracts.json inputs/ images/ curves/ failures/ outputs.jsonl
records.jsonl shards/ jobs/ report.html table.csv table.tex differences.tex sets.csv sets.tex figure.* tradeoff.*
profiles.*``; of a sweep ``trainings/ match.json`` too. Of a training run: ``config.json run.json metrics.jsonl
checkpoints/ samples/ events/``.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from styleresearch.errors import InputError
from styleresearch.store import atomic, digests, jsonfile, lock
from styleresearch.store.failures import FOLDER
from styleresearch.store.jsonfile import TEXT_OR_NONE
from styleresearch.store.ledger import Ledger
from styleresearch.store.record import Record, Records

CONFIG = "config.json"
CONTRACTS = "contracts.json"
FACTS = "run.json"
RECORDS = "records.jsonl"
FIGURES = ("pdf", "svg")
"""The formats of figures."""
_OUTPUT = {"key": str, "file": str, "sha256": str, "curve": TEXT_OR_NONE, "cost": dict}
"""What a line of ``outputs.jsonl`` must be."""
_PARTIAL = 60
"""Characters in the name of a file that is being written, at most."""


@dataclass(frozen=True)
class Ledgers:
    """What one process writes down.

    Attributes:
        outputs: a line for each picture that it made.
        records: a line for each picture that it measured.
    """

    outputs: Ledger
    records: Records

    @classmethod
    def of(cls, folder: Path) -> Ledgers:
        """Return those in a folder, which need not exist."""
        return cls(Ledger(folder / "outputs.jsonl", _OUTPUT), Records(folder / RECORDS))


class RunDirectory:
    """The files of a run: where they lie, what is done. Naming them creates none; ``create`` makes the directory.

    Attributes:
        path: the directory.
        config: the settings.
        contracts: what the metrics are.
        facts: what a training run says of itself.
        outputs: a line for each picture that a comparison made.
        records: a line for each picture that was measured.
        shards: the folder of what processes that work side by side write down, a folder each.
        trainings: the folder of the training runs that a sweep compares.
        match: which weights bring the methods of a sweep to one value of a metric.
        jobs: the folder of what a cluster's jobs are told and say.
        metrics: a line for each step that a training run logged.
        images: the folder of measured pictures.
        inputs: the folder of what they were made from.
        failures: the folder of what went wrong.
        checkpoints: the folder of a training run's states.
        events: the folder of what TensorBoard reads.
        report: the page.
        table_csv: its table for programs.
        table_tex: its table for papers.
        differences_tex: the table of differences for papers, where there are any.
        sets_csv: the table of values over sets of pictures for programs, where there are any.
        sets_tex: that table for papers.
        figures: the grid of pictures, by the endings of its formats.
        tradeoffs: the plane of two metrics, likewise.
        profiles: the performance profiles, likewise.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / CONFIG
        self.contracts = path / CONTRACTS
        self.facts = path / FACTS
        self.outputs, self.records = vars(Ledgers.of(path)).values()
        self.shards = path / "shards"
        self.trainings = path / "trainings"
        self.match = path / "match.json"
        self.jobs = path / "jobs"
        self.metrics = Ledger(path / "metrics.jsonl", {"step": int})
        self.images = path / "images"
        self.inputs = path / "inputs"
        self.failures = path / FOLDER
        self.checkpoints = path / "checkpoints"
        self.events = path / "events"
        self.report = path / "report.html"
        self.table_csv = path / "table.csv"
        self.table_tex = path / "table.tex"
        self.differences_tex = path / "differences.tex"
        self.sets_csv = path / "sets.csv"
        self.sets_tex = path / "sets.tex"
        self.figures = {kind: path / f"figure.{kind}" for kind in FIGURES}
        self.tradeoffs = {kind: path / f"tradeoff.{kind}" for kind in FIGURES}
        self.profiles = {kind: path / f"profiles.{kind}" for kind in FIGURES}

    @classmethod
    def create(cls, path: Path) -> RunDirectory:
        """Return the run directory of a path that may be written, made if it is not there.

        Raises:
            InputError: if it cannot be created or written.
        """
        try:
            str(path).encode()
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot create the run directory {path}: {error.strerror}; name another") from error
        except UnicodeEncodeError as error:
            raise InputError(
                f"the run directory {str(path)!r} has no UTF-8 name to report it by; name another"
            ) from error
        if not os.access(path, os.W_OK):
            raise InputError(f"the run directory {path} cannot be written; name another or change its permissions")
        return cls(path)

    def describe(self, config: Mapping[str, Any], contracts: Mapping[str, Any]) -> None:
        """Write the settings and what the metrics are."""
        jsonfile.write(self.config, config)
        jsonfile.write(self.contracts, contracts)

    def place(self, relative: str) -> Path:
        """Return where a file goes, its folder made."""
        file = self.path / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def check_places(self, files: Iterable[str]) -> None:
        """Raise InputError if files of these names cannot be in the run directory, before there is work to lose.

        Each name may be short enough and the whole path too long, and a file system may have rules of its own.
        """
        for file in files:
            place = self.path / file
            for path in (place, place.with_name("x" * _PARTIAL), self.path / place.name):
                try:
                    path.lstat()
                except (FileNotFoundError, NotADirectoryError):
                    continue
                except OSError as error:
                    raise InputError(
                        f"there cannot be a file {place}: {error.strerror}; name a run directory with a shorter path, "
                        "or give the picture another name"
                    ) from error

    def ledgers(self) -> list[Ledgers]:
        """Return the run's own ledgers, then those of processes that worked on it side by side."""
        folders = sorted(self.shards.iterdir()) if self.shards.is_dir() else []
        return [Ledgers(self.outputs, self.records), *map(Ledgers.of, folders)]

    def shard(self) -> Ledgers:
        """Return new ledgers for this process alone: on a shared disk no two may append to one file."""
        return Ledgers.of(self.shards / f"{atomic.process()}-{secrets.token_hex(4)}")

    def merge(self) -> None:
        """Take the lines of all processes into the run's own ledger of outputs, and forget theirs.

        Records are the caller's, who knows which of them count.
        """
        if self.shards.is_dir():
            self.outputs.replace(entry for each in self.ledgers() for entry in each.outputs.read())
            shutil.rmtree(self.shards, ignore_errors=True)

    def made(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """Return (key, file) -> entries of ``outputs``, of all processes; ``intact`` says which of them still holds.

        By file too: a method that was renamed would otherwise share a file with what now has its old name.
        """
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for each in self.ledgers():
            for entry in each.outputs.read():
                found.setdefault((entry["key"], entry["file"]), []).append(entry)
        return found

    def intact(self, entries: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
        """Return the last entry whose files are there and unchanged; ``None`` if there is none."""
        digest: dict[str, str] = {}
        found = None
        for entry in entries:
            output = self.path / entry["file"]
            if entry["file"] not in digest:
                digest[entry["file"]] = digests.of_file(output) if output.is_file() else ""
            curve = entry["curve"] is None or (self.path / entry["curve"]).is_file()
            if curve and digest[entry["file"]] == entry["sha256"]:
                found = entry
        return found

    def measured(self) -> dict[str, Record]:
        """Return what identifies a measurement -> its record, of all processes."""
        found = {each.provenance.get("measured"): each for ledgers in self.ledgers() for each in ledgers.records.read()}
        return {identity: record for identity, record in found.items() if isinstance(identity, str)}

    def training(self) -> dict[str, Any] | None:
        """Return the facts of the training run in the directory; None if there is none.

        Of a run that was killed between writing its config and its facts, or whose facts were deleted because they were
        damaged, there is the config alone: ``{"config": ...}``.

        Raises:
            InputError: if a file is damaged, or the run is none of training.
        """
        if self.facts.is_file():
            facts = _object(self.facts)
            _check_training(self.facts, facts.get("config"))
            return facts
        if self.config.is_file():
            config = _object(self.config)
            if "train" not in config:
                raise InputError(f"{self.path} holds a run that is not a training run; name another directory")
            _check_training(self.config, config)
            return {"config": config}
        return None

    @contextmanager
    def alone(self, patient: bool = False) -> Iterator[None]:
        """Keep other processes from writing this directory; the system takes the lock back if this one is killed.

        Args:
            patient: wait for a process that writes it now.

        Raises:
            InputError: if another process writes it now, and this one is not patient.
        """
        with lock.held(self.path / ".lock", patient) as free:
            if not free:
                raise InputError(
                    f"another process is writing the run directory {self.path}; wait until it has ended, "
                    "or name another directory"
                )
            yield


def _object(path: Path) -> dict[str, Any]:
    try:
        found = jsonfile.read(path)
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(found, dict):
        raise _damaged(path, "it holds no dict")
    return found


def _check_training(path: Path, config: Any) -> None:
    """Raise InputError if what a file holds as a config is none of a training run."""
    shape = {"encoder": dict, "method": {"name": str}, "data": dict}
    if not jsonfile.conforms(config, shape) or not isinstance(config.get("train", {}), dict):
        raise _damaged(path, "it holds no config of a training run")


def _damaged(path: Path, why: str) -> InputError:
    return InputError(f"{path} is damaged ({why}); delete it, and this command writes it anew")


def image_file(method: str, pair: str) -> str:
    """Return the file of a method's output, relative to the run directory."""
    return f"images/{method}/{pair}.png"


def curve_file(method: str, pair: str) -> str:
    """Return the file of an output's loss curve, relative to the run directory."""
    return f"curves/{method}/{pair}.json"


def input_file(kind: Literal["content", "style"], title: str) -> str:
    """Return the file of a picture that outputs are made from, relative to the run directory."""
    return f"inputs/{kind}/{title}.png"


def sample_file(step: int) -> str:
    """Return the file of a training run's sample grid, relative to the run directory."""
    return f"samples/{step:07d}.png"
