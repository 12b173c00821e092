"""CUT's step, and FastCUT's, against the paper's formulas over all places of every layer."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from styleresearch.errors import InputError
from styleresearch.losses.adversarial import lsgan
from styleresearch.methods.cut import CUT, FastCUT
from styleresearch.nets import NETS

LAYERS = ("image", "contract2", "residual1")
# More patches than there are places: every place is compared, in whatever order.
OPTIONS = {"layers_compared": LAYERS, "patches": 2000, "projection": 16}


@pytest.fixture(scope="module")
def method(generator, discriminator, long_steps):
    return CUT(optimizer=long_steps, net=generator, discriminator=discriminator, adversarial=lsgan(), **OPTIONS)


@pytest.fixture(scope="module")
def batch(batch):
    """Small, so that all places of the image can be compared."""
    return jax.tree.map(lambda image: image[:, 4:24, 4:24], batch)


@pytest.fixture(scope="module")
def start(method, small_encoder, batch):
    return jax.jit(method.init)(jax.random.key(1), small_encoder, batch)


@pytest.fixture(scope="module")
def stepped(method, start, small_encoder, batch):
    """Return (state, metrics) after a step."""
    return jax.jit(method.step)(start, small_encoder, batch)


@pytest.fixture(scope="module")
def paint(generator):
    return lambda params, image: generator.apply({"params": params["net"]}, image)


@pytest.fixture(scope="module")
def judge(discriminator):
    return lambda params, image: discriminator.apply({"params": params}, image)[0][-1]


@pytest.fixture(scope="module")
def features(generator):
    """Return the compared activations of the generator's layers, (b, h, w, c) each."""

    def read(params, image):
        everything = generator.apply({"params": params["net"]}, image, capture_intermediates=True, mutable=True)[1]
        inside = everything["intermediates"]
        return [2 * image - 1, *(inside[name]["__call__"][0] for name in LAYERS[1:])]

    return read


def contrast(params, queries, positives, move=0.0):
    """Return PatchNCE of (b, h, w, c) activations over all their places, the mean over layers and images.

    Positives stay where they are, and with ``move=1`` they learn as well.
    """
    values = []
    for index, pair in enumerate(zip(queries, positives, strict=True), 1):
        vectors = []
        for x in pair:
            x = x.reshape(x.shape[0], -1, x.shape[-1])
            for name in ("hidden", "output"):
                layer = params["projection"][f"{name}{index}"]
                x = x @ layer["kernel"] + layer["bias"][None, None]
                x = jnp.maximum(x, 0) if name == "hidden" else x
            vectors.append(x / jnp.sqrt((x**2).sum(-1, keepdims=True) + 1e-14))
        positive = move * vectors[1] + (1 - move) * jax.lax.stop_gradient(vectors[1])
        logits = jnp.einsum("bqc,bkc->bqk", vectors[0], positive) / 0.07
        own = jnp.diagonal(jax.nn.log_softmax(logits, -1), axis1=1, axis2=2)
        values.append(-own.mean())
    return sum(values) / len(values)


def test_the_discriminator_learns_first(long_steps, start, stepped, batch, paint, judge, assert_same, descended):
    def loss(params):
        fake = paint(start.params["generator"], batch["content"])
        return 0.5 * (((judge(params, batch["style"]) - 1) ** 2).mean() + (judge(params, fake) ** 2).mean())

    value, gradient = jax.jit(jax.value_and_grad(loss))(start.params["discriminator"])
    state, metrics = stepped
    assert float(metrics["discriminator"]) == pytest.approx(float(value), rel=1e-4)
    assert_same(state.params["discriminator"], descended(long_steps, start.params["discriminator"], gradient))


def test_the_generator_learns_from_the_new_discriminator(
    long_steps, start, stepped, batch, paint, judge, features, assert_same, descended
):
    state, metrics = stepped

    def loss(params, move):
        painted, same = paint(params, batch["content"]), paint(params, batch["style"])
        terms = {
            "adversarial": ((judge(state.params["discriminator"], painted) - 1) ** 2).mean(),
            "nce": 0.5 * contrast(params, features(params, painted), features(params, batch["content"]), move),
            "identity": 0.5 * contrast(params, features(params, same), features(params, batch["style"]), move),
        }
        return sum(terms.values()), terms

    learned = jax.jit(jax.grad(loss, has_aux=True))
    gradient, terms = learned(start.params["generator"], 0.0)
    assert set(metrics) > set(terms)
    for name, value in terms.items():
        assert float(metrics[name]) == pytest.approx(float(value), rel=1e-4)
    expected = descended(long_steps, start.params["generator"], gradient)
    assert_same(state.params["generator"], expected)
    # What the query is to find does not come to meet it: with its gradient the projection would learn otherwise.
    other = learned(start.params["generator"], 1.0)[0]["projection"]
    assert optax.tree.norm(optax.tree.sub(other, gradient["projection"])) > 0.05 * optax.tree.norm(other)


def test_fastcut_compares_mirrored_pictures_mirrored_back(
    generator, discriminator, long_steps, start, small_encoder, batch, paint, features
):
    method = FastCUT(optimizer=long_steps, net=generator, discriminator=discriminator, adversarial=lsgan(), **OPTIONS)

    def mirror(image):
        return image[:, :, ::-1]

    @jax.jit
    def expected(params):
        content = batch["content"]
        positives = features(params, content)
        plain = features(params, paint(params, content))
        mirrored = [mirror(x) for x in features(params, paint(params, mirror(content)))]
        return [10 * contrast(params, queries, positives) for queries in (plain, mirrored)]

    plain, mirrored = map(float, expected(start.params["generator"]))
    assert abs(plain - mirrored) > 1e-3 * plain
    assert "identity" not in jax.eval_shape(method.step, start, small_encoder, batch)[1]
    # Only what is looked at is compiled: no gradient.
    nce = jax.jit(lambda key: method.step(start.replace(key=key), small_encoder, batch)[1]["nce"])
    found = [float(nce(jax.random.key(key))) for key in range(8)]
    flipped = [abs(value - mirrored) < abs(value - plain) for value in found]
    np.testing.assert_allclose(found, np.where(flipped, mirrored, plain), rtol=1e-5)
    assert 1 <= sum(flipped) <= 7


def test_what_fastcut_is(generator, discriminator, long_steps):
    given = {"optimizer": long_steps, "net": generator, "discriminator": discriminator, "adversarial": lsgan()}
    cut, fast = CUT(**given), FastCUT(**given)
    assert (cut.nce_weight, cut.identity, cut.flip) == (1.0, True, False)
    assert (fast.nce_weight, fast.identity, fast.flip) == (10.0, False, True)
    assert fast.layers_compared == cut.layers_compared
    assert (fast.patches, fast.temperature, fast.projection) == (256, 0.07, 256)


def test_only_the_painting_network_is_kept(method, start):
    mean = jax.tree.map(lambda leaf: leaf + 1, start.params)
    assert method.inference(start) is start.params["generator"]["net"]
    assert method.inference(start.replace(ema=mean)) is mean["generator"]["net"]


def test_layers_that_the_generator_lacks_are_refused(method, small_encoder, batch):
    wrong = replace(method, layers_compared=("image", "contract2", "residual5", "deep"))
    message = (
        r"has no layer 'residual5', 'deep'; layers_compared may name 'image' and contract1, contract2, .*residual1"
    )
    with pytest.raises(InputError, match=message):
        jax.eval_shape(wrong.init, jax.random.key(0), small_encoder, batch)
    other = replace(method, net=NETS.build({"name": "unet", "width": 2, "downs": 2}), layers_compared=("residual1",))
    with pytest.raises(InputError, match=r"no layer 'residual1'; .* down1, down2, .*up1"):
        jax.eval_shape(other.init, jax.random.key(0), small_encoder, batch)


def test_crops_that_do_not_mirror_are_refused(method, small_encoder, batch):
    odd = {kind: images[:, :, :18] for kind, images in batch.items()}
    with pytest.raises(InputError, match=r"cut: crops of 18 px would be padded.*data.crop to a multiple of 4"):
        jax.eval_shape(replace(method, flip=True).init, jax.random.key(0), small_encoder, odd)


def test_bad_options_are_refused(method):
    for option, value in (("patches", 1), ("projection", 0), ("temperature", 0.0)):
        with pytest.raises(InputError, match=f"'cut': {option} = {value} is not (from|above)"):
            replace(method, **{option: value})
    with pytest.raises(InputError, match="layers_compared is empty; name at least one layer"):
        replace(method, layers_compared=())
