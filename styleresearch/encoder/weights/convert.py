"""From a file of weights in one of the usual layouts to checked ``Weights``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from styleresearch.encoder.weights import cache
from styleresearch.encoder.weights.architecture import BLOCKS, features_index, kernel_shapes, normalised_index
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

_NAMED = re.compile(r"(?:.*[./])?conv([1-5]_[1-4])[./](?:kernel|weight|bias)")  # ours, and PyTorch Gatys codes
_KERAS = re.compile(r".*block([1-5])_conv([1-4])(?![0-9]).*")  # Keras 1 to 3, tf2onnx
_KERAS_BLOCKS = re.compile(r"(?:.*/)?block([1-5])/layers/conv2d(?:_([0-9]+))?/vars/[01](?:@.*)?")
_KERAS_LAYERS = re.compile(r"(?:.*/)?layers/conv2d(?:_([0-9]+))?/vars/[01](?:@.*)?")
_FEATURES = re.compile(r"(?:.*\.)?features\.([0-9]+)\.(?:weight|bias)")  # torchvision
_SEQUENTIAL = re.compile(r"([0-9]+)\.(?:weight|bias)")  # torchvision's features alone, or vgg_normalised

# What vgg_normalised's first layer does: RGB in [0, 1] to BGR, 0-255, minus Caffe's mean.
_PREPROCESSING = np.array([[0, 0, 255], [0, 255, 0], [255, 0, 0]], np.float32)
_MEAN = np.array([103.939, 116.779, 123.68], np.float32)


def convert(file: str | Path, name: str, convention: str | None = None, arch: str | None = None) -> Weights:
    """Return the weights in ``file``, arranged and checked.

    Args:
        file: ``.safetensors .npz .h5 .onnx .pth .pt``; the layouts are listed in ``docs/weights.md``.
        name: what to call them; the names in ``KNOWN`` stand for certain weights.
        convention: one of ``WEIGHT_CONVENTIONS``; may be left out when the file is one that is known.
        arch: "vgg16" or "vgg19"; may be left out when the name or the layers tell.

    Raises:
        InputError: if the file cannot be read, lacks layers, has wrong shapes or values that are not finite, has no
            known convention, or contradicts ``name``, ``convention`` or ``arch``.
    """
    file = Path(file)
    check_name(name)
    _check_choice("convention", convention, WEIGHT_CONVENTIONS)
    _check_choice("arch", arch, BLOCKS)
    known = KNOWN.get(name)
    if known and arch not in (None, known.arch):
        raise InputError(
            f"{name!r} names {known.arch} weights, not {arch}. Choose another --name, or --arch {known.arch}"
        )
    with opened(file) as index:
        tensors = _described(index)
        arch, params = _arrange_as(tensors, known.arch if known else arch)
        normalised = _is_preprocessing(tensors)
    digests = tensor_digests(params)
    header = cache.header_of(file) if file.suffix.lower() == ".safetensors" else {}
    if header and header["digest"] != digest_of(digests):
        raise InputError(f"{file} is damaged: its tensors do not have the sha256 of its header, {header['digest']}")
    twin = recognise(digests, file)
    found = twin.convention if twin else header.get("convention")
    if not found and normalised and convention not in (None, "normalised"):
        raise InputError(
            f"{file} begins with the 1x1 convolution of the normalised VGG, but the convention given is "
            f"{convention!r}. Give --convention normalised"
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


def _arrange_as(tensors: Mapping[str, Stored], arch: str | None) -> tuple[str, Tensors]:
    """Return the architecture that the tensors fit, and the tensors arranged as its layers."""
    fits: dict[str, dict[tuple[str, str], str]] = {}
    reasons: dict[str, InputError] = {}
    for candidate in (arch,) if arch else BLOCKS:
        try:
            fits[candidate] = arrange(tensors, candidate)
        except InputError as error:
            reasons[candidate] = error
    if len(fits) > 1:
        raise InputError("its layers fit vgg16 as well as vgg19. Give --arch vgg16 or --arch vgg19")
    if not fits:
        raise InputError("; ".join(dict.fromkeys(str(error) for error in reasons.values())))
    arch, found = next(iter(fits.items()))
    params: Tensors = {}
    for (layer, part), name in found.items():
        params.setdefault(layer, {})[part] = _read(tensors[name], name, kernel_shapes(arch)[layer])
    check_params(params, arch)
    return arch, params


def _described(index: Index) -> dict[str, Stored]:
    """Return what the file says of those of its tensors whose names are layers'.

    Raises:
        InputError: if there are none.
    """
    sequence = features_index("vgg19")
    described = {name: describe() for name, describe in index.items() if _layer(name, "vgg19", sequence)}
    if not described:
        some = ", ".join(list(index)[:4]) or "none"
        raise InputError(f"none of its {len(index)} tensors has the name of a VGG convolution (found: {some} ...)")
    return described


def arrange(tensors: Mapping[str, Stored], arch: str) -> dict[tuple[str, str], str]:
    """Return (layer, "kernel" or "bias") of ``arch`` -> name of the tensor, in the network's order.

    Raises:
        InputError: unless they are the first layers of ``arch``, complete, of the right shapes (kernels HWIO or OIHW)
            and floating-point.
    """
    shapes = kernel_shapes(arch)
    sequence = normalised_index(arch) if _is_preprocessing(tensors) else features_index(arch)
    found: dict[tuple[str, str], str] = {}
    for name, tensor in tensors.items():
        layer = _layer(name, arch, sequence)
        if layer is None or len(tensor.shape) not in (1, 4):
            continue
        key = (layer, "kernel" if len(tensor.shape) == 4 else "bias")
        if key in found:
            raise InputError(f"both {found[key]!r} and {name!r} look like the {key[1]} of {layer}")
        found[key] = name
    if not found:
        some = ", ".join(list(tensors)[:4])
        raise InputError(f"none of its tensors is the kernel or bias of a convolution of {arch} (found: {some} ...)")
    # The network's order first; a layer it does not have comes last and is refused by the check.
    order = [*shapes, *(layer for layer, _ in found if layer not in shapes)]
    found = dict(sorted(found.items(), key=lambda item: (order.index(item[0][0]), item[0][1] == "bias")))
    arranged: dict[str, dict[str, tuple[int, ...]]] = {}
    for (layer, part), name in found.items():
        shape = tensors[name].shape
        swapped = part == "kernel" and layer in shapes and shape == _oihw(shapes[layer])
        arranged.setdefault(layer, {})[part] = shapes[layer] if swapped else shape
    check_shapes(arranged, arch)
    for name in found.values():
        if not tensors[name].dtype.startswith("float"):
            raise InputError(f"{name} holds {tensors[name].dtype} values; floating-point numbers are needed")
    return found


def _layer(name: str, arch: str, sequence: Mapping[int, str]) -> str | None:
    """Return the layer that a tensor's name belongs to; None if it is not one of a convolution."""
    order = list(kernel_shapes(arch))
    if match := _NAMED.fullmatch(name):
        return f"conv{match[1]}"
    if match := _KERAS.fullmatch(name):
        return f"conv{match[1]}_{match[2]}"
    if match := _KERAS_BLOCKS.fullmatch(name):
        return f"conv{match[1]}_{int(match[2] or 0) + 1}"
    if match := _KERAS_LAYERS.fullmatch(name):
        index = int(match[1] or 0)
        return order[index] if index < len(order) else f"convolution number {index + 1}"
    if match := _FEATURES.fullmatch(name):
        return features_index(arch).get(int(match[1]), name.rpartition(".")[0])
    match = _SEQUENTIAL.fullmatch(name)
    if match and not (match[1] == "0" and 0 not in sequence):
        return sequence.get(int(match[1]), match[1])
    return None


def _is_preprocessing(tensors: Mapping[str, Stored]) -> bool:
    """Return whether the file begins with the 1x1 convolution of vgg_normalised.

    Raises:
        InputError: if it begins with another 1x1 convolution.
    """
    kernel, bias = tensors.get("0.weight"), tensors.get("0.bias")
    if kernel is None or kernel.shape[2:] != (1, 1):
        return False
    if (
        kernel.shape[:2] != (3, 3)
        or bias is None
        or bias.shape != (3,)
        or not np.allclose(kernel.read()[:, :, 0, 0], _PREPROCESSING, atol=1e-3)
        or not np.allclose(bias.read(), -_MEAN, atol=1e-3)
    ):
        raise InputError(
            "its first layer is a 1x1 convolution, but not the one that turns RGB in [0, 1] into BGR in 0-255 minus "
            "(103.939, 116.779, 123.68); fold it into the next layer, or save the layers after it"
        )
    return True


def _oihw(shape: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    height, width, channels, out = shape
    return out, channels, height, width


def _read(tensor: Stored, name: str, hwio: tuple[int, int, int, int]) -> np.ndarray:
    """Return a kernel (HWIO) or bias as float32.

    Raises:
        ValueError: if it is not what the file said of it.
    """
    array = tensor.read()
    if array.shape != tensor.shape or array.dtype.kind != "f":
        raise ValueError(f"{name} holds {array.dtype} values of the shape {array.shape}, and is said to be another")
    # No VGG kernel has the same shape in both orders: channels are 3 only where 64 come out.
    if array.ndim == 4 and array.shape == _oihw(hwio):
        array = array.transpose(2, 3, 1, 0)
    return np.ascontiguousarray(array, np.float32)
