"""Arbitrary style transfer by adaptive instance normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array

from styleresearch.encoder.encoder import Encoder
from styleresearch.encoder.vgg import VGG, smallest_side
from styleresearch.errors import InputError
from styleresearch.losses.objective import Objective, Targets
from styleresearch.methods.base import METHODS, Batch, Metrics, OnProgress, State, TrainedMethod
from styleresearch.methods.perceptual import perceptual_step
from styleresearch.methods.program import Program, Size, array, small, symbols
from styleresearch.methods.styles import check_styles
from styleresearch.methods.takes import Takes
from styleresearch.nets.base import Decoder
from styleresearch.ops.moments import mean, resize_mask, std
from styleresearch.ops.pad import pad_to_multiple
from styleresearch.optim.optimizers import Optimizer
from styleresearch.options import Epsilon, Share
from styleresearch.types import FeatureMap, Image, Mask, OtherImage, Params, Style, Styles


def adain(
    content: FeatureMap,
    style: Any,
    eps: float = 1e-5,
    style_eps: float = 1e-5,
    unbiased: bool = False,
    where: Mask | None = None,
    mask: Any = None,
) -> FeatureMap:
    """Return the content's features with each channel's mean and deviation those of the style's features.

    Source: Huang & Belongie 2017, equation 8.
    Differs: eps, and with masks the statistics are those of the masked positions.

    Args:
        content: features of the content image.
        style: features of the style image, (b, h2, w2, c).
        eps: added to the content's variance, inside the root.
        style_eps: added to the style's variance, inside the root.
        unbiased: divide both variances by M - 1.
        where: Mask at the content features' resolution: whose statistics are replaced.
        mask: Mask at the style features' resolution: whose statistics are taken.
    """
    return _renormalise(content, (mean(style, mask), std(style, style_eps, mask, unbiased)), eps, unbiased, where)


def _renormalise(content: FeatureMap, moments: Any, eps: float, unbiased: bool, where: Any) -> FeatureMap:
    """Return the content's features with each channel's mean and deviation those given, (b, c) each."""
    normalised = (content.astype(jnp.float32) - mean(content, where)[:, None, None]) / std(
        content, eps, where, unbiased
    )[:, None, None]
    wanted_mean, wanted_std = moments
    return normalised * wanted_std[:, None, None] + wanted_mean[:, None, None]


@METHODS.register("adain")
@dataclass(frozen=True, eq=False)
class AdaIN(TrainedMethod):
    """Give the content's features the style's channel statistics and let a trained decoder paint them.

    Source: Huang & Belongie 2017, "Arbitrary style transfer in real-time with adaptive instance normalization".
    Differs: any objective. Its content terms compare with the target features t = AdaIN(f(content), f(style)) at
        ``layer`` and with the content's own features at other layers; the paper has one term, at ``layer``. The presets
        ``adain_paper`` and ``adain_pytorch`` say how the two published codes differ.

    Attributes:
        objective: what the decoder is trained on.
        optimizer: how.
        net: the decoder.
        layer: the encoder's layer whose statistics are replaced.
        eps: added to the content's variance.
        style_eps: added to the style's variance; 0 in the authors' code, 1e-5 in the PyTorch port.
        unbiased: divide variances by M - 1 (the PyTorch port) and not by M (the authors).
        identity: what a picture is to keep that is painted with itself as style, beside the objective: terms with a
            content target, of contents and of styles (Park & Lee 2019, equation 7). None for nothing, as published.
        strength: from 0, the content's own features, to 1, the style's statistics; ``stylize`` only.
        dtype: of activations in training, whatever ``net.dtype`` is, which holds for ``stylize``; parameters and
            statistics are float32.
    """

    objective: Objective
    optimizer: Optimizer
    net: Decoder
    layer: str = "relu4_1"
    eps: Epsilon = 1e-5
    style_eps: Epsilon = 1e-5
    unbiased: bool = False
    identity: Objective | None = None
    strength: Share = 1.0
    dtype: Literal["float32", "bfloat16"] = "float32"
    takes: ClassVar[Takes] = Takes(styles="many", masks=True, options=("strength", "net.dtype"))

    def __post_init__(self) -> None:
        others = [name for name, loss in self.identity.terms if loss.target != "content"] if self.identity else []
        if others:
            raise InputError(
                f"adain: identity.{others[0]} does not compare with the content; identity takes losses that do, as "
                "dict(name='feature', layers=('image',))"
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """The encoder's layers that training reads."""
        beside = self.identity.layers if self.identity else ()
        return tuple(dict.fromkeys((*self.objective.layers, *beside, self.layer)))

    def init(self, key: Any, encoder: Encoder, batch: Batch) -> State:
        """Return the state before the first step.

        Raises:
            InputError: if the encoder is no VGG, or the decoder does not paint images of the content's size.
        """
        if not isinstance(encoder.net, VGG):
            raise InputError(
                f"adain: its decoder undoes VGG's poolings, and {encoder.net.layout.arch} has others; "
                "name vgg16 or vgg19"
            )
        weights, run = jax.random.split(key)
        content = batch["content"]
        features = jnp.zeros(jax.eval_shape(lambda image: encoder(image, (self.layer,))[self.layer], content).shape)
        params = self.net.init(weights, features)["params"]
        _, height, width, _ = jax.eval_shape(lambda params: self.net.apply({"params": params}, features), params).shape
        if (height, width) != content.shape[1:3]:
            raise InputError(
                f"adain: of {content.shape[2]}x{content.shape[1]} px the decoder makes {width}x{height}. data.crop "
                f"must be a multiple of {smallest_side((self.layer,))}, so that {self.layer} loses no pixel, and "
                "net.widths have an entry for each pooling before it"
            )
        return State.start(run, params, self.optimizer)

    def step(self, state: State, encoder: Encoder, batch: Batch) -> tuple[State, Metrics]:
        """Return the state after one step, and the terms of the objective and of ``identity``, the batch's means."""
        encoder, net = encoder.computing_in(self.dtype), self.net.clone(dtype=self.dtype)
        features, targets = self.targets(encoder, batch["content"], batch["style"])

        def paint(params: Params) -> Image:
            return net.apply({"params": params}, features)

        beside = partial(self._kept, encoder, net, batch) if self.identity else None
        return perceptual_step(state, self.optimizer, self.objective, encoder, targets, paint, beside)

    def _kept(self, encoder: Encoder, net: Decoder, batch: Batch, params: Params) -> dict[str, Any]:
        """Return the terms of ``identity``, means over contents and styles; AdaIN with itself changes none."""
        assert self.identity is not None
        found: list[dict[str, Any]] = []
        for image in (batch["content"], batch["style"]):
            kept = Targets(self.identity.content_summaries(encoder, image), {}, jnp.ones((0, image.shape[0])), [])
            painted = net.apply({"params": params}, encoder(image, (self.layer,))[self.layer])
            found.append(self.identity(encoder, painted, kept)[1])
        return {f"identity_{name}": (found[0][name].mean() + found[1][name].mean()) / 2 for name in found[0]}

    def targets(self, encoder: Encoder, content: Image, style: OtherImage) -> tuple[Any, Targets]:
        """Return the features t that are decoded (FeatureMap), and what the objective compares images with."""
        read: dict[str, Any] = {"content": content, "style": style}
        for kind, image in read.items():
            layers = {layer for _, loss in self.objective.terms if loss.target == kind for layer in loss.layers}
            read[kind] = encoder(image, tuple(sorted({*layers, self.layer})))
        target = adain(read["content"][self.layer], read["style"][self.layer], self.eps, self.style_eps, self.unbiased)
        read["content"] = {**read["content"], self.layer: target}
        summaries = {
            kind: {name: loss.summarise(features) for name, loss in self.objective.terms if loss.target == kind}
            for kind, features in read.items()
        }
        style_summaries = {name: [summary] for name, summary in summaries["style"].items()}
        return target, Targets(summaries["content"], style_summaries, jnp.ones((1, target.shape[0])), [None])

    def inference(self, state: State) -> Params:
        """Return the decoder's parameters, averaged where the run averages them."""
        return state.params if state.ema is None else state.ema

    def stylize(
        self, params: Params, encoder: Encoder, content: Image, styles: Styles, *, key: Any, progress: OnProgress = None
    ) -> Image:
        """Return the decoded images; see ``Method.stylize``.

        Several styles are mixed by their weights in feature space; where one has a place, a region takes its statistics
        from the region's own positions (Huang & Belongie 2017, section 7.2).

        Raises:
            InputError: if an image is too small for the encoder, or styles, weights and masks do not fit the content.
        """
        check_styles("adain", self.takes, styles, content.shape[0])
        encoder.check((self.layer,), (content.shape[1], content.shape[2]))
        return self.paint(params, encoder, content, styles, jnp.float32(self.strength))

    def program(self, params: Params, encoder: Encoder | None, size: Size) -> Program:
        """Return the method as a function of content, style and strength, with what it needs of the encoder inside."""
        assert encoder is not None  # it takes one
        encoder.check((self.layer,), size)

        def call(content: Array, style: Array, strength: Array) -> Array:
            return self.paint(params, small(encoder, self.layer), content, [Style(style)], strength)

        height, width, *of_style = (*size, *size) if size is not None else symbols(encoder, self.layer)
        inputs = {"content": array(1, height, width, 3), "style": array(1, *of_style, 3), "strength": array()}
        return Program(inputs, call)

    def paint(self, params: Params, encoder: Encoder, content: Image, styles: Styles, strength: Any) -> Image:
        """Return the decoded images for a mix of styles; ``strength`` from 0 (content) to 1 (style), ()."""
        # A program for each size of styles and one for each size of contents, not one for each pair of sizes.
        parts = [(self._moments(encoder, each.image, each.mask), each.weight, each.where) for each in styles]
        return self._decode(params, encoder, content, parts, strength)

    @partial(jax.jit, static_argnames="self")
    def _moments(self, encoder: Encoder, style: OtherImage, mask: Any) -> Any:
        """Return the means and deviations, (b, c) each, of the style's features where ``mask`` shows them."""
        features = encoder(style, (self.layer,))[self.layer]
        mask = None if mask is None else resize_mask(mask, *features.shape[1:3])
        return mean(features, mask), std(features, self.style_eps, mask, self.unbiased)

    @partial(jax.jit, static_argnames="self")
    def _decode(self, params: Params, encoder: Encoder, content: Image, parts: list[Any], strength: Any) -> Image:
        # Poolings then lose no pixel.
        padded = pad_to_multiple(content, smallest_side((self.layer,)), "edge")
        features = encoder(padded, (self.layer,))[self.layer].astype(jnp.float32)
        _, h, w, _ = features.shape
        mixed, amount = jnp.zeros_like(features), jnp.zeros((content.shape[0], h, w, 1))
        for moments, weight, where in parts:
            where = None if where is None else resize_mask(where, h, w)
            share = weight * (jnp.ones_like(amount) if where is None else where)
            mixed += share * _renormalise(features, moments, self.eps, self.unbiased, where)
            amount += share
        # Where no style goes the content stays as it is.
        mixed = jnp.where(amount > 0, mixed / jnp.maximum(amount, 1e-6), features)
        image = self.net.apply({"params": params}, strength * mixed + (1 - strength) * features)
        return jnp.clip(image[:, : content.shape[1], : content.shape[2]], 0.0, 1.0)
