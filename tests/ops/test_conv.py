"""Convolutions of trained weights against sums written out, in every form that a device gets."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.ops import device as module
from styleresearch.ops.conv import conv, transposed_conv, upsample_conv, upsample_nearest

MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge"}


@pytest.fixture(params=["cpu", "accelerator"])
def device(request, monkeypatch):
    """Both sets of forms give the same; which one runs is decided by the device alone."""
    monkeypatch.setattr(module, "on_cpu", lambda: request.param == "cpu")
    return request.param


def arrays(size, channels, features, height=9, width=10):
    rng = np.random.default_rng(size * 100 + channels * 10 + features)
    kernel = rng.normal(size=(size, size, channels, features)) / size / channels**0.5
    return rng.normal(size=(2, height, width, channels)), kernel


def expected_conv(x, kernel, stride=1, padding="none"):
    size = kernel.shape[0]
    border = (size - 1) // 2
    if padding != "none":
        x = np.pad(x, ((0, 0), (border, border), (border, border), (0, 0)), mode=MODES[padding])
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (1, 2))[:, ::stride, ::stride]
    return np.einsum("bhwirs,rsio->bhwo", windows, kernel)


def expected_transposed(x, kernel):
    """Every input pixel adds its kernel to the output; one row and column around are cut away."""
    b, h, w, _ = x.shape
    size, features = kernel.shape[0], kernel.shape[3]
    out = np.zeros((b, 2 * h + 4, 2 * w + 4, features))
    for y in range(h):
        for z in range(w):
            out[:, 2 * y : 2 * y + size, 2 * z : 2 * z + size] += np.einsum("bi,rsio->brso", x[:, y, z], kernel)
    return out[:, 1 : 1 + 2 * h, 1 : 1 + 2 * w]


def check(form, expected, x, kernel):
    """Compare values; gradients by what defines them: <g, conv(dx, k)> = <dx, J'g> and the same for the kernel."""
    rng = np.random.default_rng(0)
    given = (jnp.asarray(x, jnp.float32), jnp.asarray(kernel, jnp.float32))

    @jax.jit
    def both(x, kernel, cotangent):
        value, pull = jax.vjp(form, x, kernel)
        return value, pull(cotangent)

    wanted = expected(x, kernel)
    cotangent = rng.normal(size=wanted.shape)
    value, (to_x, to_kernel) = both(*given, jnp.asarray(cotangent, jnp.float32))

    assert value.shape == wanted.shape
    np.testing.assert_allclose(value, wanted, atol=1e-5 * np.abs(wanted).max())
    # A place at random, and all of a channel: exact, for the sum is linear in each.
    for grad, change in ((to_x, lambda d: expected(d, kernel)), (to_kernel, lambda d: expected(x, d))):
        for _ in range(3):
            direction = rng.normal(size=grad.shape)
            slope = (cotangent * change(direction)).sum()
            size = np.linalg.norm(np.asarray(grad)) * np.linalg.norm(direction)
            assert abs((np.asarray(grad, np.float64) * direction).sum() - slope) < 1e-5 * size


# Few channels in, few out, many on both sides, in between: each has its own form on the CPU.
CHANNELS = [(3, 8), (8, 3), (32, 33), (9, 8)]


@pytest.mark.parametrize(("channels", "features"), CHANNELS)
@pytest.mark.parametrize(("size", "padding"), [(3, "zeros"), (3, "reflect"), (9, "reflect"), (3, "none")])
def test_conv(device, size, padding, channels, features):
    x, kernel = arrays(size, channels, features)
    check(lambda x, k: conv(x, k, 1, padding), lambda x, k: expected_conv(x, k, 1, padding), x, kernel)


@pytest.mark.parametrize("padding", ["zeros", "reflect", "replicate"])
@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize(("height", "width"), [(8, 10), (9, 7)])
def test_stride_two_pads_both_sides_alike(device, size, padding, height, width):
    x, kernel = arrays(size, 4, 5, height, width)
    check(lambda x, k: conv(x, k, 2, padding), lambda x, k: expected_conv(x, k, 2, padding), x, kernel)


@pytest.mark.parametrize("padding", ["zeros", "reflect", "replicate", "none"])
@pytest.mark.parametrize(("size", "channels", "features"), [(3, 4, 3), (3, 32, 33), (9, 4, 3)])
def test_upsample_conv_is_the_convolution_of_every_pixel_four_times(device, size, channels, features, padding):
    x, kernel = arrays(size, channels, features, 5, 6)
    check(
        lambda x, k: upsample_conv(x, k, padding),
        lambda x, k: expected_conv(x.repeat(2, 1).repeat(2, 2), k, 1, padding),
        x,
        kernel,
    )


@pytest.mark.parametrize(("size", "channels", "features"), [(3, 4, 3), (3, 32, 33), (4, 4, 3), (4, 3, 8)])
def test_transposed_conv(device, size, channels, features):
    x, kernel = arrays(size, channels, features, 5, 6)
    check(transposed_conv, expected_transposed, x, kernel)


def test_upsample_nearest():
    x = np.arange(12.0, dtype=np.float32).reshape(1, 2, 3, 2)
    np.testing.assert_array_equal(upsample_nearest(jnp.asarray(x)), x.repeat(2, 1).repeat(2, 2))


@pytest.mark.parametrize("size", [1, 2])
def test_pictures_of_a_pixel_or_two(device, size):
    x, kernel = arrays(3, 4, 5, size, size)
    found = upsample_conv(jnp.asarray(x, jnp.float32), jnp.asarray(kernel, jnp.float32), "reflect")
    wanted = expected_conv(x.repeat(2, 1).repeat(2, 2), kernel, 1, "reflect")
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(("channels", "features"), CHANNELS)
def test_bfloat16_in_bfloat16_out(device, channels, features):
    x, kernel = (jnp.asarray(each, jnp.bfloat16) for each in arrays(3, channels, features, 32, 32))

    def both(x, kernel):
        value, pull = jax.vjp(lambda x, k: conv(x, k, 1, "reflect"), x, kernel)
        return value, pull(value)

    value, (to_x, to_kernel) = jax.jit(both)(x, kernel)
    exact, (exact_x, exact_kernel) = jax.jit(both)(x.astype(jnp.float32), kernel.astype(jnp.float32))

    for found, wanted in ((value, exact), (to_x, exact_x), (to_kernel, exact_kernel)):
        assert found.dtype == jnp.bfloat16
        # Two thousand products in a sum: their rounding errors must not add up.
        np.testing.assert_allclose(
            found.astype(jnp.float32), wanted, atol=0.02 * float(jnp.abs(wanted).max()), rtol=0.02
        )


def test_few_channels_are_not_looked_at_where_gradients_are_not_asked_for():
    """A picture that is given needs no gradient: its convolution is left out of the compiled step."""
    x, kernel = (jnp.asarray(each, jnp.float32) for each in arrays(9, 3, 8, 16, 16))
    to_kernel = jax.jit(jax.grad(lambda k, x: (conv(x, k, 1, "reflect") ** 2).sum()))
    to_both = jax.jit(jax.grad(lambda k, x: (conv(x, k, 1, "reflect") ** 2).sum(), (0, 1)))
    count = [str(each.lower(kernel, x).compile().as_text()).count(" convolution(") for each in (to_kernel, to_both)]
    assert count[0] < count[1]
