"""Pix2pix' step against the paper's formulas."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.losses.adversarial import lsgan
from styleresearch.methods.pix2pix import Pix2Pix
from styleresearch.nets import NETS


@pytest.fixture(scope="module")
def method(generator, discriminator, long_steps):
    return Pix2Pix(
        optimizer=long_steps,
        net=generator,
        discriminator=discriminator,
        adversarial=lsgan(),
        matching_weight=7.0,
    )


@pytest.fixture(scope="module")
def start(method, small_encoder, batch):
    return jax.jit(method.init)(jax.random.key(1), small_encoder, batch)


@pytest.fixture(scope="module")
def stepped(method, start, small_encoder, batch):
    """Return (state, metrics) after a step."""
    return jax.jit(method.step)(start, small_encoder, batch)


@pytest.fixture(scope="module")
def paint(generator):
    return lambda params, image: generator.apply({"params": params}, image)


@pytest.fixture(scope="module")
def judge(discriminator):
    """Return the activations of the discriminator's layers for a picture beside its content, the scores last."""
    return lambda params, content, image: discriminator.apply(
        {"params": params}, jnp.concatenate([content, image], -1)
    )[0]


def test_the_discriminator_learns_first_and_sees_the_content(
    long_steps, start, stepped, batch, paint, judge, assert_same, descended
):
    content, style = batch["content"], batch["style"]

    def loss(params):
        on_real = judge(params, content, style)[-1]
        on_fake = judge(params, content, paint(start.params["generator"], content))[-1]
        return 0.5 * (((on_real - 1) ** 2).mean() + (on_fake**2).mean())

    value, gradient = jax.jit(jax.value_and_grad(loss))(start.params["discriminator"])
    state, metrics = stepped
    assert float(metrics["discriminator"]) == pytest.approx(float(value), rel=1e-4)
    assert_same(state.params["discriminator"], descended(long_steps, start.params["discriminator"], gradient))


def test_the_generator_learns_from_the_new_discriminator(
    long_steps, start, stepped, batch, paint, judge, assert_same, descended
):
    content, style = batch["content"], batch["style"]
    state, metrics = stepped
    of_judge = state.params["discriminator"]

    def loss(params):
        painted = paint(params, content)
        *seen, scores = judge(of_judge, content, painted)
        *real, _ = judge(of_judge, content, style)
        terms = {
            "adversarial": ((scores - 1) ** 2).mean(),
            "l1": 100 * jnp.abs((2 * painted - 1) - (2 * style - 1)).mean(),
            "matching": 7 * sum(jnp.abs(a - b).mean() for a, b in zip(seen, real, strict=True)),
        }
        return sum(terms.values()), terms

    gradient, terms = jax.jit(jax.grad(loss, has_aux=True))(start.params["generator"])
    for name, value in terms.items():
        assert float(metrics[name]) == pytest.approx(float(value), rel=1e-4)
    assert_same(state.params["generator"], descended(long_steps, start.params["generator"], gradient))


def test_without_a_weight_there_is_no_feature_matching(method, start, small_encoder, batch):
    def terms(**options):
        return set(jax.eval_shape(replace(method, **options).step, start, small_encoder, batch)[1])

    assert terms() - terms(matching_weight=0.0) == {"matching"}
    assert terms(matching_weight=0.0) < terms()


@pytest.mark.slow
def test_dropout_is_of_training_only(method, small_encoder, random_image):
    net = NETS.build({"name": "unet", "width": 1, "downs": 6, "dropout": True})
    method = replace(method, net=net, matching_weight=0.0)
    batch = {"content": random_image(5, 64, 64, 2), "style": random_image(6, 64, 64, 2)}
    start = jax.jit(method.init)(jax.random.key(0), small_encoder, batch)
    step = jax.jit(method.step)

    def measured(key, number):
        state = start.replace(key=jax.random.key(key), step=jnp.int32(number))
        metrics = step(state, small_encoder, batch)[1]
        return float(metrics["l1"]), float(metrics["discriminator"])

    once, again, other_key, other_step = (measured(*place) for place in ((0, 0), (0, 0), (1, 0), (0, 1)))
    assert once == again
    for other in (other_key, other_step):
        assert once[0] != other[0]
        assert once[1] != other[1]

    params = method.inference(start)
    outputs = [method.stylize(params, None, batch["content"], [], key=jax.random.key(key)) for key in (0, 1)]
    np.testing.assert_array_equal(*outputs)


def test_pairs_are_needed_and_no_style():
    assert Pix2Pix.reads.styles == "pairs"
    assert Pix2Pix.takes.styles == "none"
    # Outlines are dark where the picture is light: that is no fault.
    assert "brightness" not in {alarm.metric for alarm in Pix2Pix.alarms}


def test_bad_options_are_refused(method):
    for option in ("l1_weight", "matching_weight"):
        with pytest.raises(InputError, match=rf"'pix2pix': {option} = -1\.0 is not from 0"):
            replace(method, **{option: -1.0})
