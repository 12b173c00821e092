"""A trained method as a function of arrays, which a file can hold that needs nothing but JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax import export as jax_export
from jaxtyping import Array

from styleresearch.encoder.conventions import convention
from styleresearch.encoder.encoder import Encoder
from styleresearch.encoder.vgg import smallest_side
from styleresearch.errors import InputError
from styleresearch.extras import require
from styleresearch.types import Image

Size: TypeAlias = tuple[int, int] | None
"""Height and width of the pictures that a program takes; None for any."""

PLATFORMS = ("cpu", "cuda", "rocm", "tpu")
"""What a program runs on."""

LEAST = 64
"""Smallest height and width, px, of the pictures that a program of any size takes."""


@dataclass(frozen=True)
class Program:
    """A trained method as a function of arrays, with its weights inside.

    Attributes:
        inputs: name -> shape and type, in the order of the arguments, "content" among them; sizes may be symbols.
        call: the function, from these to the image (1, h, w, 3) float32 in [0, 1].
        name: of the method.
    """

    inputs: dict[str, jax.ShapeDtypeStruct]
    call: Callable[..., Array]
    name: str = "program"

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


def picture(size: Size) -> jax.ShapeDtypeStruct:
    """Return the picture that a program takes, (1, h, w, 3)."""
    height, width = size or jax_export.symbolic_shape("h, w", constraints=[f"h >= {LEAST}", f"w >= {LEAST}"])
    return array(1, height, width, 3)


def padded(paint: Callable[[Array], Array], content: Array, multiple: int) -> Array:
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


def symbols(encoder: Encoder, layer: str) -> Sequence[Any]:
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


def small(encoder: Encoder, layer: str) -> Encoder:
    """Return an encoder with what one layer needs, because a program holds all that it is given."""
    reached = encoder.net.layout.reached((layer,))
    params = {name: encoder.variables["params"][name] for name in reached}
    # Nobody asks for gradients; made while tracing, zeros take no room.
    adjoint = {name: {"kernel": jnp.zeros_like(each["kernel"].swapaxes(2, 3))} for name, each in params.items()}
    return Encoder({"params": params, "adjoint": adjoint}, encoder.net, encoder.weights, encoder.digest)


def array(*shape: Any) -> jax.ShapeDtypeStruct:
    """Return an input of float32."""
    return jax.ShapeDtypeStruct(shape, jnp.float32)


def _shape(shape: Sequence[Any]) -> str:
    return f"({', '.join(str(size) for size in shape)})"
