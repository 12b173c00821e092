"""What every registered adversarial loss and every penalty must keep, whoever wrote it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.config import build
from styleresearch.errors import InputError
from styleresearch.losses import ADVERSARIAL, PENALTIES, Adversarial, Penalty
from styleresearch.ops.conv import conv
from styleresearch.registry import Registry

ROLES = ("real", "fake", "fool")
# Where no loss has said all it has to say: between LSGAN's labels, within the hinge's margins.
UNDECIDED = jnp.linspace(0.1, 0.9, 24).reshape(2, 3, 4, 1)


@pytest.fixture(params=list(ADVERSARIAL))
def loss(request) -> Adversarial:
    return ADVERSARIAL.build({"name": request.param})


@pytest.fixture(params=ROLES)
def role(request) -> str:
    return request.param


@pytest.fixture(params=list(PENALTIES), scope="module")
def penalty(request) -> Penalty:
    return PENALTIES.build({"name": request.param})


@pytest.mark.parametrize("registry", [ADVERSARIAL, PENALTIES], ids=lambda registry: registry.kind)
def test_every_entry_and_option_is_documented(registry):
    for name in registry:
        for option in registry.options(name):
            assert f"{option}:" in (inspect.getdoc(registry.get(name)) or ""), (name, option)
        assert inspect.getdoc(registry.get(name)), name


# Adversarial losses


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4, 1)])
def test_every_score_has_its_own_loss(loss, role, shape):
    scores = jax.random.normal(jax.random.key(0), shape)
    values = loss(scores, role)
    assert values.shape == shape
    assert values.dtype == jnp.float32
    alone = [loss(one, role) for one in scores.ravel()]
    np.testing.assert_allclose(values.ravel(), np.stack(alone), rtol=1e-5, atol=1e-6)


def test_the_same_scores_always_cost_the_same(loss, role):
    before = loss(UNDECIDED, role)
    np.testing.assert_array_equal(loss(UNDECIDED, role), before)
    np.testing.assert_allclose(jax.jit(loss, static_argnums=1)(UNDECIDED, role), before, rtol=1e-5, atol=1e-6)


def test_each_role_moves_scores_its_own_way(loss, role):
    slope = jax.grad(lambda scores: loss(scores, role).sum())(UNDECIDED)
    assert (slope > 0).all() if role == "fake" else (slope < 0).all()


@pytest.mark.parametrize("scale", [0.0, 1e-4, 1.0, 1e2, 1e4])
def test_losses_and_gradients_are_finite(loss, role, scale):
    scores = scale * jnp.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    assert jnp.isfinite(loss(scores, role)).all()
    assert jnp.isfinite(jax.grad(lambda scores: loss(scores, role).sum())(scores)).all()


def test_bfloat16_scores_give_float32_losses(loss, role):
    half = UNDECIDED.astype(jnp.bfloat16)
    values = loss(half, role)
    assert values.dtype == jnp.float32
    np.testing.assert_allclose(values, loss(half.astype(jnp.float32), role), rtol=1e-5, atol=1e-6)


# Penalties


def kernels(scale: float = 0.3) -> list[jax.Array]:
    """Weights of a critic for pictures with four channels, as a conditional discriminator has more than three."""
    shapes = [(3, 3, 4, 8), (3, 3, 8, 8), (3, 3, 8, 1)]
    return [scale * jax.random.normal(jax.random.key(i), shape) for i, shape in enumerate(shapes)]


def critic_of(params, dtype=jnp.float32):
    first, second, last = (kernel.astype(dtype) for kernel in params)

    def critic(x):
        x = jnp.tanh(conv(x.astype(dtype), first, padding="reflect"))
        return conv(jnp.tanh(conv(x, second, stride=2)), last)

    return critic


KEY = jax.random.key(7)


@partial(jax.jit, static_argnums=(0, 5))
def value(penalty: Penalty, params, real, fake, key=KEY, dtype=jnp.float32) -> jax.Array:
    return penalty(critic_of(params, dtype), real, fake, key)


@partial(jax.jit, static_argnums=0)
def gradient(penalty: Penalty, params, real, fake):
    return jax.grad(lambda params: value(penalty, params, real, fake).sum())(params)


@pytest.fixture(scope="module")
def images() -> tuple[jax.Array, jax.Array]:
    real, fake = jax.random.uniform(jax.random.key(1), (2, 3, 8, 8, 4))
    return real, fake


def test_each_image_has_its_own_penalty(penalty, images):
    together = value(penalty, kernels(), *images)
    assert together.shape == (3,)
    assert together.dtype == jnp.float32
    assert jnp.isfinite(together).all()
    assert (together >= 0).all()
    assert len(np.unique(together)) == 3
    # The first image's own, whatever the others are.
    changed = value(penalty, kernels(), *(x.at[1:].set(0.5) for x in images))
    np.testing.assert_allclose(changed[0], together[0], rtol=1e-5)
    assert not np.isclose(changed[1], together[1], rtol=1e-3)


def test_the_same_key_always_gives_the_same_penalty(penalty, images):
    before = value(penalty, kernels(), *images)
    np.testing.assert_array_equal(value(penalty, kernels(), *images), before)
    np.testing.assert_allclose(penalty(critic_of(kernels()), *images, KEY), before, rtol=1e-4)


def test_the_critics_gradient_agrees_with_finite_differences(penalty, images):
    """A gradient of a gradient, through the convolutions that discriminators are built from."""
    params = kernels()
    slopes = gradient(penalty, params, *images)
    norm = jnp.sqrt(sum((leaf**2).sum() for leaf in slopes))
    assert norm > 0
    ahead, behind = (
        value(penalty, [x + sign * 1e-2 * slope / norm for x, slope in zip(params, slopes, strict=True)], *images).sum()
        for sign in (1, -1)
    )
    assert float((ahead - behind) / 2e-2) == pytest.approx(float(norm), rel=0.02)


@pytest.mark.parametrize("scale", [0.0, 1e-4, 10.0])
def test_flat_and_steep_critics_give_finite_penalties_and_gradients(penalty, images, scale):
    values = value(penalty, kernels(scale), *images)
    assert jnp.isfinite(values).all()
    assert (values >= 0).all()
    assert all(jnp.isfinite(leaf).all() for leaf in gradient(penalty, kernels(scale), *images))


def test_a_bfloat16_critic_is_penalised_in_float32(penalty, images):
    values = value(penalty, kernels(), *images, KEY, jnp.bfloat16)
    assert values.dtype == jnp.float32
    np.testing.assert_allclose(values, value(penalty, kernels(), *images), rtol=0.1)


# In configs


@dataclass(frozen=True)
class Game:
    adversarial: Adversarial
    penalty: Penalty | None = None


def test_a_method_is_given_what_a_config_names():
    methods: Registry[Game] = Registry("method")
    methods.register("game")(Game)
    spec = {"name": "game", "adversarial": {"name": "lsgan", "real": 0.9}, "penalty": {"name": "r1", "weight": 1.0}}
    game = build.resolve(methods, spec)
    assert float(game.adversarial(jnp.float32(0.9), "real")) == 0
    assert game.penalty is not None
    assert build.resolve(methods, {**spec, "penalty": None}).penalty is None
    with pytest.raises(InputError) as caught:
        build.resolve(methods, {**spec, "adversarial": {"name": "hinges"}, "penalty": {"name": "r1", "wait": 1.0}})
    assert "adversarial: unknown adversarial loss 'hinges'. Did you mean 'hinge'?" in str(caught.value)
    assert "penalty 'r1' has no option 'wait'" in str(caught.value)
