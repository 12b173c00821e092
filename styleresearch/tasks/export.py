"""Trained methods as files for elsewhere: weights with their facts, or a program that needs nothing but JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import export as jax_export
from jaxtyping import Array

from styleresearch.encoder.conventions import convention
from styleresearch.encoder.encoder import Encoder
from styleresearch.encoder.vgg import conv_names, smallest_side
from styleresearch.errors import InputError
from styleresearch.extras import require
from styleresearch.methods.adain import AdaIN
from styleresearch.methods.adversarial import DomainMethod
from styleresearch.methods.arbitrary_gan import ArbitraryGAN
from styleresearch.methods.feedforward import FeedForward
from styleresearch.nets.base import Net
from styleresearch.store import atomic
from styleresearch.tasks.trained import Trained, export_weights
from styleresearch.types import Image, Style

SUFFIXES = (".safetensors", ".stablehlo")
PLATFORMS = ("cpu", "cuda", "rocm", "tpu")
"""What a program runs on."""

LEAST = 64
"""Smallest height and width, px, of the pictures that a program of any size takes."""


@dataclass(frozen=True)
class Program:
    """A trained method as a function of arrays, with its weights inside.

    Attributes:
        name: of the method.
        inputs: name -> shape and type, in the order of the arguments; sizes may be symbols.
        call: the function, from these to the image (1, h, w, 3) float32 in [0, 1].
    """

    name: str
    inputs: dict[str, jax.ShapeDtypeStruct]
    call: Callable[..., Array]

    def __str__(self) -> str:
        """Return the signature."""
        arguments = (f"{name} {_shape(one.shape)}" for name, one in self.inputs.items())
        return f"{self.name}({', '.join(arguments)}) -> image {_shape(self.inputs['content'].shape)}"

    def serialize(self) -> bytes:
        """Return the program as ``jax.export`` stores it.

        Products are float32 whatever the platform's default is: what it paints does not depend on the machine.

        Raises:
            InputError: if the network cannot be written for pictures of any size, or flatbuffers is not installed.
        """
        require("flatbuffers", "export", "exporting a program")

        def program(*inputs: Array) -> Array:
            return self.call(*inputs)

        program.__name__ = self.name
        try:
            with jax.default_matmul_precision("float32"):
                exported = jax_export.export(jax.jit(program), platforms=PLATFORMS)(*self.inputs.values())
        except Exception as error:  # a network of the user's own may trip over symbols in any way
            if jax_export.is_symbolic_dim(self.inputs["content"].shape[1]):
                raise InputError(
                    f"{self.name} cannot be exported for pictures of any size ({str(error).splitlines()[0]}); give one "
                    "size: --height and --width"
                ) from error
            raise
        return bytes(exported.serialize())


def export(
    trained: Trained,
    path: Path,
    size: tuple[int, int] | None = None,
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


def check_suffix(path: Path) -> None:
    """Raise InputError unless a file can be written in the form that its name asks for."""
    if path.suffix not in SUFFIXES:
        onnx = " (no exporter for ONNX covers the networks yet, see docs/export.md)" if path.suffix == ".onnx" else ""
        raise InputError(f"{path}: the ending says the form and must be one of {', '.join(SUFFIXES)}{onnx}")


def program(trained: Trained, size: tuple[int, int] | None = None) -> Program:
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
    if isinstance(method, FeedForward):
        return _feedforward(name, method, trained.params, size)
    if isinstance(method, ArbitraryGAN):
        return _adain(name, method.transfer, trained.params, trained.encoder(), size)
    if isinstance(method, AdaIN):
        return _adain(name, method, trained.params, trained.encoder(), size)
    if isinstance(method, DomainMethod):
        return _domain(name, method, trained.params, size)
    raise InputError(
        f"the method {name!r} is known as weights only; export it as .safetensors (as a program: the methods that come "
        "along)"
    )


def _feedforward(name: str, method: FeedForward, params: Any, size: tuple[int, int] | None) -> Program:
    def call(content: Array, mix: Array) -> Array:
        shares = mix / mix.sum(1, keepdims=True)
        return _padded(lambda image: method.paint(params, image, shares), content, _multiple(method.net, size))

    return Program(name, {"content": _picture(size), "mix": _array(1, method.net.styles)}, call)


def _domain(name: str, method: DomainMethod, params: Any, size: tuple[int, int] | None) -> Program:
    def call(content: Array) -> Array:
        return _padded(lambda image: method.paint(params, image), content, _multiple(method.net, size))

    return Program(name, {"content": _picture(size)}, call)


def _picture(size: tuple[int, int] | None) -> jax.ShapeDtypeStruct:
    height, width = size or jax_export.symbolic_shape("h, w", constraints=[f"h >= {LEAST}", f"w >= {LEAST}"])
    return _array(1, height, width, 3)


def _multiple(net: Net, size: tuple[int, int] | None) -> int:
    return 1 if size is not None else net.multiple


def _padded(paint: Callable[[Array], Array], content: Array, multiple: int) -> Array:
    """Return what is painted of a picture whose sides are padded to a multiple of what the network needs.

    The padding is done here: what the network does itself, ``jnp.pad``, has to know how much.
    """
    image = paint(_extend(_extend(content, 1, multiple), 2, multiple))
    return image if multiple == 1 else _crop(_crop(image, 1, content.shape[1]), 2, content.shape[2])


def _extend(image: Image, axis: int, multiple: int) -> Array:
    """Return the image reflected at its last row or column up to a multiple, repeatedly where one is not enough."""
    if multiple == 1:
        return image
    size = image.shape[axis]
    index = jnp.arange((size + multiple - 1) // multiple * multiple) % (2 * (size - 1))
    return jnp.take(image, jnp.where(index < size, index, 2 * (size - 1) - index), axis)


def _crop(image: Array, axis: int, size: Any) -> Array:
    # Not a slice: that has to know that the size is within the image.
    return jnp.take(image, jnp.arange(size), axis)


def _adain(name: str, method: AdaIN, params: Any, encoder: Encoder, size: tuple[int, int] | None) -> Program:
    encoder.check((method.layer,), size)

    def call(content: Array, style: Array, strength: Array) -> Array:
        return method.paint(params, _small(encoder, method.layer), content, [Style(style)], strength)

    height, width, style_height, style_width = (*size, *size) if size is not None else _symbols(encoder, method.layer)
    inputs = {
        "content": _array(1, height, width, 3),
        "style": _array(1, style_height, style_width, 3),
        "strength": _array(),
    }
    return Program(name, inputs, call)


def _symbols(encoder: Encoder, layer: str) -> Sequence[Any]:
    """Return the sizes of content and style as symbols, with what tracing has to know of their remainders."""
    names = ("h", "w", "style_h", "style_w")
    rules = [f"{name} >= {LEAST}" for name in names]
    # The content is padded to multiples of this.
    n = smallest_side((layer,))
    rules += [f"mod(-1*{name}, {n}) == {n}*floordiv({name} + {n - 1}, {n}) - {name}" for name in names[:2] if n > 1]
    # The style is halved as it is, dropping a last odd row, or keeping it.
    ceil = convention(encoder.net.convention).ceil
    for name in names[2:]:
        for level in range(4):
            once, twice = (_halved(name, n, ceil) for n in (2**level, 2 ** (level + 1)))
            rules.append(f"mod({once}, 2) == " + (f"2*{twice} - {once}" if ceil else f"{once} - 2*{twice}"))
    return jax_export.symbolic_shape(", ".join(names), constraints=rules)


def _halved(name: str, by: int, ceil: bool) -> str:
    # JAX takes floordiv(x, 1) for a term of its own, and forever to find out what it is.
    return name if by == 1 else f"floordiv({name} + {by - 1}, {by})" if ceil else f"floordiv({name}, {by})"


def _small(encoder: Encoder, layer: str) -> Encoder:
    """Return an encoder with what one layer needs, because a program holds all that it is given."""
    names = conv_names(encoder.net.arch)
    reached = names[: names.index(layer.replace("relu", "conv")) + 1] if "_" in layer else names
    params = {name: each for name, each in encoder.variables["params"].items() if name in reached}
    # Nobody asks for gradients; made while tracing, zeros take no room.
    adjoint = {name: {"kernel": jnp.zeros_like(each["kernel"].swapaxes(2, 3))} for name, each in params.items()}
    return Encoder({"params": params, "adjoint": adjoint}, encoder.net, encoder.weights, encoder.digest)


def _array(*shape: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, jnp.float32)


def _shape(shape: Sequence[Any]) -> str:
    return f"({', '.join(str(size) for size in shape)})"
