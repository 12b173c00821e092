"""What methods with a discriminator share, with networks whose gradients are known in closed form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.losses.adversarial import lsgan, wasserstein
from styleresearch.losses.penalty import gradient_penalty, r1
from styleresearch.methods.adversarial import averaged, brightness, distance
from styleresearch.methods.base import METHODS
from styleresearch.methods.pix2pix import Pix2Pix
from styleresearch.nets import DECODERS, NETS, Discriminator, Net
from styleresearch.optim.optimizers import Adam

SIDE = 8


class Shift(Net):
    """A generator that makes everything lighter by its parameter."""

    @nn.compact
    def __call__(self, image: Any) -> Any:
        return image + self.param("shift", nn.initializers.zeros, ())


class Lightness(Discriminator):
    """A discriminator whose scores are a factor times the mean of the picture's channels, and those of every second."""

    factor: float = 1.0

    @nn.compact
    def __call__(self, pair: Any, condition: Any = None) -> Any:
        factor = self.param("factor", nn.initializers.constant(self.factor), ())
        scores = factor * pair[..., 3:].mean(-1, keepdims=True)
        return (scores,), (scores[:, ::2, ::2],)


@pytest.fixture(scope="module")
def method():
    return Pix2Pix(optimizer=Adam(0.1), net=Shift(), discriminator=Lightness(), adversarial=lsgan())


@pytest.fixture(scope="module")
def take(small_encoder):
    """Return (start, state, metrics): one step of a method on content and style pictures."""

    def run(method, content, style):
        start = method.init(jax.random.key(0), small_encoder, {"content": content, "style": style})
        return start, *jax.jit(method.step)(start, small_encoder, {"content": content, "style": style})

    return run


def gray(value):
    return jnp.full((2, SIDE, SIDE, 3), value)


# What a step measures


def test_the_discriminators_accuracy_is_the_share_of_places_told_apart(method, take):
    content = gray(0.5)
    left = jnp.concatenate([gray(0.9)[:, :, : SIDE // 2], gray(0.1)[:, :, SIDE // 2 :]], 2)
    for style, expected in ((gray(0.9), 1.0), (gray(0.1), 0.0), (left, 0.5), (content, 0.0)):
        assert float(take(method, content, style)[2]["discriminator_accuracy"]) == expected


def test_the_discriminators_accuracy_is_the_mean_over_scales(method, take):
    # Lighter at every second row and column only: a quarter of the places of one scale, all of the other.
    style = gray(0.1).at[:, ::2, ::2].set(0.9)
    assert float(take(method, gray(0.5), style)[2]["discriminator_accuracy"]) == pytest.approx((0.25 + 1) / 2)


def test_brightness_is_a_correlation(random_image):
    content, painted = random_image(0, 12, 9, 3), random_image(1, 12, 9, 3)
    painted = 0.5 * content + 0.5 * painted
    expected = [
        np.corrcoef(np.asarray(a).mean(-1).ravel(), np.asarray(b).mean(-1).ravel())[0, 1]
        for a, b in zip(content, painted, strict=True)
    ]
    assert 0.1 < np.mean(expected) < 0.99
    assert float(brightness(content, painted)) == pytest.approx(np.mean(expected), abs=1e-5)


def test_brightness_of_known_pictures(random_image):
    content = random_image(0, 12, 9, 2)
    assert float(brightness(content, content)) == pytest.approx(1, abs=1e-5)
    assert float(brightness(content, 1 - content)) == pytest.approx(-1, abs=1e-5)
    assert float(brightness(content, 0.2 + 0.1 * content)) == pytest.approx(1, abs=1e-5)
    for flat in (jnp.zeros_like(content), jnp.full_like(content, 0.3)):
        assert float(brightness(content, flat)) == pytest.approx(0, abs=1e-3)
        assert float(brightness(flat, flat)) == pytest.approx(0, abs=1e-3)


def test_distance_is_of_signed_pixels(random_image):
    a, b = (np.asarray(random_image(seed, 12, 9, 2)) for seed in (0, 1))
    expected = np.abs((2 * a - 1) - (2 * b - 1)).mean((1, 2, 3))
    np.testing.assert_allclose(distance(jnp.asarray(a), jnp.asarray(b)), expected, rtol=1e-5)


# What a step learns


def test_each_part_has_its_optimiser(method, take):
    # Adam's first step is as long as its learning rate.
    for given, expected in ((None, 0.1), (Adam(0.003), 0.003)):
        start, state, _ = take(replace(method, discriminator_optimizer=given), gray(0.3), gray(0.8))
        moved = jax.tree.map(lambda new, old: abs(float(new - old)), state.params, start.params)
        assert moved["generator"]["shift"] == pytest.approx(0.1, rel=1e-3)
        assert moved["discriminator"]["factor"] == pytest.approx(expected, rel=1e-3)


def test_the_discriminators_loss_is_half_the_sum_of_both(method, take):
    factor, content, style = 0.7, 0.3, 0.8
    _, _, metrics = take(replace(method, discriminator=Lightness(factor)), gray(content), gray(style))
    loss = 0.5 * ((factor * style - 1) ** 2 + (factor * content) ** 2)
    slope = (factor * style - 1) * style + factor * content * content
    assert float(metrics["discriminator"]) == pytest.approx(loss, rel=1e-5)
    assert float(metrics["discriminator_gradient_norm"]) == pytest.approx(abs(slope), rel=1e-5)


def squared_slope(factor):
    """Return the squared slope of the summed scores of one picture.

    A channel counts for a third of a score, and in every fourth pixel for two thirds: it is in both scales.
    """
    return SIDE**2 * 3 * (3 * (factor / 3) ** 2 + (2 * factor / 3) ** 2) / 4


def test_a_penalty_is_part_of_the_discriminators_loss_and_halved_with_it(method, take):
    # A critic that is linear in pixels has the same slope everywhere.
    factor, images = 0.7, (gray(0.3), gray(0.8))
    method = replace(method, discriminator=Lightness(factor), adversarial=wasserstein())
    _, bare, without = take(method, *images)
    slope = squared_slope(factor) ** 0.5
    for penalty, expected, gradient in (
        (r1(6.0), 1.5 * slope**2, 3 * slope**2 / factor),
        (gradient_penalty(6.0), 3 * (slope - 1) ** 2, 6 * (slope - 1) * slope / factor),
    ):
        _, state, metrics = take(replace(method, penalty=penalty), *images)
        assert float(metrics["discriminator"] - without["discriminator"]) == pytest.approx(expected, rel=1e-4)
        # Without: the mean of painted minus that of real pictures, halved.
        assert float(metrics["discriminator_gradient_norm"]) == pytest.approx(abs(gradient - 0.25), rel=1e-4)
        assert float(state.params["discriminator"]["factor"]) < factor < float(bare.params["discriminator"]["factor"])


def test_averages_go_first(method, take):
    _, state, _ = take(method, gray(0.3), gray(0.8))
    assert averaged(state) == state.params["generator"]
    assert averaged(state, "discriminator") == state.params["discriminator"]
    mean = {"generator": {"shift": 1.0}, "discriminator": {"factor": 2.0}}
    state = state.replace(ema=mean)
    assert averaged(state) == method.inference(state) == mean["generator"]
    assert averaged(state, "discriminator") == mean["discriminator"]


@pytest.mark.parametrize("name", ["cyclegan", "cut", "fastcut", "pix2pix"])
def test_generators_that_do_not_fit_are_refused(method, name):
    given = {"optimizer": Adam(), "discriminator": Lightness(), "adversarial": lsgan()}
    with pytest.raises(InputError, match=rf"method '{name}': net = .*MirroredVGG.* is not of type Net"):
        METHODS.build({"name": name, **given, "net": DECODERS.build({"name": "decoder"})})
    with pytest.raises(InputError, match=rf"{name}: it paints one domain, so net.styles must be 1, got 2"):
        METHODS.build({"name": name, **given, "net": NETS.build({"name": "transform", "styles": 2})})


@pytest.mark.parametrize("name", ["cyclegan", "cut", "fastcut", "pix2pix"])
def test_what_is_no_discriminator_is_refused(name):
    given = {"optimizer": Adam(), "net": NETS.build({"name": "resnet"}), "adversarial": lsgan()}
    for wrong in ("patch", NETS.build({"name": "unet"})):
        with pytest.raises(InputError, match=rf"method '{name}': discriminator = .* is not of type Discriminator"):
            METHODS.build({"name": name, **given, "discriminator": wrong})


@pytest.mark.parametrize(
    ("name", "weight"), [("cyclegan", "cycle_weight"), ("cut", "nce_weight"), ("pix2pix", "l1_weight")]
)
@pytest.mark.parametrize("value", [-1.0, float("inf"), float("nan")])
def test_weights_are_finite_and_not_negative(name, weight, value):
    given = {"optimizer": Adam(), "net": NETS.build({"name": "resnet"}), "adversarial": lsgan()}
    with pytest.raises(InputError, match=rf"'{name}': {weight} = \S+ is not (from 0|a finite number)"):
        METHODS.build({"name": name, **given, "discriminator": Lightness(), weight: value})
