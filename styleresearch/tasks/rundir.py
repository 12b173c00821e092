"""A run directory: plain files that can be understood without the code.

``config.json contracts.json inputs/ images/ curves/ failures/ outputs.jsonl records.jsonl report.html table.csv
table.tex``.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import jax
import numpy as np

from styleresearch import __version__
from styleresearch.config.file import modules_of, settings_of
from styleresearch.data.images import save_image
from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.store import atomic, digests
from styleresearch.store.jsonfile import TEXT_OR_NONE
from styleresearch.store.ledger import Ledger
from styleresearch.store.record import Record, Records

OUTPUT = {"key": str, "file": str, "sha256": str, "curve": TEXT_OR_NONE, "cost": dict}
"""What a line of ``outputs.jsonl`` must be."""
_PARTIAL = 60
"""Characters in the name of a file that is being written, at most."""


class RunDirectory:
    """The files of a run: what is done, and where the rest goes.

    Args:
        path: created if it is not there.

    Raises:
        InputError: if it cannot be created or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
        self.outputs = Ledger(path / "outputs.jsonl", OUTPUT)
        self.records = Records(path / "records.jsonl")

    def describe(self, config: Mapping[str, Any], contracts: Mapping[str, Any]) -> None:
        """Write ``config.json`` and ``contracts.json``."""
        for name, value in (("config", config), ("contracts", contracts)):
            atomic.write(self.path / f"{name}.json", json.dumps(value, indent=2, default=str) + "\n")

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

    def save_inputs(self, contents: Mapping[str, np.ndarray], styles: Mapping[str, np.ndarray]) -> None:
        """Write what the methods are given to ``inputs/``."""
        for group, pictures in (("content", contents), ("style", styles)):
            for name, image in pictures.items():
                self.save(f"inputs/{group}/{name}.png", image)

    def save(self, relative: str, image: np.ndarray, **text: str) -> None:
        """Write a picture."""
        file = self.path / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        save_image(file, image, text or None)

    def finished(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return (key, file) -> entry of ``outputs.jsonl``, for outputs whose files are there and unchanged.

        By file too: a method that was renamed would otherwise share a file with what now has its old name.
        """
        found = {}
        for entry in self.outputs.read():
            output = self.path / entry["file"]
            curve = entry["curve"] is None or (self.path / entry["curve"]).is_file()
            if curve and output.is_file() and digests.of_file(output) == entry["sha256"]:
                found[entry["key"], entry["file"]] = entry
        return found

    def measured(self) -> dict[str, Record]:
        """Return what identifies a measurement -> its record in ``records.jsonl``."""
        found = {record.provenance.get("measured"): record for record in self.records.read()}
        return {identity: record for identity, record in found.items() if isinstance(identity, str)}

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from writing this directory; the system takes the lock back if this one is killed.

        Raises:
            InputError: if another process writes it now.
        """
        with (self.path / ".lock").open("a+") as file:
            if not _locked(file):
                raise InputError(
                    f"another process is writing the run directory {self.path}; wait until it has ended, "
                    "or name another directory"
                )
            yield


def _locked(file: IO[str]) -> bool:
    """Lock an open file until it is closed; return False if another process holds the lock."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: one process at a time is then up to the user
        return True
    return True


def provenance(
    config: Mapping[str, Any], encoder: Encoder, precision: str, modules: Mapping[str, str]
) -> dict[str, Any]:
    """Return what a record must say of how it came about."""
    device = jax.local_devices()[0]
    kind = _cpu() if device.platform == "cpu" else device.device_kind
    packages = ("jax", "jaxlib", "flax", "optax", "numpy", "dm-pix", "pillow")
    return {
        # How results are drawn changes none of them.
        "config_hash": digests.of_json({key: each for key, each in settings_of(config).items() if key != "plane"}),
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "device": f"{device.platform} ({f'{os.cpu_count()} cores, ' if device.platform == 'cpu' else ''}{kind})",
        "precision": precision,
        "packages": {"styleresearch": __version__, **{name: metadata.version(name) for name in packages}},
        "encoder": encoder.describe(),
        "modules": {**modules_of(config), **modules},
    }


def of_config(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``provenance`` says of the config: it is renewed also where nothing is computed again."""
    return {name: facts[name] for name in ("config_hash", "modules")}


def _cpu() -> str:
    """Return the processor's name, its kind where it has none: times of two machines are not comparable."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next((name for name in names if name), platform.processor() or platform.machine())
