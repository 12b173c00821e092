"""Style transfer to a domain without pairs, one way: patches of the output resemble those of the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import jax
import jax.numpy as jnp

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.losses.contrastive import patch_nce
from styleresearch.methods.adversarial import DomainMethod, averaged, brightness, finished
from styleresearch.methods.base import METHODS, Batch, Metrics, State
from styleresearch.nets.projection import PatchProjection
from styleresearch.options import Between, Channels, Positive, Weight
from styleresearch.types import Image, Params, PerImage


@METHODS.register("cut")
@dataclass(frozen=True, eq=False, kw_only=True)
class CUT(DomainMethod):
    """One generator; what keeps the content is that features of a patch find those of the same patch of the input.

    The features are the generator's own, of its first half, behind a small network that is trained with it.

    Source: Park et al. 2020, "Contrastive learning for unpaired image-to-image translation".
    Differs: any generator, discriminator and adversarial loss; the layer "image" is the picture itself, in the authors'
        code with the 3 px that it is padded by.

    Attributes:
        nce_weight: of the contrastive loss; with ``identity`` of the mean of both.
        identity: whether a style picture's patches should find themselves in what the generator makes of it.
        flip: whether the generator sees every other batch mirrored, the features of which are compared mirrored back.
        layers_compared: of the generator, by the names of its layers; "image" for its pixels.
        patches: places compared in each layer, 2 or more, so that a patch has others to be told from.
        temperature: by which similarities are divided.
        projection: width of the small network.
    """

    nce_weight: Weight = 1.0
    identity: bool = True
    flip: bool = False
    layers_compared: tuple[str, ...] = ("image", "contract2", "contract3", "residual1", "residual5")
    patches: Annotated[int, Between(2, 65_536)] = 256
    temperature: Positive = 0.07
    projection: Channels = 256

    def __post_init__(self) -> None:
        name = type(self).__name__.lower()
        self._check_domain(name)
        if not self.layers_compared:
            raise InputError(f"{name}: layers_compared is empty; name at least one layer of the generator, or 'image'")

    def init(self, key: Any, encoder: Encoder, batch: Batch) -> State:
        """Return the state before the first step.

        Raises:
            InputError: if the generator lacks a layer.
        """
        key_generator, key_projection, key_discriminator, key_run = jax.random.split(key, 4)
        content, style = batch["content"], batch["style"]
        net = self.net.init(key_generator, content[:1])["params"]
        name = type(self).__name__.lower()
        unknown = [layer for layer in self.layers_compared if layer != "image" and layer not in net]
        if unknown:
            raise InputError(
                f"{name}: the generator has no layer {', '.join(map(repr, unknown))}; layers_compared may name 'image' "
                f"and {', '.join(net)}"
            )
        if self.flip and content.shape[2] % self.net.multiple:
            raise InputError(
                f"{name}: crops of {content.shape[2]} px would be padded, and their mirrored "
                f"features shifted; set data.crop to a multiple of {self.net.multiple}, or flip=False"
            )
        features = jax.eval_shape(lambda: self._seen(net, content)[1])
        patches = [jnp.zeros((1, 1, layer.shape[-1])) for layer in features]
        generator = {"net": net, "projection": self._projection().init(key_projection, patches)["params"]}
        return self._start(key_run, generator, self.discriminator.init(key_discriminator, style[:1])["params"])

    def step(self, state: State, encoder: Encoder, batch: Batch) -> tuple[State, Metrics]:
        """Return the state after one step of the discriminator, then of the generator, and their terms."""
        content, style = batch["content"], batch["style"]
        flips, places, others, random = jax.random.split(jax.random.fold_in(state.key, state.step), 4)
        mirrored = jax.random.bernoulli(flips) if self.flip else None
        shown = _mirror(content, mirrored)
        # The generator's step paints the same picture again; the compiler keeps one of the two.
        before = jax.lax.stop_gradient(self._seen(state.params["generator"]["net"], shown)[0])

        def discriminator_loss(params: Params) -> tuple[Any, Any]:
            loss, accuracy = self._discriminator_loss(params, style, before, random)
            return loss.mean(), accuracy

        state, of_discriminator = self._update_discriminator(state, discriminator_loss)
        discriminator = state.params["discriminator"]

        def generator_loss(params: Params) -> tuple[dict[str, Any], Any]:
            painted = self._seen(params["net"], shown)[0]
            share = 0.5 if self.identity else 1.0
            contrast = self._contrast(params, content, painted, places, mirrored)
            terms = {
                "adversarial": self._generator_loss(discriminator, painted),
                "nce": share * self.nce_weight * contrast,
            }
            if self.identity:
                same = self._contrast(params, style, self._seen(params["net"], style)[0], others)
                terms["identity"] = share * self.nce_weight * same
            return terms, painted

        state, measured, painted = self._update_generator(state, generator_loss)
        return finished(state), {**measured, **of_discriminator, "brightness": brightness(shown, painted)}

    def _projection(self) -> PatchProjection:
        return PatchProjection(self.projection)

    def _seen(self, params: Params, image: Image) -> tuple[Image, list[Any]]:
        """Return the generator's images, and the features that are compared, as training computes them."""
        net, names = self.net.clone(dtype=self.dtype), self.layers_compared
        output, found = net.apply(
            {"params": params},
            image,
            capture_intermediates=lambda module, _: module.name in names,
            mutable=["intermediates"],
        )
        seen = found.get("intermediates", {})
        # Pixels as networks read them, from -1 to 1.
        return output, [
            2 * image - 1 if name == "image" else seen[name]["__call__"][0] for name in self.layers_compared
        ]

    def _contrast(self, params: Params, source: Image, painted: Image, key: Any, mirrored: Any = None) -> PerImage:
        """Return PatchNCE, the mean over layers, of painted pictures against those they were painted from."""
        keys = jax.random.split(key, len(self.layers_compared))
        queries, positives = [], []
        for places, query, positive in zip(
            keys, self._seen(params["net"], painted)[1], self._seen(params["net"], source)[1], strict=True
        ):
            b, h, w, c = positive.shape
            chosen = jax.random.permutation(places, h * w)[: self.patches]
            queries.append(_mirror(query, mirrored).reshape(b, h * w, c)[:, chosen])
            positives.append(positive.reshape(b, h * w, c)[:, chosen])
        project = self._projection()
        compared = zip(
            *(project.apply({"params": params["projection"]}, patches) for patches in (queries, positives)), strict=True
        )
        values = [patch_nce(query, positive, self.temperature) for query, positive in compared]
        return sum(values, jnp.zeros(())) / len(values)

    def inference(self, state: State) -> Params:
        """Return the generator's parameters, averaged where the run averages them."""
        return averaged(state)["net"]

    def generator_params(self, params: Params) -> Params:
        """Return the generator's: all of them."""
        return params


@METHODS.register("fastcut")
@dataclass(frozen=True, eq=False, kw_only=True)
class FastCUT(CUT):
    """CUT without the identity term, with a tenfold weight and mirrored batches: faster, and further from the content.

    Source: Park et al. 2020, section 4.1 ("FastCUT").
    Differs: as ``cut``.
    """

    nce_weight: Weight = 10.0
    identity: bool = False
    flip: bool = True


def _mirror(image: Any, mirrored: Any) -> Any:
    """Return images left to right where ``mirrored``, a boolean, says so."""
    return image if mirrored is None else jnp.where(mirrored, image[:, :, ::-1], image)
