"""A public file by its address, with its digest checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from styleresearch.encoder.weights.known import UrlPin
from styleresearch.errors import InputError

_TIMEOUT_SECONDS = 30


class _Bar:
    """What pooch asks of a progress bar, drawn by rich."""

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress = progress
        self._task = progress.add_task(label, total=None)
        self.total: int | None = None

    def update(self, count: int) -> None:
        """Add ``count`` bytes."""
        self._progress.update(self._task, total=self.total, advance=count)

    def reset(self) -> None:
        """Begin again at zero."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Stop."""
        self._progress.stop_task(self._task)


def from_url(pin: UrlPin, folder: Path, console: Console) -> Path:
    """Download the file into ``folder`` and return it once its digest is verified.

    Raises:
        InputError: if it cannot be had, or its digest differs.
    """
    import pooch

    name = Path(urlsplit(pin.address).path).name
    pooch.get_logger().setLevel("WARNING")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            bar: Any = _Bar(progress, name)  # pooch takes any object with these methods; its annotations say bool
            downloader: Any = pooch.HTTPDownloader(progressbar=bar, timeout=_TIMEOUT_SECONDS)
            # known_hash=None: some publishers give only the first digits of a digest, so ours is the one check.
            pooch.retrieve(pin.address, known_hash=None, fname=name, path=folder, downloader=downloader)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors
        raise InputError(f"{pin.address} could not be downloaded: {error}") from error
    file = folder / name
    if not pin.matches(file):
        raise InputError(f"{pin.address} gave a file whose digest is not {pin.digest}; it was not used")
    return file
