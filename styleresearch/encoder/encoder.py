"""The encoder as the rest of the program sees it: a pytree of frozen weights that maps images to features."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from styleresearch.encoder.conventions import convention
from styleresearch.encoder.vgg import VGG, Architecture, check_layers, conv_names, smallest_side, variables
from styleresearch.encoder.weights import KNOWN, load
from styleresearch.encoder.weights.architecture import WIDTHS
from styleresearch.encoder.weights.loading import check
from styleresearch.errors import InputError
from styleresearch.ops.conv import Padding
from styleresearch.options import Between, Seed, shown
from styleresearch.registry import Registry
from styleresearch.types import Features, Image, Pictures

NormaliseBy = Literal["filter", "layer"]


@struct.dataclass
class Encoder:
    """A frozen network with its weights; passed to methods as an argument, never closed over, never checkpointed.

    Attributes:
        variables: the network's collections "params" and "adjoint".
        net: the architecture (static).
        weights: name of the weights (static).
        digest: sha256 of the weights as used (static); results carry it.
    """

    variables: Any
    net: VGG = struct.field(pytree_node=False)
    weights: str = struct.field(pytree_node=False)
    digest: str = struct.field(pytree_node=False)

    def __call__(self, image: Image, layers: Sequence[str]) -> Features:
        """Return the activations of ``layers`` ("image" is the image itself), computed to the deepest one only.

        Raises:
            InputError: for a layer that does not exist or that the weights do not reach, or an image too small for it.
        """
        _, height, width, _ = image.shape
        self.check(layers, (height, width))
        return self.net.apply(self.variables, image, tuple(layers))  # pyright: ignore[reportReturnType]

    def check(self, layers: Sequence[str], size: tuple[int, int] | None = None) -> None:
        """Raise what ``__call__`` would raise for these layers and this (height, width), without computing."""
        check_layers(layers, self.net.arch)
        reached = self.variables["params"]
        names = conv_names(self.net.arch)
        deepest = max((names.index(layer.replace("relu", "conv")) for layer in layers if "_" in layer), default=-1)
        if deepest >= 0 and names[deepest] not in reached:
            raise InputError(
                f"the weights {self.weights!r} end at {list(reached)[-1]} and cannot compute {names[deepest]}; "
                "name shallower layers or weights that reach it"
            )
        needed = smallest_side(layers, convention(self.net.convention).ceil)
        if self.net.padding == "reflect":
            needed *= 2  # reflection needs a second pixel at the deepest layer
        # Side by side and not min(size): of two symbols (jax.export) it cannot be told which is smaller.
        if size is not None and any(side < needed for side in size):
            raise InputError(
                f"an image of {size[1]}x{size[0]} px is too small for layers {', '.join(layers)}, which need at least "
                f"{needed} px on each side; use a larger image or shallower layers"
            )

    def computing_in(self, dtype: Literal["float32", "bfloat16"]) -> Encoder:
        """Return the same encoder with activations of another type, for mixed precision training."""
        return self.replace(net=self.net.clone(dtype=dtype))  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def label(self) -> str:
        """Its name in tables: that of its weights, which say the architecture."""
        return self.weights if self.weights.startswith(self.net.arch) else f"{self.net.arch} {self.weights}"

    def describe(self) -> dict[str, str]:
        """Return what a record of results must say about the encoder."""
        return {
            "name": self.net.arch,
            "weights": self.weights,
            "convention": self.net.convention,
            "pooling": self.net.pooling,
            "padding": self.net.padding,
            "digest": self.digest,
        }


ENCODERS: Registry[Encoder] = Registry("encoder", Encoder)


def _encoder(
    arch: Architecture,
    weights: str,
    file: str | None,
    pooling: Literal["max", "average"],
    padding: Padding | None,
    normalise_on: Pictures | None,
    normalise_by: NormaliseBy,
    width: float,
    seed: int,
) -> Encoder:
    check_weights(arch, weights, file, width)
    if weights == "random":
        encoder = _random(arch, pooling, padding or "zeros", width, seed)
    else:
        loaded = load(weights, None if file is None else Path(file))
        if loaded.arch != arch:
            raise InputError(_of_another(weights, loaded.arch, arch))
        border: Any = padding or convention(loaded.convention).padding
        net = VGG(arch, loaded.convention, pooling, border)
        encoder = Encoder(variables(loaded.params), net, weights, loaded.digest)
    return encoder if normalise_on is None else normalise_activations(encoder, normalise_on, normalise_by)


def check_weights(arch: str, weights: str | None = None, file: str | None = None, width: float = 1.0) -> None:
    """Raise what an encoder raises of the name of its weights and its width, without reading or fetching any.

    Args:
        arch: the architecture.
        weights: name of the weights; None for the architecture's own.
        file: a file that holds them.
        width: factor on the channels.

    Raises:
        InputError: for weights of no known name or of another architecture, or a width that they do not have.
    """
    weights = arch if weights is None else weights
    if weights == "random":
        return
    if width != 1.0:
        raise InputError(f"width={width} only goes with weights='random'; the weights {shown(weights)} fix the widths")
    check(weights, file)
    if weights in KNOWN and KNOWN[weights].arch != arch:
        raise InputError(_of_another(weights, KNOWN[weights].arch, arch))


def _of_another(weights: str, theirs: str, arch: str) -> str:
    return f"weights {weights!r} are for {theirs}, not {arch}; name encoder {theirs!r}"


@ENCODERS.register("vgg16")
def vgg16(
    weights: str = "vgg16",
    file: str | None = None,
    pooling: Literal["max", "average"] = "max",
    padding: Padding | None = None,
    normalise_on: Pictures | None = None,
    normalise_by: NormaliseBy = "filter",
    width: Annotated[float, Between(0, 4, "(]")] = 1.0,
    seed: Seed = 0,
) -> Encoder:
    """Return a VGG16 encoder.

    Args:
        weights: a name that ``styleresearch weights list`` shows, or "random".
        file: a file to take the weights from instead of the cache and the known sources.
        pooling: "max" as trained, or "average".
        padding: "zeros", "reflect" or "replicate"; ``None`` for the border the weights were made with.
        normalise_on: images (h, w, 3) in [0, 1] on which to scale activations to a mean of 1; a config names a picture
            source here. ``None`` leaves the weights as they are.
        normalise_by: what is scaled as one: each "filter" (Gatys et al. 2016), or each "layer", which needs few images,
            because no filter that hardly ever fires on them is blown up.
        width: factor on the channels, random weights only.
        seed: of random weights.

    Raises:
        InputError: for unknown weights or options, or weights of another architecture.
    """
    return _encoder("vgg16", weights, file, pooling, padding, normalise_on, normalise_by, width, seed)


@ENCODERS.register("vgg19")
def vgg19(
    weights: str = "vgg19",
    file: str | None = None,
    pooling: Literal["max", "average"] = "max",
    padding: Padding | None = None,
    normalise_on: Pictures | None = None,
    normalise_by: NormaliseBy = "filter",
    width: Annotated[float, Between(0, 4, "(]")] = 1.0,
    seed: Seed = 0,
) -> Encoder:
    """Return a VGG19 encoder; arguments and errors as for ``vgg16``."""
    return _encoder("vgg19", weights, file, pooling, padding, normalise_on, normalise_by, width, seed)


def _random(arch: Architecture, pooling: Any, padding: Any, width: float, seed: int) -> Encoder:
    widths = tuple(max(1, round(channels * width)) for channels in WIDTHS)
    net = VGG(arch, "random", pooling, padding, widths)
    # He et al. 2015, in numpy: compiling flax's initialisers for every shape takes seconds.
    rng = np.random.default_rng(seed)
    params, channels = {}, 3
    for name in conv_names(arch):
        out = widths[int(name[4]) - 1]
        kernel = rng.normal(scale=(2 / (9 * channels)) ** 0.5, size=(3, 3, channels, out)).astype(np.float32)
        params[name] = {"kernel": kernel, "bias": np.zeros(out, np.float32)}
        channels = out
    digest = hashlib.sha256(f"random {arch} width {width} seed {seed}".encode()).hexdigest()
    return Encoder(variables(params), net, "random", digest)


def normalise_activations(encoder: Encoder, images: Sequence[Any], by: NormaliseBy = "filter") -> Encoder:
    """Scale every filter, or layer, so that its mean activation after the ReLU, over images and positions, is 1.

    With ReLU and max or average pooling this changes no ratio between activations of one filter: the next layer's
    kernel undoes the scale. Filters that never fire are left alone.

    Source: Gatys et al. 2016, section 2.
    Differs: the authors used ImageNet's training images; ``images`` decides here, and enters the digest.

    Args:
        encoder: the encoder to scale.
        images: arrays (h, w, 3) in [0, 1], of any sizes.
        by: "filter" or "layer".

    Raises:
        InputError: unless there are pictures, each (h, w, 3).
    """
    shapes = [getattr(image, "shape", ()) for image in images]
    if not shapes or any(len(shape) != 3 or shape[2] != 3 for shape in shapes):
        raise InputError(
            "normalise_on must be one or more pictures (h, w, 3), not of the shapes "
            f"{', '.join(map(str, shapes)) or 'of none'}"
        )
    names = [name for name in conv_names(encoder.net.arch) if name in encoder.variables["params"]]
    layers = tuple(name.replace("conv", "relu") for name in names)
    measure = jax.jit(
        lambda enc, image: {layer: feature.mean((0, 1, 2)) for layer, feature in enc(image, layers).items()}
    )
    pictures = [jnp.asarray(image, jnp.float32)[None] for image in images]
    means = [measure(encoder, picture) for picture in pictures]
    params, before = {}, None
    for name, layer in zip(names, layers, strict=True):
        scale = jnp.mean(jnp.stack([mean[layer] for mean in means]), axis=0)
        scale = jnp.full_like(scale, scale.mean()) if by == "layer" else scale
        scale = jnp.where(scale > 0, scale, 1.0)
        kernel, bias = encoder.variables["params"][name]["kernel"], encoder.variables["params"][name]["bias"]
        undone = kernel if before is None else kernel * before[None, None, :, None]
        params[name] = {"kernel": undone / scale[None, None, None], "bias": bias / scale}
        before = scale
    digest = hashlib.sha256((encoder.digest + ("" if by == "filter" else by)).encode())
    for picture in pictures:
        digest.update(np.asarray(picture).tobytes())
    return encoder.replace(  # pyright: ignore[reportAttributeAccessIssue]
        variables=variables(params), digest=digest.hexdigest()
    )
