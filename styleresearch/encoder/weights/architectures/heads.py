"""What perceptual metrics learned on top of a network: LPIPS' weights of channels, DISTS' weights of statistics.

Source: Zhang et al. 2018 (LPIPS, v0.1); Ding et al. 2020 (DISTS).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from styleresearch.encoder.weights.architectures.alexnet import KERNELS
from styleresearch.encoder.weights.architectures.base import Architecture, Found, Shapes, named
from styleresearch.encoder.weights.architectures.vgg import WIDTHS
from styleresearch.encoder.weights.stored import Index, Stored

_ALEX: Shapes = {f"relu{i}": {"weight": KERNELS[f"conv{i}"][3:]} for i in range(1, 6)}
_DEEPEST = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
_VGG: Shapes = {layer: {"weight": (width,)} for layer, width in zip(_DEEPEST, WIDTHS, strict=True)}
_DISTS: Shapes = {
    layer: {"alpha": (width,), "beta": (width,)}
    for layer, width in zip(("image", *_DEEPEST), (3, *WIDTHS), strict=True)
}


def _lpips(index: Index, shapes: Shapes) -> Found:
    """Find the authors' "lin0.model.1.weight" (1, c, 1, 1), or our own."""
    found = named(index, shapes)
    for number, layer in enumerate(shapes):
        if (name := f"lin{number}.model.1.weight") in index:
            found[layer, "weight"] = name, _flat(index[name](), 0, None)
    return Found(found)


def _dists(index: Index) -> Found:
    """Find the authors' "alpha" and "beta" (1, c, 1, 1), layer after layer, or our own."""
    found = named(index, _DISTS)
    for part in ("alpha", "beta"):
        if part not in index:
            continue
        tensor, begin = index[part](), 0
        for layer, parts in _DISTS.items():
            width = parts[part][0]
            found[layer, part] = part, _flat(tensor, begin, begin + width)
            begin += width
    return Found(found)


def _flat(tensor: Stored, begin: int, end: int | None) -> Stored:
    """Return channels of a tensor (1, c, 1, 1) as (c,); one of another shape as it is, to be refused."""
    if len(tensor.shape) != 4 or (tensor.shape[0], *tensor.shape[2:]) != (1, 1, 1):
        return tensor
    shape = (len(range(*slice(begin, end).indices(tensor.shape[1]))),)
    return Stored(shape, tensor.dtype, lambda: tensor.read().reshape(-1)[begin:end])


HEADS: Mapping[str, Architecture] = {
    "lpips_alex": Architecture("lpips_alex", _ALEX, partial(_lpips, shapes=_ALEX)),
    "lpips_vgg": Architecture("lpips_vgg", _VGG, partial(_lpips, shapes=_VGG)),
    "dists": Architecture("dists", _DISTS, _dists),
}
