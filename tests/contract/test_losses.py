"""What every registered loss must keep, whoever wrote it.

Losses see features, not images, so features are made directly: rectified noise for layers, colours for "image".
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.losses import LOSSES
from styleresearch.losses.base import Loss
from styleresearch.types import Features


@pytest.fixture(params=list(LOSSES))
def loss(request) -> Loss:
    return LOSSES.build({"name": request.param})


def features(loss: Loss, seed: int, height: int = 32, width: int = 40, batch: int = 1) -> Features:
    made = {}
    for i, layer in enumerate(loss.layers):
        key = jax.random.fold_in(jax.random.key(seed), i)
        if layer == "image":
            # Wider than [0, 1], so that a penalty on the range has something to penalise.
            made[layer] = 1.4 * jax.random.uniform(key, (batch, height, width, 3)) - 0.2
        else:
            block = int(layer[4])
            shape = (batch, height >> (block - 1), width >> (block - 1), 4 * 2 ** min(block - 1, 2))
            made[layer] = 10 * jax.nn.relu(
                jax.random.normal(key, shape) + 0.3 * jax.random.normal(key, shape[-1:])[None, None, None]
            )
    return made


@jax.jit(static_argnums=0)
def value(loss: Loss, pred: Features, reference: Features) -> jax.Array:
    target = None if loss.target == "none" else loss.summarise(reference)
    return loss.compare(loss.summarise(pred), target)


@jax.jit(static_argnums=0)
def gradient(loss: Loss, pred: Features, reference: Features) -> Features:
    return jax.grad(lambda x: value(loss, x, reference).sum())(pred)


def test_settings_are_a_documented_hashable_value(loss):
    name = next(name for name in LOSSES if LOSSES.get(name) is type(loss))
    assert LOSSES.build({"name": name}) == loss
    assert hash(LOSSES.build({"name": name})) == hash(loss)
    assert loss.target in ("content", "style", "none")
    assert loss.layers
    assert type(loss).__doc__


def test_each_image_has_its_own_finite_value(loss):
    image, reference = features(loss, 0, batch=3), features(loss, 1, batch=3)
    together = value(loss, image, reference)
    assert together.shape == (3,)
    assert jnp.isfinite(together).all()
    for i in range(3):
        alone = value(loss, *jax.tree.map(lambda x, i=i: x[i : i + 1], (image, reference)))
        np.testing.assert_allclose(together[i], alone[0], rtol=1e-4)


def test_zero_at_identity(loss):
    image = features(loss, 2)
    other = float(value(loss, image, features(loss, 3))[0])
    assert other > 0
    if loss.target != "none":
        assert abs(float(value(loss, image, image)[0])) <= 1e-3 * other


@pytest.mark.parametrize("extreme", ["generic", "zero", "constant", "huge", "tiny"])
def test_gradient_is_finite(loss, extreme):
    generic = features(loss, 4)
    change = {
        "generic": lambda x: x,
        "zero": jnp.zeros_like,
        "constant": lambda x: jnp.full_like(x, 0.5),
        "huge": lambda x: 1e4 * x,
        "tiny": lambda x: 1e-4 * x,
    }[extreme]
    image = jax.tree.map(change, generic)
    for reference in (features(loss, 5), image):
        for leaf in jax.tree.leaves(gradient(loss, image, reference)):
            assert jnp.isfinite(leaf).all()


def test_gradient_agrees_with_finite_differences(loss):
    image, reference = features(loss, 6), features(loss, 7)
    slopes = gradient(loss, image, reference)
    norm = jnp.sqrt(sum((leaf**2).sum() for leaf in jax.tree.leaves(slopes)))
    assert norm > 0
    # Along the gradient itself: any other direction drowns in float32's rounding.
    step = 1e-3 * jnp.sqrt(sum((leaf**2).sum() for leaf in jax.tree.leaves(image)))
    ahead, behind = (
        value(loss, jax.tree.map(lambda x, g, s=sign: x + s * step * g / norm, image, slopes), reference)[0]
        for sign in (1, -1)
    )
    assert float((ahead - behind) / (2 * step)) == pytest.approx(float(norm), rel=0.05)


def test_bfloat16_features_cost_their_own_rounding_only(loss):
    half = jax.tree.map(lambda x: x.astype(jnp.bfloat16), (features(loss, 8), features(loss, 9)))
    rounded = jax.tree.map(lambda x: x.astype(jnp.float32), half)
    np.testing.assert_allclose(value(loss, *half).astype(jnp.float32), value(loss, *rounded), rtol=2e-2)


def test_style_losses_take_a_style_of_another_size(loss):
    if loss.target == "style":
        values = value(loss, features(loss, 10), features(loss, 11, 48, 32))
        assert values.shape == (1,)
        assert jnp.isfinite(values).all()


def test_masked_losses_see_only_what_the_mask_shows(loss):
    if not loss.masked:
        return
    image = features(loss, 12)
    whole = loss.summarise({**image, "mask": jnp.ones((1, 32, 40, 1))})
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-3, atol=1e-3), whole, loss.summarise(image))
    mask = jnp.zeros((1, 32, 40, 1)).at[:, :, :16].set(1.0)
    beyond = {layer: jnp.arange(x.shape[2]) > 17 * x.shape[2] // 40 + 1 for layer, x in image.items()}
    changed = {layer: jnp.where(beyond[layer][None, None, :, None], 7.0, x) for layer, x in image.items()}
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-2 * float(jnp.abs(b).max())),
        loss.summarise({**changed, "mask": mask}),
        loss.summarise({**image, "mask": mask}),
    )
