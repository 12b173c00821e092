"""From a file of weights in one of the usual layouts to checked ``Weights``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from styleresearch.encoder.weights import cache
from styleresearch.encoder.weights.architectures import ARCHITECTURES
from styleresearch.encoder.weights.architectures.base import Found, Place
from styleresearch.encoder.weights.base import (
    WEIGHT_CONVENTIONS,
    Tensors,
    Weights,
    check_params,
    check_shapes,
    digest_of,
    tensor_digests,
)
from styleresearch.encoder.weights.files import opened
from styleresearch.encoder.weights.known import KNOWN, Known, recognise
from styleresearch.encoder.weights.stored import Index, Stored
from styleresearch.errors import InputError
from styleresearch.registry import nearest


def convert(file: str | Path, name: str, convention: str | None = None, arch: str | None = None) -> Weights:
    """Return the weights in ``file``, arranged and checked.

    Args:
        file: ``.safetensors .npz .h5 .onnx .pth .pt .ckpt``; the layouts are listed in ``docs/weights.md``.
        name: what to call them; the names in ``KNOWN`` stand for certain weights.
        convention: one of ``WEIGHT_CONVENTIONS``; may be left out when the file is one that is known.
        arch: one of ``ARCHITECTURES``; may be left out when the name or the layers tell.

    Raises:
        InputError: if the file cannot be read, lacks layers, has wrong shapes or values that are not finite, has no
            known convention, or contradicts ``name``, ``convention`` or ``arch``.
    """
    file = Path(file)
    check_name(name)
    _check_choice("convention", convention, WEIGHT_CONVENTIONS)
    _check_choice("arch", arch, ARCHITECTURES)
    known = KNOWN.get(name)
    if known and arch not in (None, known.arch):
        raise InputError(
            f"{name!r} names {known.arch} weights, not {arch}. Choose another --name, or --arch {known.arch}"
        )
    with opened(file) as index:
        arch, params, told = _arrange_as(index, known.arch if known else arch)
    digests = tensor_digests(params)
    header = cache.header_of(file) if file.suffix.lower() == ".safetensors" else {}
    if header and header["digest"] != digest_of(digests):
        raise InputError(f"{file} is damaged: its tensors do not have the sha256 of its header, {header['digest']}")
    twin = recognise(digests, file)
    found = twin.convention if twin else header.get("convention")
    if not found and told and convention not in (None, told):
        raise InputError(
            f"{file} has the layout of weights of the convention {told!r}, but the convention given is "
            f"{convention!r}. Give --convention {told}"
        )
    convention = _settle_convention(file, name, found, convention)
    _check_known(file, name, convention, digests, twin)
    return Weights(
        name=name,
        arch=arch,
        convention=convention,
        params=params,
        digest=digest_of(digests),
        source=header.get("source") or f"{twin.source if twin else 'a file of the user'}; read from {file.name}",
        licence=header.get("licence") or (twin.licence if twin else "not known (a file of the user)"),
    )


def check_name(name: str) -> None:
    """Raise unless ``name`` can be a file's name, and is not what an encoder calls untrained weights.

    Raises:
        InputError: saying what is allowed.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise InputError(f"weights cannot be called {name!r}. Allowed: letters, digits, '_', '-' and '.'")
    if name == "random":
        raise InputError("the name 'random' stands for an encoder's untrained weights; choose another")


def _check_choice(what: str, value: str | None, allowed: Iterable[str]) -> None:
    if value is not None and value not in allowed:
        raise InputError(f"unknown {what} {value!r}.{nearest(value, allowed)} Allowed: {', '.join(allowed)}")


def _settle_convention(file: Path, name: str, found: str | None, given: str | None) -> str:
    if found and given and found != given:
        raise InputError(f"{file} holds weights of the convention {found!r}, not {given!r}")
    convention = found or given
    if convention is None:
        raise InputError(
            f"{file} is not a file that is known by its digest, so its convention has to be named: "
            f"styleresearch weights convert {file} --name {name} --convention {'|'.join(WEIGHT_CONVENTIONS)}"
        )
    return convention


def _check_known(file: Path, name: str, convention: str, digests: Mapping[str, str], twin: Known | None) -> None:
    """Raise if ``name`` stands for certain weights and these are others."""
    known = KNOWN.get(name)
    if not known:
        return
    if convention != known.convention:
        raise InputError(
            f"{name!r} names weights of the convention {known.convention!r}; {file} has {convention!r}. "
            f"Choose another --name"
        )
    for tensor, digest in known.tensors.items():
        if digests.get(tensor) != digest:
            raise InputError(
                f"{file} does not hold {name!r}: the sha256 of {tensor} is {digests.get(tensor, 'missing')}, "
                f"expected {digest}. Choose another --name"
            )
    if twin and twin.name != name:
        raise InputError(f"{file} holds {twin.name!r}, not {name!r}. Choose --name {twin.name}")


def _arrange_as(index: Index, arch: str | None) -> tuple[str, Tensors, str | None]:
    """Return the architecture that a file fits, its tensors, and the convention where the layout alone tells it.

    Raises:
        InputError: if it fits none, or several.
    """
    fits: dict[str, tuple[Found, tuple[Place, ...]]] = {}
    reasons: list[str] = []
    for candidate in (arch,) if arch else ARCHITECTURES:
        try:
            found = ARCHITECTURES[candidate].find(index)
            if found.tensors:
                fits[candidate] = found, arrange(found, candidate)
        except InputError as error:
            reasons.append(str(error))
    if len(fits) > 1:
        raise InputError(
            f"its layers fit {' as well as '.join(fits)}. Give {' or '.join(f'--arch {each}' for each in fits)}"
        )
    if not fits and not reasons:
        some = ", ".join(list(index)[:4]) or "none"
        raise InputError(
            f"none of its {len(index)} tensors has the name of a layer of {arch or ', '.join(ARCHITECTURES)} "
            f"(found: {some} ...)"
        )
    if not fits:
        raise InputError("; ".join(dict.fromkeys(reasons)))
    arch, (found, places) = next(iter(fits.items()))
    params: Tensors = {}
    for layer, part in places:
        name, tensor = found.tensors[layer, part]
        params.setdefault(layer, {})[part] = _read(tensor, name, ARCHITECTURES[arch].shapes[layer][part])
    check_params(params, arch)
    return arch, params, found.convention


def arrange(found: Found, arch: str) -> tuple[Place, ...]:
    """Return the places of what was found in a file, in the network's order.

    Raises:
        InputError: unless they are the first layers of ``arch``, complete, of the right shapes (kernels HWIO or OIHW)
            and floating-point.
    """
    shapes = ARCHITECTURES[arch].shapes
    # The network's order first; a layer it does not have comes last and is refused by the check.
    order = [*shapes, *(layer for layer, _ in found.tensors if layer not in shapes)]
    places = sorted(found.tensors, key=lambda place: (order.index(place[0]), place[1] == "bias"))
    arranged: dict[str, dict[str, tuple[int, ...]]] = {}
    for layer, part in places:
        shape, needed = found.tensors[layer, part][1].shape, shapes.get(layer, {}).get(part, ())
        swapped = len(needed) == 4 and shape == _oihw(needed)
        arranged.setdefault(layer, {})[part] = needed if swapped else shape
    check_shapes(arranged, arch)
    for name, tensor in found.tensors.values():
        if not tensor.dtype.startswith("float"):
            raise InputError(f"{name} holds {tensor.dtype} values; floating-point numbers are needed")
    return tuple(places)


def _oihw(shape: tuple[int, ...]) -> tuple[int, ...]:
    height, width, channels, out = shape
    return out, channels, height, width


def _read(tensor: Stored, name: str, needed: tuple[int, ...]) -> np.ndarray:
    """Return a kernel (HWIO) or vector as float32.

    Raises:
        ValueError: if it is not what the file said of it.
    """
    array = tensor.read()
    if array.shape != tensor.shape or array.dtype.kind != "f":
        raise ValueError(f"{name} holds {array.dtype} values of the shape {array.shape}, and is said to be another")
    # No kernel of any architecture has the same shape in both orders.
    if array.ndim == 4 and array.shape == _oihw(needed):
        array = array.transpose(2, 3, 1, 0)
    return np.ascontiguousarray(array, np.float32)
