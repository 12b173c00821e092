"""The VGG encoder: parity with an independent implementation, layers, early exit, borders, pooling, gradients."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from styleresearch.encoder.conventions import convention
from styleresearch.encoder.encoder import ENCODERS, Encoder, normalise_activations, vgg16, vgg19
from styleresearch.encoder.vgg import conv_names, layer_names
from styleresearch.errors import InputError
from styleresearch.ops.conv import adjoint_kernel, average_pool, frozen_conv, max_pool


def parameters(encoder: Encoder) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(encoder.variables["params"]))


def test_relu_layers_match_the_independent_implementation(imagenet_encoder, golden, golden_image):
    layers = tuple(golden["layers"])
    assert len(layers) == 13
    features = imagenet_encoder(golden_image, layers)
    for layer in layers:
        expected = golden["layers"][layer]
        actual = np.asarray(features[layer][0], np.float64)
        assert list(actual.shape) == expected["shape_hwc"]
        close = {"rtol": 1e-5, "atol": 1e-5 * expected["max"]}
        np.testing.assert_allclose(np.sqrt((actual**2).sum()), expected["l2"], rtol=1e-5)
        np.testing.assert_allclose(actual.mean(), expected["mean"], rtol=1e-5)
        np.testing.assert_allclose(actual.std(), expected["std"], rtol=1e-5)
        np.testing.assert_allclose(actual.max(), expected["max"], rtol=1e-5)
        np.testing.assert_allclose(actual[0, 0, :5], expected["at_0_0_first5"], **close)
        middle = actual[actual.shape[0] // 2, actual.shape[1] // 2, :5]
        np.testing.assert_allclose(middle, expected["at_middle_first5"], **close)


def test_parameter_counts():
    # 20,024,384 and 14,714,688 are the convolutional parameters of the published networks.
    for build, expected in ((vgg16, 14_714_688), (vgg19, 20_024_384)):
        encoder = build(weights="random")
        assert parameters(encoder) == expected


def test_layer_names_run_in_order():
    assert conv_names("vgg16")[-1] == "conv5_3"
    assert conv_names("vgg19")[-1] == "conv5_4"
    assert layer_names("vgg16")[:6] == ("conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1", "conv2_1")


@pytest.mark.parametrize("arch", ["vgg16", "vgg19"])
def test_every_layer_can_be_asked_for(arch, random_image):
    encoder = {"vgg16": vgg16, "vgg19": vgg19}[arch](weights="random", width=1 / 16)
    layers = ("image", *layer_names(arch))
    features = jax.jit(lambda image: encoder(image, layers))(random_image(0, 32, 48))
    assert tuple(sorted(features)) == tuple(sorted(layers))
    for layer in layer_names(arch):
        if layer.startswith("relu"):
            np.testing.assert_array_equal(features[layer], jax.nn.relu(features[layer.replace("relu", "conv")]))
            assert (features[layer.replace("relu", "conv")] < 0).any()
    assert features["relu5_1"].shape == (1, 2, 3, 32)
    assert features["pool4"].shape == (1, 2, 3, 32)


def test_early_exit_computes_nothing_deeper(small_encoder, random_image):
    def convolutions(layers):
        jaxpr = jax.make_jaxpr(lambda image: small_encoder(image, layers))(random_image(0))
        return str(jaxpr).count("conv_general_dilated[")

    assert convolutions(("image",)) == 0
    assert convolutions(("conv1_1",)) == 1
    assert convolutions(("relu1_1", "relu2_1")) == 3
    assert convolutions(("pool2",)) == 4
    assert convolutions(("relu5_3",)) == 13


def torch_like_conv(x, kernel, mode):
    """pad, then a VALID convolution written out as nine shifted products."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode=mode)
    h, w = x.shape[1:3]
    out = np.zeros((*x.shape[:3], kernel.shape[3]))
    for dy in range(3):
        for dx in range(3):
            out += padded[:, dy : dy + h, dx : dx + w] @ kernel[dy, dx]
    return out


@pytest.mark.parametrize(("padding", "mode"), [("zeros", "constant"), ("reflect", "reflect"), ("replicate", "edge")])
def test_frozen_convolution_and_its_gradient(padding, mode):
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(2, 5, 7, 3)), rng.normal(size=(3, 3, 3, 4))
    k = jnp.asarray(kernel, jnp.float32)

    def run(image):
        return frozen_conv(image, k, adjoint_kernel(k), padding)

    np.testing.assert_allclose(run(jnp.asarray(x, jnp.float32)), torch_like_conv(x, kernel, mode), atol=2e-5)
    cotangent = rng.normal(size=(2, 5, 7, 4))
    (gradient,) = jax.vjp(run, jnp.asarray(x, jnp.float32))[1](jnp.asarray(cotangent, jnp.float32))
    # A linear map's gradient is its transpose: <g, A v> = <A^T g, v> for any v.
    v = rng.normal(size=x.shape)
    np.testing.assert_allclose(
        (cotangent * torch_like_conv(v, kernel, mode)).sum(), (np.asarray(gradient, np.float64) * v).sum(), rtol=1e-4
    )


@given(st.integers(1, 5), st.integers(1, 5), st.booleans(), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_pooling_matches_windows_written_out(h, w, ceil, seed):
    x = np.random.default_rng(seed).normal(size=(1, h, w, 2)).astype(np.float32)
    size = (-(-h // 2), -(-w // 2)) if ceil else (h // 2, w // 2)
    for pool, reduce in ((max_pool, np.max), (average_pool, np.mean)):
        actual = np.asarray(pool(jnp.asarray(x), ceil))
        assert actual.shape == (1, *size, 2)
        for i in range(size[0]):
            for j in range(size[1]):
                window = x[0, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                np.testing.assert_allclose(actual[0, i, j], reduce(window, axis=(0, 1)), rtol=1e-5, atol=1e-6)


def test_max_pool_splits_the_gradient_of_ties():
    gradient = jax.grad(lambda x: max_pool(x).sum())(jnp.zeros((1, 2, 2, 1)))
    np.testing.assert_allclose(gradient, 0.25)


def test_conventions():
    image = jnp.asarray([[[[0.2, 0.4, 0.6]]]], jnp.float32)
    caffe = [255 * 0.6 - 103.939, 255 * 0.4 - 116.779, 255 * 0.2 - 123.68]
    torchvision = [(0.2 - 0.485) / 0.229, (0.4 - 0.456) / 0.224, (0.6 - 0.406) / 0.225]
    np.testing.assert_allclose(convention("caffe")(image)[0, 0, 0], caffe, rtol=1e-5)
    np.testing.assert_allclose(convention("torchvision")(image)[0, 0, 0], torchvision, rtol=1e-5)
    np.testing.assert_allclose(convention("normalised")(image)[0, 0, 0], caffe, rtol=1e-5)
    assert convention("normalised").ceil
    with pytest.raises(InputError, match=r"caffee.*Did you mean 'caffe'"):
        convention("caffee")


def test_gradient_reaches_the_image_and_not_the_weights(small_encoder, random_image):
    def loss(encoder, image):
        return encoder(image, ("relu3_1",))["relu3_1"].sum()

    weights, image = jax.jit(jax.grad(loss, argnums=(0, 1), allow_int=True))(small_encoder, random_image(1))
    assert jnp.abs(image).max() > 0
    assert jnp.abs(weights.variables["params"]["conv1_1"]["kernel"]).max() == 0


def test_weights_are_arguments_not_constants(small_encoder, random_image):
    lowered = jax.jit(lambda encoder, image: encoder(image, ("relu4_1",))).lower(small_encoder, random_image(0))
    assert len(lowered.as_text()) < 100_000


def test_images_too_small_are_named(small_encoder, random_image):
    jax.eval_shape(lambda image: small_encoder(image, ("relu5_1",)), random_image(0, 16, 16))
    with pytest.raises(InputError, match=r"image of 40x15 px is too small for layers relu5_1.*at least 16 px"):
        small_encoder(random_image(0, 15, 40), ("relu5_1",))
    small_encoder(random_image(0, 1, 1), ("relu1_2",))


@pytest.mark.parametrize("layer", ["relu6_1", "conv1_3", "relu4-1", "", "relu44_1"])
def test_unknown_layers_are_named(small_encoder, layer, random_image):
    with pytest.raises(InputError, match="has no layer"):
        small_encoder(random_image(0), (layer,))


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_normalised_activations_have_mean_one(pooling, random_image):
    encoder = vgg16(weights="random", width=0.125, pooling=pooling)
    images = [np.asarray(random_image(s, 32 + 8 * s, 40)[0]) for s in range(2)]
    scaled = normalise_activations(encoder, images)
    assert scaled.digest != encoder.digest
    layers = tuple(name for name in layer_names("vgg16") if name.startswith("relu"))
    run = jax.jit(lambda encoder, image: encoder(image[None], layers))
    features, features_scaled = ([run(each, image) for image in images] for each in (encoder, scaled))
    for layer in layers:
        before, after = ([image[layer] for image in each] for each in (features, features_scaled))
        mean_before = np.mean([x.mean((0, 1, 2)) for x in before], axis=0)
        mean_after = np.mean([x.mean((0, 1, 2)) for x in after], axis=0)
        np.testing.assert_allclose(mean_after[mean_before > 0], 1.0, rtol=1e-3)
        # Every filter is only scaled: the network computes the same up to one factor per channel.
        np.testing.assert_allclose(
            np.asarray(after[0]) * np.where(mean_before > 0, mean_before, 1),
            before[0],
            rtol=1e-3,
            atol=1e-4 * float(before[0].max()),
        )


def test_options_are_checked():
    with pytest.raises(InputError, match=r"pooling = 'mean' is not one of 'max', 'average'"):
        ENCODERS.build({"name": "vgg16", "weights": "random", "pooling": "mean"})
    with pytest.raises(InputError, match=r"padding = 'same' is not"):
        ENCODERS.build({"name": "vgg16", "weights": "random", "padding": "same"})
    with pytest.raises(InputError, match="width"):
        vgg16(width=0.5)


def test_description_names_what_was_used(small_encoder):
    assert small_encoder.describe() == {
        "name": "vgg16",
        "weights": "random",
        "convention": "random",
        "pooling": "max",
        "padding": "zeros",
        "digest": small_encoder.digest,
    }
    assert vgg16(weights="random", seed=1).digest != small_encoder.digest
