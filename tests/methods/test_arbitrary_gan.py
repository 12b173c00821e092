"""An arbitrary-style GAN's step against formulas, and its generator against AdaIN."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.losses import Objective
from styleresearch.losses.adversarial import lsgan
from styleresearch.losses.content import Feature
from styleresearch.losses.style import Gram
from styleresearch.methods.adain import AdaIN
from styleresearch.methods.arbitrary_gan import ArbitraryGAN
from styleresearch.nets import DECODERS, DISCRIMINATORS
from styleresearch.types import Style

LAYER, CONDITION = "relu2_1", "relu1_2"
# A mean and a deviation of each of the small encoder's 8 channels there.
SIZE = 16
OBJECTIVE = Objective.of({"content": (1.0, Feature((LAYER,))), "style": (10.0, Gram(("relu1_1", LAYER)))})


@pytest.fixture(scope="module")
def decoder():
    return DECODERS.build({"name": "decoder", "widths": (8,), "depths": (1,), "initial": "he"})


@pytest.fixture(scope="module")
def method(decoder, long_steps):
    return ArbitraryGAN(
        objective=OBJECTIVE,
        optimizer=long_steps,
        net=decoder,
        discriminator=DISCRIMINATORS.build(
            {"name": "patch", "width": 4, "layers": 1, "condition": SIZE, "initial": 0.2}
        ),
        adversarial=lsgan(),
        adversarial_weight=3.0,
        condition_layer=CONDITION,
        layer=LAYER,
    )


@pytest.fixture(scope="module")
def init(small_encoder, batch):
    return lambda method: jax.jit(method.init)(jax.random.key(1), small_encoder, batch)


@pytest.fixture(scope="module")
def start(method, init):
    return init(method)


@pytest.fixture(scope="module")
def stepped(method, start, small_encoder, batch):
    """Return (state, metrics) after a step."""
    return jax.jit(method.step)(start, small_encoder, batch)


@pytest.fixture(scope="module")
def described(small_encoder):
    """Return what tells the discriminator a style picture: (b, 16), the mean of its squares 1."""

    encode = jax.jit(lambda image: small_encoder(image, (CONDITION,))[CONDITION])

    def describe(style):
        features = np.asarray(encode(style), np.float64)
        moments = np.concatenate([features.mean((1, 2)), np.sqrt(features.var((1, 2)) + 1e-5)], 1)
        return jnp.asarray(moments / np.sqrt((moments**2).mean(1, keepdims=True)), jnp.float32)

    return describe


@pytest.fixture(scope="module")
def target(small_encoder):
    """Return AdaIN's target features of a batch (equation 8 of the paper)."""

    encode = jax.jit(lambda image: small_encoder(image, (LAYER,))[LAYER])

    def make(batch):
        mine, theirs = (np.asarray(encode(batch[kind])) for kind in ("content", "style"))
        means, deviations = (
            [f(features) for features in (mine, theirs)]
            for f in (
                lambda x: x.mean((1, 2), keepdims=True),
                lambda x: np.sqrt(x.var((1, 2), keepdims=True) + 1e-5),
            )
        )
        return jnp.asarray((mine - means[0]) / deviations[0] * deviations[1] + means[1])

    return make


@pytest.fixture(scope="module")
def told(decoder, target):
    """Return the discriminator's loss as a function of its parameters, by the terms that are given."""

    def loss(method, start, batch, condition=None, mismatched=None):
        painted = decoder.apply({"params": start.params["generator"]}, target(batch))

        def of(params):
            def mean_square(image, label):
                scores = method.discriminator.apply({"params": params}, image, condition)[0][-1]
                return ((scores - label) ** 2).mean()

            fake = mean_square(painted, 0)
            if mismatched is not None:
                fake = (fake + mean_square(mismatched, 0)) / 2
            return (mean_square(batch["style"], 1) + fake) / 2

        return jax.jit(jax.value_and_grad(of))(start.params["discriminator"])

    return loss


def test_false_are_painted_pictures_and_styles_with_the_statistics_of_another(
    method, long_steps, start, stepped, batch, told, described, assert_same, descended
):
    style, condition = batch["style"], described(batch["style"])
    value, gradient = told(method, start, batch, condition, style[::-1])
    state, metrics = stepped
    assert float(metrics["discriminator"]) == pytest.approx(float(value), rel=1e-4)
    assert_same(state.params["discriminator"], descended(long_steps, start.params["discriminator"], gradient))
    # They do count.
    assert abs(told(method, start, batch, condition)[0] - value) > 1e-2 * value


def test_the_generator_learns_from_the_encoder_and_the_new_discriminator(
    method, decoder, long_steps, start, stepped, batch, target, described, small_encoder, assert_same, descended
):
    state, metrics = stepped
    features, condition = target(batch), described(batch["style"])
    judge, gram = state.params["discriminator"], Gram(("relu1_1", LAYER))
    layers = ("relu1_1", LAYER)
    goal = gram.summarise(small_encoder(batch["style"], layers))

    def loss(params):
        painted = decoder.apply({"params": params}, features)
        seen = small_encoder(painted, layers)
        scores = method.discriminator.apply({"params": judge}, painted, condition)[0][-1]
        terms = {
            "content": ((seen[LAYER] - features) ** 2).mean(),
            "style": 10 * gram.compare(gram.summarise(seen), goal).mean(),
            "adversarial": 3 * ((scores - 1) ** 2).mean(),
        }
        return sum(terms.values()), terms

    gradient, terms = jax.jit(jax.grad(loss, has_aux=True))(start.params["generator"])
    for name, value in terms.items():
        assert float(metrics[name]) == pytest.approx(float(value), rel=1e-3)
    assert_same(state.params["generator"], descended(long_steps, start.params["generator"], gradient))


def test_in_a_batch_of_one_every_style_belongs(method, start, batch, told, described, small_encoder):
    one = {kind: images[:1] for kind, images in batch.items()}
    metrics = jax.jit(method.step)(start, small_encoder, one)[1]
    value = told(method, start, one, described(one["style"]))[0]
    assert float(metrics["discriminator"]) == pytest.approx(float(value), rel=1e-4)


def test_a_discriminator_may_be_told_nothing(method, init, discriminator, batch, told, small_encoder):
    method = replace(method, discriminator=discriminator)
    start = init(method)
    metrics = jax.jit(method.step)(start, small_encoder, batch)[1]
    assert float(metrics["discriminator"]) == pytest.approx(float(told(method, start, batch)[0]), rel=1e-4)


def test_another_condition_than_there_is_is_refused(method, small_encoder, batch):
    wrong = replace(method, condition_layer="relu3_1")
    message = "relu3_1 has 32 channels, so discriminator.condition must be 64 .*, or 0, not 16"
    with pytest.raises(InputError, match=f"arbitrary_gan: {message}"):
        jax.eval_shape(wrong.init, jax.random.key(0), small_encoder, batch)


def test_the_layers_that_are_read(method):
    assert set(method.layers) == {"relu1_1", LAYER, CONDITION}


def test_it_paints_as_adain_does(method, decoder, long_steps, start, small_encoder, random_image):
    content, a, b = random_image(0, 32, 40), random_image(1, 48, 32), random_image(2, 32, 32)
    left = jnp.zeros((1, 32, 40, 1)).at[:, :, :20].set(1.0)
    params = method.inference(start)
    for strength, styles in ((1.0, [Style(a)]), (0.4, [Style(a, 1.0), Style(b, 3.0)]), (1.0, [Style(a, where=left)])):
        alone = AdaIN(OBJECTIVE, long_steps, decoder, LAYER, strength=strength)
        found, expected = (
            each.stylize(params, small_encoder, content, styles, key=jax.random.key(0))
            for each in (replace(method, strength=strength), alone)
        )
        np.testing.assert_array_equal(found, expected)
        assert np.asarray(found).std() > 0


def test_bad_options_are_refused(method, generator):
    with pytest.raises(InputError, match=r"'arbitrary_gan': adversarial_weight = -1\.0 is not from 0"):
        replace(method, adversarial_weight=-1.0)
    with pytest.raises(InputError, match="arbitrary_gan: a step measures something else as discriminator_accuracy"):
        replace(method, objective=Objective.of({"discriminator_accuracy": (1.0, Feature((LAYER,)))}))
    with pytest.raises(InputError, match=r"'arbitrary_gan': strength = 2\.0 is not from 0 to 1"):
        replace(method, strength=2.0)
    with pytest.raises(InputError, match=r"'arbitrary_gan': net = Transform.* is not of type Decoder"):
        replace(method, net=generator)
