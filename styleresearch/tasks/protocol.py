"""A fixed protocol: contents and styles as pictures for others to run their methods on, with digests of all."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch import __version__
from styleresearch.data.framing import Frame, Shape, Side, as_in_file, at_size, like
from styleresearch.data.images import image_shape, load_image, save_image
from styleresearch.data.listing import list_pictures
from styleresearch.data.pairnames import check_pair_names, pair_name
from styleresearch.data.titles import check_distinct, check_titles, titles
from styleresearch.data.triple import digest_of
from styleresearch.errors import InputError
from styleresearch.options import setting
from styleresearch.store import atomic, digests, jsonfile

MANIFEST = "protocol.json"
TABLE = "pairs.csv"
_FOLDERS = ("content", "style")


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        contents: how many contents.
        styles: how many styles.
        digest: sha256 of the manifest's pictures and framing, by which the protocol is known.
    """

    contents: int
    styles: int
    digest: str


def write_protocol(
    contents: Path,
    styles: Path,
    out: Path,
    size: int = 512,
    square: bool = True,
    count: tuple[int, int] | None = None,
    seed: int = 0,
) -> Written:
    """Write ``content/``, ``style/``, ``protocol.json`` and ``pairs.csv``.

    Args:
        contents: folder of content pictures.
        styles: folder of style pictures.
        out: the folder to write, new or of the same protocol.
        size: short side in px.
        square: cut squares out of the middle, so that no program frames them in its own way.
        count: of contents and styles, drawn at random; ``None`` for all.
        seed: of that draw.

    Raises:
        InputError: for a folder that cannot be read, has too few pictures or two of one name, or a picture that cannot
            be read; if ``out`` holds another protocol.
    """
    setting("--size", size, Side)
    chosen = [
        _chosen(folder, kind, None if count is None else count[index], seed)
        for index, (folder, kind) in enumerate(zip((contents, styles), _FOLDERS, strict=True))
    ]
    check_pair_names(tuple(chosen[0]), tuple(chosen[1]), (None,))
    parts: dict[str, Any] = {}
    images = {}
    for folder, kind, named in zip((contents, styles), _FOLDERS, chosen, strict=True):
        entries = []
        for title, file in named.items():
            image = _framed(folder / file, size, square)
            images[f"{kind}/{title}.png"] = image
            entries.append(
                {
                    "name": title,
                    "file": f"{kind}/{title}.png",
                    "size": [image.shape[0], image.shape[1]],
                    "pixels_sha256": digest_of(image),
                    "source": Path(file).name,
                    "source_sha256": digests.of_file(folder / file),
                }
            )
        parts[kind] = entries
    digest = _digest(parts, size, square)
    manifest = {
        "protocol": digest,
        "made_by": f"styleresearch {__version__}",
        "size": size,
        "framing": "square from the middle" if square else "aspect ratio kept",
        "drawn": None if count is None else {"contents": count[0], "styles": count[1], "seed": seed},
        "outputs": "one picture for each content and style, named CONTENT__STYLE.png or as pairs.csv lists them",
        **parts,
    }
    _check_place(out, digest)
    for file, image in images.items():
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        save_image(out / file, image)
    atomic.write(out / TABLE, _table(*chosen))
    jsonfile.write(out / MANIFEST, manifest)
    return Written(len(chosen[0]), len(chosen[1]), digest)


def checked(folder: Path) -> tuple[Path, Path]:
    """Return the folders of a protocol's contents and styles.

    Raises:
        InputError: if there is no protocol, or its pictures are not those that its manifest says.
    """
    manifest = _manifest(folder)
    changed = []
    for kind in _FOLDERS:
        there = set(list_pictures(folder / kind)[0]) if (folder / kind).is_dir() else set()
        for entry in manifest[kind]:
            name = Path(entry["file"]).name
            if name not in there or digest_of(load_image(folder / kind / name)) != entry["pixels_sha256"]:
                changed.append(f"{kind}/{name}")
            there.discard(name)
        changed += [f"{kind}/{name}" for name in sorted(there)]
    if changed:
        raise InputError(
            f"{folder} is not the protocol that its {MANIFEST} describes: {len(changed)} pictures were changed, added "
            f"or are missing, the first {changed[0]}; write it anew with styleresearch protocol"
        )
    return folder / "content", folder / "style"


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = jsonfile.read(folder / MANIFEST)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder} holds no protocol ({getattr(error, 'strerror', None) or error}: {MANIFEST}); name a folder of "
            "styleresearch protocol"
        ) from error
    shape = {"protocol": str, "content": list, "style": list, "size": int, "framing": str}
    entry = {"name": str, "file": str, "pixels_sha256": str}
    if not jsonfile.conforms(found, shape) or not all(
        jsonfile.conforms(each, entry) for kind in _FOLDERS for each in found[kind]
    ):
        raise InputError(f"{folder / MANIFEST} is no manifest of a protocol; name a folder of styleresearch protocol")
    return found


def _chosen(folder: Path, kind: str, count: int | None, seed: int) -> dict[str, str]:
    """Return what the pictures of a folder are called -> their files: all, or some drawn at random."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder that can be read; name the folder of the {kind} pictures")
    files = list_pictures(folder)[0]
    called = titles(files)
    check_titles(f"{kind} picture", called)
    check_distinct(files, called)
    if not files or (count is not None and len(files) < count):
        raise InputError(f"{folder} holds {len(files)} pictures, and {count or 'at least one'} are wanted")
    keep = range(len(files))
    if count is not None:
        stream = [seed, _FOLDERS.index(kind)]
        keep = sorted(np.random.default_rng(stream).choice(len(files), count, replace=False))
    return {called[index]: files[index] for index in keep}


def _framed(path: Path, size: int, square: bool) -> np.ndarray:
    own: Shape = image_shape(path)
    shape = (size, size) if square else at_size(own, size, str(path))
    return as_in_file(load_image(path, Frame(shape, like(own, shape, "crop"))))


def _digest(parts: dict[str, Any], size: int, square: bool) -> str:
    pictures = {kind: [[each["name"], each["pixels_sha256"]] for each in entries] for kind, entries in parts.items()}
    return digests.of_json({**pictures, "size": size, "square": square})


def _check_place(out: Path, digest: str) -> None:
    """Raise InputError if a folder holds something else than this protocol."""
    if not out.exists():
        try:
            out.mkdir(parents=True)
        except OSError as error:
            raise InputError(f"--out {out} cannot be made: {error.strerror}; name another folder") from error
    elif not out.is_dir() or (any(out.iterdir()) and _known(out) != digest):
        raise InputError(f"--out {out} holds something else; name a new folder")


def _known(out: Path) -> str:
    return _manifest(out)["protocol"] if (out / MANIFEST).is_file() else ""


def _table(contents: Sequence[str] | dict[str, str], styles: Sequence[str] | dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("output", "content", "style"))
    writer.writerows(
        (f"{pair_name(content, style)}.png", f"content/{content}.png", f"style/{style}.png")
        for content in contents
        for style in styles
    )
    return text.getvalue()
