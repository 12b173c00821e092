"""Adaptive instance normalisation against oracles in numpy, and the method around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.encoder.encoder import ENCODERS
from styleresearch.errors import InputError
from styleresearch.losses import Objective
from styleresearch.losses.content import Feature
from styleresearch.losses.style import Gram
from styleresearch.methods.adain import AdaIN, adain
from styleresearch.methods.base import State
from styleresearch.nets import DECODERS, NETS, Decoder
from styleresearch.optim.optimizers import Adam
from styleresearch.types import Style

LAYER = "relu2_1"


class Window(Decoder):
    """A decoder whose image shows three channels of its features, so that a test can read them."""

    scale: float = 1e-3

    def __call__(self, features: Any) -> Any:
        return 0.5 + self.scale * jnp.repeat(jnp.repeat(features[..., :3], 2, 1), 2, 2)

    def read(self, image: Any) -> np.ndarray:
        return (np.asarray(image)[:, ::2, ::2] - 0.5) / self.scale


@pytest.fixture(scope="module")
def method() -> AdaIN:
    return AdaIN(Objective.of({"content": (1.0, Feature((LAYER,)))}), Adam(), Window(), LAYER)


@pytest.fixture(scope="module")
def encode(small_encoder):
    jitted = jax.jit(lambda image: small_encoder(image, (LAYER,))[LAYER])
    return lambda image: np.asarray(jitted(image), np.float64)


@pytest.fixture(scope="module")
def stylize(method, small_encoder):
    def run(content, style, **options):
        styles = style if isinstance(style, list) else [Style(style)]
        return (replace(method, **options) if options else method).stylize(
            {}, small_encoder, content, styles, key=jax.random.key(0)
        )

    return run


def features(seed, h, w, c=5):
    rng = np.random.default_rng(seed)
    return rng.normal(rng.normal(size=c) * 3, rng.uniform(0.1, 4, c), (2, h, w, c)).astype(np.float32)


def oracle(content, style, eps=1e-5, style_eps=1e-5, unbiased=False, where=None, mask=None):
    """Equation 8 in float64, one image and channel at a time; masks are boolean (h, w)."""
    out = np.zeros_like(content, np.float64)
    for b, c in np.ndindex(content.shape[0], content.shape[3]):
        mine = content[b, :, :, c].astype(np.float64)
        theirs = style[b, :, :, c].astype(np.float64)
        inside = mine if where is None else mine[where]
        taken = theirs if mask is None else theirs[mask]
        deviation = np.sqrt(inside.var(ddof=int(unbiased)) + eps)
        out[b, :, :, c] = np.sqrt(taken.var(ddof=int(unbiased)) + style_eps) * (mine - inside.mean()) / deviation
        out[b, :, :, c] += taken.mean()
    return out


# Training


def test_identity_asks_a_picture_painted_with_itself_to_stay(method, small_encoder, encode, random_image):
    batch = {"content": random_image(1, 32, 32), "style": random_image(2, 32, 32)}
    identity = Objective.of({"pixels": (3.0, Feature(("image",))), "features": (0.5, Feature((LAYER,)))})
    state = State.start(jax.random.key(0), {"unused": jnp.zeros(())}, Adam())
    assert set(replace(method, identity=identity).layers) == {"image", LAYER}
    _, before = jax.jit(method.step)(state, small_encoder, batch)
    _, after = jax.jit(replace(method, identity=identity).step)(state, small_encoder, batch)
    painted = {kind: np.asarray(Window().apply({"params": {}}, encode(image))) for kind, image in batch.items()}
    pixels = [((painted[kind] - np.asarray(image)) ** 2).mean() for kind, image in batch.items()]
    inside = [((encode(jnp.float32(painted[kind])) - encode(image)) ** 2).mean() for kind, image in batch.items()]
    assert float(after["identity_pixels"]) == pytest.approx(3.0 * np.mean(pixels), rel=1e-4)
    assert float(after["identity_features"]) == pytest.approx(0.5 * np.mean(inside), rel=1e-4)
    added = float(after["identity_pixels"] + after["identity_features"])
    assert float(after["total"] - before["total"]) == pytest.approx(added, rel=1e-3)
    assert set(after) - set(before) == {"identity_pixels", "identity_features"}


def test_identity_takes_terms_that_compare_with_the_content():
    objective = Objective.of({"content": (1.0, Feature((LAYER,)))})
    style = Objective.of({"colours": (1.0, Gram((LAYER,)))})
    with pytest.raises(InputError, match=r"identity\.colours does not compare with the content"):
        AdaIN(objective, Adam(), Window(), LAYER, identity=style)


# The function


@pytest.mark.parametrize("unbiased", [False, True])
@pytest.mark.parametrize(("eps", "style_eps"), [(1e-5, 1e-5), (1e-5, 0.0), (0.5, 2.0)])
def test_equation_8(unbiased, eps, style_eps):
    content, style = features(0, 6, 7), features(1, 9, 4)
    found = adain(jnp.asarray(content), jnp.asarray(style), eps, style_eps, unbiased)
    np.testing.assert_allclose(found, oracle(content, style, eps, style_eps, unbiased), rtol=1e-4, atol=1e-4)


def test_the_options_matter():
    content, style = jnp.asarray(features(0, 3, 3)), jnp.asarray(features(1, 3, 4))
    plain = adain(content, style)
    for other in ({"eps": 0.5}, {"style_eps": 0.5}, {"unbiased": True}):
        assert not np.allclose(adain(content, style, **other), plain, atol=1e-3)


def test_the_result_has_the_styles_statistics():
    content, style = features(0, 16, 16), features(1, 9, 13)
    found = np.asarray(adain(jnp.asarray(content), jnp.asarray(style)))
    np.testing.assert_allclose(found.mean((1, 2)), style.mean((1, 2)), atol=1e-4)
    np.testing.assert_allclose(found.std((1, 2)), style.std((1, 2)), rtol=1e-3)


def test_features_with_their_own_statistics_stay():
    content = jnp.asarray(features(0, 8, 8))
    np.testing.assert_allclose(adain(content, content), content, atol=1e-4)


def test_a_constant_channel_takes_the_styles_mean():
    content = jnp.full((1, 4, 4, 2), 3.0)
    style = jnp.asarray(features(1, 5, 5, 2)[:1])
    expected = np.broadcast_to(np.asarray(style).mean((1, 2))[:, None, None], content.shape)
    np.testing.assert_allclose(adain(content, style), expected, atol=1e-4)


def test_masks_take_statistics_of_their_places():
    content, style = features(0, 6, 8), features(1, 7, 5)
    where, mask = np.zeros((6, 8), bool), np.zeros((7, 5), bool)
    where[1:4, 2:7], mask[:, 3:] = True, True
    as_mask = [jnp.asarray(np.broadcast_to(m[None, :, :, None], (2, *m.shape, 1)), jnp.float32) for m in (where, mask)]
    found = np.asarray(adain(jnp.asarray(content), jnp.asarray(style), where=as_mask[0], mask=as_mask[1]))
    np.testing.assert_allclose(found, oracle(content, style, where=where, mask=mask), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found[:, where].mean(1), style[:, mask].mean(1), atol=1e-3)
    np.testing.assert_allclose(found[:, where].std(1), style[:, mask].std(1), rtol=1e-3)


def test_bfloat16_features_keep_float32_statistics():
    content, style = (jnp.asarray(features(seed, 16, 16) + 100, jnp.bfloat16) for seed in (0, 1))
    found = adain(content, style)
    assert found.dtype == jnp.float32
    exact = oracle(np.asarray(content, np.float32), np.asarray(style, np.float32))
    np.testing.assert_allclose(found, exact, atol=0.01)


# The method


def test_strength_goes_from_the_content_to_the_style(stylize, encode, random_image):
    content, style = random_image(0), random_image(1, 48, 32)
    mine, theirs = encode(content), encode(style)
    for strength in (0.0, 0.3, 1.0):
        expected = strength * oracle(mine, theirs) + (1 - strength) * mine
        found = Window().read(stylize(content, style, strength=strength))
        np.testing.assert_allclose(found, np.clip(expected[..., :3], -500, 500), atol=0.05)
    assert np.abs(oracle(mine, theirs) - mine)[..., :3].max() > 0.5


def test_styles_are_mixed_by_their_weights(stylize, encode, random_image):
    content, a, b = random_image(0), random_image(1, 48, 32), random_image(2, 32, 32)
    found = Window().read(stylize(content, [Style(a, 2.0), Style(b, 6.0)]))
    expected = 0.25 * oracle(encode(content), encode(a)) + 0.75 * oracle(encode(content), encode(b))
    np.testing.assert_allclose(found, expected[..., :3], atol=0.05)
    # Only ratios count.
    again = Window().read(stylize(content, [Style(a, 0.5), Style(b, 1.5)]))
    np.testing.assert_allclose(again, found, atol=0.01)


def test_places_have_styles_of_their_own(stylize, encode, random_image):
    content, a, b = random_image(0), random_image(1, 48, 32), random_image(2, 32, 32)
    left = jnp.zeros((1, 32, 40, 1)).at[:, :, :20].set(1.0)
    found = Window().read(stylize(content, [Style(a, where=left), Style(b, where=1 - left)]))
    mine = encode(content)
    side = np.zeros(mine.shape[1:3], bool)
    side[:, :10] = True
    expected = np.where(
        side[None, :, :, None], oracle(mine, encode(a), where=side), oracle(mine, encode(b), where=~side)
    )
    np.testing.assert_allclose(found[:, :, :9], expected[:, :, :9, :3], atol=0.05)
    np.testing.assert_allclose(found[:, :, 11:], expected[:, :, 11:, :3], atol=0.05)
    # Where no style goes the content stays.
    alone = Window().read(stylize(content, [Style(a, where=left)]))
    np.testing.assert_allclose(alone[:, :, 11:], mine[:, :, 11:, :3], atol=0.05)
    np.testing.assert_allclose(alone[:, :, :9], found[:, :, :9], atol=0.05)


def test_a_part_of_the_style_picture(stylize, encode, random_image):
    content, style = random_image(0), random_image(1, 48, 32)
    top = jnp.zeros((1, 48, 32, 1)).at[:, :24].set(1.0)
    found = Window().read(stylize(content, [Style(style, mask=top)]))
    half = np.zeros(encode(style).shape[1:3], bool)
    half[:12] = True
    np.testing.assert_allclose(found, oracle(encode(content), encode(style), mask=half)[..., :3], atol=0.05)


@pytest.mark.parametrize("size", [(32, 40), (37, 45), (33, 32)])
def test_any_size_comes_back(stylize, random_image, size):
    output = stylize(random_image(0, *size), random_image(1, 51, 35))
    assert output.shape == (1, *size, 3)
    assert jnp.isfinite(output).all()


def test_a_batch_is_its_images(stylize, random_image):
    content, style = random_image(0, batch=3), random_image(1, 48, 32, 3)
    together = stylize(content, style)
    for i in range(3):
        alone = stylize(content[i : i + 1], style[i : i + 1])
        np.testing.assert_allclose(together[i], alone[0], atol=1e-5)


def test_what_cannot_be_is_refused(stylize, random_image):
    content, style = random_image(0), random_image(1, 48, 32)
    with pytest.raises(InputError, match="needs a style image, none came"):
        stylize(content, [])
    with pytest.raises(InputError, match="where is a batch of 2, the content of 1"):
        stylize(content, [Style(style, where=jnp.ones((2, 32, 40, 1)))])
    with pytest.raises(InputError, match=r"weight -1\.0 is negative"):
        stylize(content, [Style(style, -1.0)])
    with pytest.raises(InputError, match="no style has both a weight above 0 and a place to go"):
        stylize(content, [Style(style, 0.0)])
    with pytest.raises(InputError, match="shows nothing of the style image"):
        stylize(content, [Style(style, mask=jnp.zeros((1, 48, 32, 1)))])
    with pytest.raises(InputError, match=r"strength = 1\.5 is not from 0 to 1"):
        stylize(content, style, strength=1.5)
    with pytest.raises(InputError, match=r"style_eps = -1\.0 is not from 0"):
        stylize(content, style, style_eps=-1.0)
    with pytest.raises(InputError, match=r"net = .*Transform.* is not of type Decoder"):
        stylize(content, style, net=NETS.build({"name": "transform"}))


@pytest.mark.parametrize(("side", "widths"), [(31, (8,)), (32, (8, 8))])
def test_a_decoder_that_paints_another_size_is_refused(method, small_encoder, side, widths):
    net = DECODERS.build({"name": "decoder", "widths": widths, "depths": (1,) * len(widths)})
    made = side // 2 * 2 ** len(widths)
    message = f"of {side}x{side} px the decoder makes {made}x{made}. data.crop must be a multiple of 2"
    with pytest.raises(InputError, match=message):
        replace(method, net=net).init(jax.random.key(0), small_encoder, {"content": jnp.zeros((1, side, side, 3))})


@pytest.mark.parametrize(("name", "layer"), [("efficientnet_lite0", "stage3"), ("alexnet", "relu2")])
def test_an_encoder_whose_poolings_no_decoder_undoes_is_refused(method, name, layer):
    encoder = ENCODERS.build({"name": name, "weights": "random", "width": 0.1})
    with pytest.raises(InputError, match=f"undoes VGG's poolings, and {name} has others; name vgg16 or vgg19"):
        replace(method, layer=layer).init(jax.random.key(0), encoder, {"content": jnp.zeros((1, 32, 32, 3))})
