"""The weights that have a name here, and what is pinned about them (``pins.json``)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from styleresearch.encoder.weights.base import digest_of


@dataclass(frozen=True)
class PackagePin:
    """One file inside one package of a Python package index.

    Attributes:
        package: the distribution's name.
        version: the distribution's version.
        sha256: digest of the wheel or source archive.
        megabytes: its size.
        member: path of the file inside it.
        member_sha256: digest of that file.
        kind: "wheel", or "sdist" for a source archive.
    """

    package: str
    version: str
    sha256: str
    megabytes: int
    member: str
    member_sha256: str
    kind: Literal["wheel", "sdist"] = "wheel"

    @property
    def called(self) -> str:
        """What a message calls it."""
        return "wheel" if self.kind == "wheel" else "source archive"


@dataclass(frozen=True)
class UrlPin:
    """One public file.

    Attributes:
        address: where it is.
        digest: "md5:..." or "sha256:..."; fewer digits than usual where the publisher gives only the first ones.
        megabytes: its size.
    """

    address: str
    digest: str
    megabytes: int

    def matches(self, file: Path) -> bool:
        """Return whether ``file`` has the digest."""
        algorithm, _, digits = self.digest.partition(":")
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, algorithm).hexdigest().startswith(digits)


@dataclass(frozen=True)
class Known:
    """Weights with a name of their own.

    Attributes:
        name: the name.
        arch: one of ``ARCHITECTURES``.
        convention: one of ``WEIGHT_CONVENTIONS``.
        source: who made them.
        licence: the publisher's terms.
        tensors: pinned digests, "conv1_1/kernel" -> sha256; empty where none are known.
        package: a package that holds them.
        url: a public file that holds them.
    """

    name: str
    arch: str
    convention: str
    source: str
    licence: str
    tensors: Mapping[str, str]
    package: PackagePin | None = None
    url: UrlPin | None = None

    @property
    def digest(self) -> str | None:
        """The pinned digest over all tensors."""
        return digest_of(self.tensors) if self.tensors else None


def _read_pins() -> dict[str, Known]:
    pins = json.loads(
        resources.files("styleresearch.encoder.weights").joinpath("pins.json").read_text(encoding="utf-8")
    )
    return {
        name: Known(
            name=name,
            arch=pin["arch"],
            convention=pin["convention"],
            source=pin["source"],
            licence=pin["licence"],
            tensors=pin.get("tensors", {}),
            package=PackagePin(**pin["package"]) if "package" in pin else None,
            url=UrlPin(**pin["url"]) if "url" in pin else None,
        )
        for name, pin in pins.items()
    }


KNOWN: dict[str, Known] = _read_pins()


def recognise(tensors: Mapping[str, str], file: Path) -> Known | None:
    """Return the known weights that ``file`` holds, by its tensors' digests or else by its own."""
    for known in KNOWN.values():
        if known.tensors and tensors.items() <= known.tensors.items():
            return known
    return next((known for known in KNOWN.values() if known.url and known.url.matches(file)), None)


def mend(name: str) -> str:
    """Return the command that brings ``name`` into the cache."""
    known = KNOWN.get(name)
    if known and (known.package or known.url):
        return f"styleresearch weights fetch {name}"
    convention = known.convention if known else "CONVENTION"
    return f"styleresearch weights convert FILE --name {name} --convention {convention}"
