"""Resizing on the device."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import PIL.Image

from styleresearch.ops.resize import bilinear, resize

jitted = jax.jit(resize, static_argnums=(1, 2))


def test_same_size_is_the_same_image(random_image):
    image = random_image(0)
    assert resize(image, 32, 40) is image


def test_a_constant_stays_constant():
    for size in ((3, 50), (64, 7)):
        np.testing.assert_allclose(jitted(jnp.full((1, 16, 20, 3), 0.3), *size), 0.3, atol=1e-6)


def test_overshoot_is_clipped():
    edge = jnp.zeros((1, 8, 8, 3)).at[:, :, 4:].set(1.0)
    large = jitted(edge, 32, 32)
    assert large.min() == 0
    assert large.max() == 1


def test_shrinking_averages_detail_away():
    # Without antialiasing, every fourth pixel of noise stays as rough as noise.
    noise = jax.random.uniform(jax.random.key(0), (1, 64, 64, 3))
    assert float(jitted(noise, 16, 16).std()) < 0.4 * float(noise.std())


def test_agrees_with_pillow(random_image):
    # Both use the cubic kernel with a = -0.5, widened by the factor of shrinking.
    image = random_image(1, 48, 64)
    for height, width in ((24, 32), (20, 50)):
        mine = np.asarray(jitted(image, height, width))[0]
        for channel in range(3):
            plane = PIL.Image.fromarray(np.asarray(image)[0, ..., channel])
            theirs = np.asarray(plane.resize((width, height), PIL.Image.Resampling.BICUBIC))
            np.testing.assert_allclose(mine[..., channel], np.clip(theirs, 0, 1), atol=1e-4)


def test_bilinear_is_that_of_published_metrics():
    ramp = jnp.broadcast_to(jnp.array([0.0, 1.0, 4.0])[None, None, :, None], (1, 2, 3, 3))
    # Pixels at their middles: torch.nn.functional.interpolate(align_corners=False). At their corners: TensorFlow 1.
    middles = [0, 0.25, 0.75, 1.75, 3.25, 4]
    corners = [0, 0.5, 1, 2.5, 4, 4]
    np.testing.assert_allclose(bilinear(ramp, 2, 6)[0, 0, :, 0], middles, atol=1e-6)
    np.testing.assert_allclose(bilinear(ramp, 2, 6, "corner")[0, 1, :, 2], corners, atol=1e-6)
    # Shrinking takes the two nearest pixels only: nothing is averaged away.
    np.testing.assert_allclose(bilinear(ramp, 1, 1)[0, 0, 0], [1, 1, 1], atol=1e-6)
