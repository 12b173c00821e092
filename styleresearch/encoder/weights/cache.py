"""The cache: one safetensors file per name, its provenance in the header, its digest checked whenever it is read."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from styleresearch.encoder.weights.base import Tensors, Weights, check_params, digest_of, tensor_digests
from styleresearch.encoder.weights.known import KNOWN, mend
from styleresearch.errors import InputError
from styleresearch.store import atomic
from styleresearch.store.cachedir import cachedir

FORMAT = "styleresearch weights 1"
_FIELDS = ("name", "arch", "convention", "source", "licence", "digest")


def folder() -> Path:
    """Return the folder of the weights."""
    return cachedir("weights")


def path_of(name: str) -> Path:
    """Return where ``name`` is or would be cached."""
    return folder() / f"{name}.safetensors"


def names() -> tuple[str, ...]:
    """Return the names of all cached weights."""
    return tuple(sorted(file.stem for file in folder().glob("*.safetensors") if not file.name.startswith(".")))


def read(name: str) -> Weights | None:
    """Return the cached weights called ``name``, or None where there are none.

    Raises:
        InputError: if the file is damaged, is not what its name says, or differs from what is pinned.
    """
    file = path_of(name)
    if not file.exists():
        return None
    try:
        return read_file(file, name)
    except InputError as error:
        raise InputError(f"{error}. Mend it with: {mend(name)}") from error


def read_file(file: Path, name: str) -> Weights:
    """Return the weights in ``file``, written by ``write`` under ``name``.

    Raises:
        InputError: naming the file and what was expected.
    """
    header, params = _open(file)
    if header.get("format") != FORMAT:
        raise InputError(f"{file} is not a file of cached weights: its header lacks the format {FORMAT!r}")
    if header["name"] != name:
        raise InputError(f"{file} holds the weights {header['name']!r}, expected {name!r}")
    digest = digest_of(tensor_digests(params))
    known = KNOWN.get(name)
    expected = (known.digest if known else None) or header["digest"]
    if digest != expected:
        raise InputError(f"{file} is damaged: its tensors have the sha256 {digest}, expected {expected}")
    if known and (header["arch"], header["convention"]) != (known.arch, known.convention):
        raise InputError(
            f"{file} says {header['arch']} with convention {header['convention']!r}; "
            f"{name!r} is {known.arch} with {known.convention!r}"
        )
    try:
        check_params(params, header["arch"])
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    return Weights(params=params, **{key: header[key] for key in _FIELDS})


def header_of(file: Path) -> dict[str, str]:
    """Return a safetensors file's header metadata, empty unless ``write`` wrote it.

    Raises:
        InputError: if the file cannot be read.
    """
    header, _ = _open(file, tensors=False)
    return header if header.get("format") == FORMAT else {}


def _open(file: Path, tensors: bool = True) -> tuple[dict[str, str], Tensors]:
    from safetensors import SafetensorError, safe_open

    params: Tensors = {}
    try:
        with safe_open(file, framework="numpy") as stored:
            header = dict(stored.metadata() or {})
            for key in stored.keys() if tensors else ():
                layer, _, part = key.partition("/")
                params.setdefault(layer, {})[part] = stored.get_tensor(key)
    except (SafetensorError, OSError, TypeError, AttributeError) as error:
        raise InputError(f"{file} cannot be read as safetensors: {error}") from error
    missing = [key for key in _FIELDS if key not in header]
    if header.get("format") == FORMAT and missing:
        raise InputError(f"{file} has a header without {', '.join(missing)}")
    return header, params


def write(weights: Weights) -> Path:
    """Put ``weights`` into the cache and return the file: written beside it, read back, then renamed.

    Whoever reads at the same time sees the old file, or the new one, never a part. A damaged file is replaced.

    Raises:
        InputError: if other weights are cached under this name, or the cache cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save

    file = path_of(weights.name)
    _refuse_other(weights, file)
    prepare()
    header = {"format": FORMAT} | {key: getattr(weights, key) for key in _FIELDS}
    tensors = {f"{layer}/{part}": array for layer, parts in weights.params.items() for part, array in parts.items()}
    try:
        with atomic.replacing(file) as partial:
            # Not save_file: its files can be read by their owner alone, and a cache may be shared.
            partial.write_bytes(_in_order(save(tensors, metadata=header)))
            read_file(partial, weights.name)
    except (OSError, SafetensorError) as error:
        raise InputError(_unwritable(error)) from error
    return file


def _in_order(content: bytes) -> bytes:
    """Return a file of safetensors with its metadata sorted, which the library writes in another order each time."""
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[begin:]


def prepare() -> None:
    """Make the cache folder, see that it can be written, and remove what killed processes left in it.

    Raises:
        InputError: if it cannot be written.
    """
    probe = folder() / f".probe.{os.getpid()}.{secrets.token_hex(4)}.partial"
    try:
        folder().mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        atomic.sweep(folder())
    except OSError as error:
        raise InputError(_unwritable(error)) from error


def _refuse_other(weights: Weights, file: Path) -> None:
    try:
        cached = read(weights.name)
    except InputError:
        return
    if cached and (cached.digest, cached.convention) != (weights.digest, weights.convention):
        raise InputError(
            f"{weights.name!r} already names other weights in the cache (sha256 {cached.digest[:12]}, convention "
            f"{cached.convention!r}; these: {weights.digest[:12]}, {weights.convention!r}). "
            f"Choose another --name, or delete {file}"
        )


def _unwritable(error: Exception) -> str:
    return f"the cache {folder()} cannot be written: {error}. Name another folder in $STYLERESEARCH_CACHE"
