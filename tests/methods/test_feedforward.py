"""Networks with styles of their own: knowing them again, blending them."""

from __future__ import annotations

from dataclasses import replace

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.losses import Objective
from styleresearch.losses.style import Gram
from styleresearch.methods.feedforward import FeedForward
from styleresearch.nets import DECODERS, NETS, Net
from styleresearch.optim.optimizers import Adam
from styleresearch.types import Style

NET = {"name": "transform", "widths": (4,), "residuals": 0, "pixels": "unit"}


@pytest.fixture(scope="module")
def styles(random_image):
    """Three pictures (1, h, w, 3) of different sizes."""
    return random_image(1, 48, 40), random_image(2, 64, 64), random_image(3, 40, 56)


@pytest.fixture(scope="module")
def method(styles):
    pictures = tuple(np.asarray(style[0]) for style in styles)
    objective = Objective.of({"style": (1.0, Gram(("relu1_1",)))})
    return FeedForward(objective, Adam(), NETS.build({**NET, "styles": 3}), pictures)


@pytest.fixture(scope="module")
def state(method, small_encoder):
    return jax.jit(method.init)(jax.random.key(0), small_encoder, {"content": jnp.zeros((1, 32, 32, 3))})


@pytest.fixture(scope="module")
def params(method, state):
    """As after training: styles that differ in their scales and offsets."""
    rng = np.random.default_rng(0)

    def differ(path, leaf):
        is_table = path[-1].key in ("scale", "offset")
        return jnp.asarray(leaf + rng.normal(size=leaf.shape) * 0.3, jnp.float32) if is_table else leaf

    return {**method.inference(state), "net": jax.tree_util.tree_map_with_path(differ, state.params)}


@pytest.fixture(scope="module")
def stylize(method, params):
    def run(content, style):
        styles = style if isinstance(style, list) else [Style(style)]
        return method.stylize(params, None, content, styles, key=jax.random.key(0))

    return run


def shares(*values):
    return jnp.asarray([values], jnp.float32)


def test_styles_are_known_by_their_place(method, params, stylize, styles, random_image):
    content = random_image(0)
    outputs = [np.asarray(stylize(content, style)) for style in styles]
    for index, output in enumerate(outputs):
        np.testing.assert_array_equal(output, method.paint(params, content, jnp.eye(3)[index][None]))
    assert not any(np.allclose(outputs[i], outputs[j], atol=0.01) for i, j in ((0, 1), (1, 2), (0, 2)))


def test_styles_are_known_at_other_sizes_and_crops(stylize, styles, random_image):
    content = random_image(0)
    for style in styles:
        _, h, w, _ = style.shape
        expected = stylize(content, style)
        larger = jax.image.resize(style, (1, 2 * h + 3, 2 * w, 3), "cubic")
        smaller = jax.image.resize(style, (1, h // 2, w // 2, 3), "linear", antialias=True)
        for other in (larger, smaller, style[:, 2:, 1:-1], jnp.round(style * 255) / 255, jnp.clip(style + 0.03, 0, 1)):
            np.testing.assert_array_equal(stylize(content, other), expected)


def test_another_picture_is_refused(stylize, styles, random_image):
    content = random_image(0)
    for stranger in (random_image(9, 48, 40), 1 - styles[0], styles[0][..., ::-1], jnp.zeros((1, 48, 40, 3))):
        with pytest.raises(InputError, match="none of the 3 that this network was trained for"):
            stylize(content, stranger)
    with pytest.raises(InputError, match="none of the 3"):
        stylize(random_image(0, batch=2), jnp.concatenate([styles[0], random_image(9, 48, 40)]))


def test_each_image_of_a_batch_has_its_own_style(stylize, styles, random_image):
    content = random_image(0, batch=2)
    second = jax.image.resize(styles[1], (1, 48, 40, 3), "linear", antialias=True)
    output = stylize(content, jnp.concatenate([styles[0], second]))
    for i in (0, 1):
        np.testing.assert_allclose(output[i], stylize(content[i : i + 1], styles[i])[0], atol=1e-5)


def test_a_blend_of_styles_is_a_blend_of_their_tables(method, params, stylize, styles, random_image):
    content = random_image(0)
    found = stylize(content, [Style(styles[0], 1.0), Style(styles[2], 3.0)])
    weights = np.array([0.25, 0.0, 0.75])

    def blend(path, leaf):
        return jnp.asarray(weights @ np.asarray(leaf))[None] if path[-1].key in ("scale", "offset") else leaf

    alone = NETS.build({**NET, "styles": 1})
    blended = jax.tree_util.tree_map_with_path(blend, params["net"])
    expected = jnp.clip(alone.apply({"params": blended}, content, None), 0, 1)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found, method.paint(params, content, shares(0.25, 0, 0.75)), atol=1e-6)
    # Only ratios count, one style twice is one style, and the ends are the styles.
    np.testing.assert_allclose(stylize(content, [Style(styles[0], 2.0), Style(styles[2], 6.0)]), found, atol=1e-6)
    twice = stylize(content, [Style(styles[0]), Style(styles[0], 5.0)])
    np.testing.assert_allclose(twice, stylize(content, styles[0]), atol=1e-6)


def test_masks_are_refused(stylize, styles, random_image):
    content = random_image(0)
    for masks in ({"where": jnp.ones((1, 32, 40, 1))}, {"mask": jnp.ones((1, 48, 40, 1))}):
        with pytest.raises(InputError, match=r"takes no masks; they go with adain, arbitrary_gan, gatys$"):
            stylize(content, [Style(styles[0], **masks)])


def test_the_number_of_styles_must_fit(method):
    with pytest.raises(InputError, match="2 style pictures for a network of 3"):
        replace(method, styles=method.styles[:2])


def test_what_is_no_picture_and_no_such_network_is_refused(method):
    with pytest.raises(InputError, match=r"pictures \(h, w, 3\), not of the shapes \(\), \(\), \(\)"):
        replace(method, styles=(1, 2, 3))
    with pytest.raises(InputError, match=r"net = .*MirroredVGG.* is not of type Net"):
        replace(method, net=DECODERS.build({"name": "decoder"}))


def test_without_styles_nothing_is_learned_but_the_method_paints(
    method, params, small_encoder, styles, random_image, stylize
):
    bare = replace(method, styles=None)
    with pytest.raises(InputError, match="there are no styles to learn"):
        bare.init(jax.random.key(0), small_encoder, {"content": jnp.zeros((1, 32, 32, 3))})
    output = bare.stylize(params, None, random_image(0), [Style(styles[1])], key=jax.random.key(0))
    np.testing.assert_allclose(output, stylize(random_image(0), styles[1]), atol=1e-6)


def test_a_batch_learns_all_styles_equally_often(method, state, small_encoder):
    """The styles' tables that get a gradient are those of the styles drawn: six images, each of three styles twice."""

    class Counting(Net):
        """A network whose output is its mix: its gradient counts how often each style was drawn."""

        @nn.compact
        def __call__(self, content, mix):
            seen.append(mix)
            return content + (mix @ self.param("table", nn.initializers.zeros, (3,)))[:, None, None, None]

    seen = []
    counting = replace(method, net=Counting(styles=3))
    start = state.replace(params={"table": jnp.zeros(3)}, opt_state=Adam().transform().init({"table": jnp.zeros(3)}))
    orders = set()
    for number in range(12):
        counting.step(start.replace(step=jnp.int32(number)), small_encoder, {"content": jnp.full((6, 16, 16, 3), 0.5)})
        mix = np.asarray(seen[-1])
        np.testing.assert_array_equal(mix.sum(0), [2, 2, 2])
        orders.add(tuple(mix.argmax(1)))
    assert len(orders) == 3  # the first style changes from step to step
