"""Trained methods as files for elsewhere: weights with their facts, or a program that needs nothing but JAX."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from safetensors.numpy import save

from styleresearch.config.file import settings_of
from styleresearch.errors import InputError
from styleresearch.methods.program import Program, Size
from styleresearch.store import atomic
from styleresearch.tasks.trained import Trained
from styleresearch.training.leaves import flatten

SUFFIXES = (".safetensors", ".stablehlo")


def export(
    trained: Trained,
    path: Path,
    size: Size = None,
    dtype: Literal["float16", "float32"] = "float32",
) -> Program | None:
    """Write a trained method as a file; its suffix says which.

    ``.safetensors``: the weights and what their run wrote of itself; ``trained.load`` reads it. ``.stablehlo``: a
    program that ``jax.export.deserialize`` reads, see ``docs/export.md``.

    Args:
        trained: the method.
        path: the file.
        size: height and width of the pictures that a program takes; ``None`` for any.
        dtype: what weights are stored in.

    Returns:
        The program that was written, or None.

    Raises:
        InputError: if the method cannot be written in this form.
    """
    check_suffix(path)
    if path.suffix == ".safetensors":
        export_weights(trained, path, dtype)
        return None
    made = program(trained, size)
    atomic.write(path, made.serialize())
    return made


def export_weights(trained: Trained, path: Path, dtype: Literal["float16", "float32"] = "float16") -> None:
    """Write a trained method as one ``.safetensors`` file, which ``load`` reads.

    Args:
        trained: the method.
        path: the file.
        dtype: what parameters are stored in.

    Raises:
        InputError: if a parameter is too large for float16.
    """
    leaves = {}
    for name, leaf in flatten(trained.params)[0].items():
        array = np.asarray(leaf)
        if array.dtype.kind == "f":
            with np.errstate(over="ignore"):
                narrow = array.astype(dtype)
            if not np.isfinite(narrow[np.isfinite(array)]).all():
                raise InputError(f"the parameter {name} has values beyond {dtype}; store it as float32")
            array = narrow
        leaves[name] = np.ascontiguousarray(array)
    # Where its config lay says nothing elsewhere, and something of its user.
    facts = {**settings_of(trained.facts), "config": settings_of(trained.facts["config"])}
    header = json.dumps({"step": trained.step, "facts": facts})
    atomic.write(path, save(leaves, metadata={"styleresearch": header}))


def check_suffix(path: Path) -> None:
    """Raise InputError unless a file can be written in the form that its name asks for."""
    if path.suffix not in SUFFIXES:
        onnx = " (no exporter for ONNX covers the networks yet, see docs/export.md)" if path.suffix == ".onnx" else ""
        raise InputError(f"{path}: the ending says the form and must be one of {', '.join(SUFFIXES)}{onnx}")


def program(trained: Trained, size: Size = None) -> Program:
    """Return a trained method as a function of arrays.

    Args:
        trained: the method.
        size: height and width of content and style; ``None`` for any.

    Raises:
        InputError: for a method that has no such form, or a size that it cannot take.
    """
    method, name = trained.method(), str(trained.spec["name"])
    if size is not None and min(size) < 1:
        raise InputError(f"--height {size[0]} --width {size[1]}: give whole numbers of pixels, at least 1")
    encoder = trained.encoder() if method.takes.encoder else None
    made = method.program(trained.params, encoder, size)
    if made is None:
        raise InputError(
            f"the method {name!r} is known as weights only; export it as .safetensors, or give it a program() "
            "(docs/add_a_method.md)"
        )
    return replace(made, name=name)
