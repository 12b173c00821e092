"""CycleGAN's step against the paper's formulas."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from styleresearch.errors import InputError
from styleresearch.losses.adversarial import lsgan
from styleresearch.methods.cyclegan import CycleGAN
from styleresearch.methods.pool import Pool


@pytest.fixture(scope="module")
def method(generator, discriminator, long_steps):
    return CycleGAN(optimizer=long_steps, net=generator, discriminator=discriminator, adversarial=lsgan(), pool=2)


@pytest.fixture(scope="module")
def beginning(method, small_encoder, batch):
    return jax.jit(method.init)(jax.random.key(1), small_encoder, batch)


@pytest.fixture(scope="module")
def start(beginning, random_image):
    """The beginning, but with full pools."""
    pools = {name: Pool(random_image(seed, 32, 32, 2), jnp.int32(2)) for seed, name in enumerate(("style", "content"))}
    # Of this key one arrival changes places in each pool and the other passes.
    return beginning.replace(key=jax.random.key(0), memory=pools)


@pytest.fixture(scope="module")
def stepped(method, start, small_encoder, batch):
    """Return (state, metrics) after a step."""
    return jax.jit(method.step)(start, small_encoder, batch)


@pytest.fixture(scope="module")
def networks(generator, discriminator):
    """Return the functions G(params, image) and D(params, image)."""
    return (
        jax.jit(lambda params, image: generator.apply({"params": params}, image)),
        jax.jit(lambda params, image: discriminator.apply({"params": params}, image)[0][-1]),
    )


@pytest.fixture(scope="module")
def painted(networks, start, batch):
    """What the generators paint before they learn, by the pool that it goes to."""
    paint, params = networks[0], start.params["generator"]
    return {
        "style": paint(params["forward"], batch["content"]),
        "content": paint(params["backward"], batch["style"]),
    }


def shown(before, arrivals, after):
    """Return what was shown: an arrival that did not stay, or in its place what had to leave for it."""

    def stayed(picture):
        return any(np.allclose(picture, other, atol=1e-5) for other in after)

    left = [picture for picture in before if not stayed(picture)]
    found = [left.pop() if stayed(arrival) else arrival for arrival in arrivals]
    assert not left
    return jnp.stack(found)


def test_the_four_networks_start_different(start):
    for part, (one, other) in {"generator": ("forward", "backward"), "discriminator": ("style", "content")}.items():
        params = start.params[part]
        assert set(params) == {one, other}
        pairs = zip(jax.tree.leaves(params[one]), jax.tree.leaves(params[other]), strict=True)
        kernels = [(a, b) for a, b in pairs if a.ndim == 4]
        assert len(kernels) >= 3
        for a, b in kernels:
            assert abs(np.corrcoef(np.ravel(a), np.ravel(b))[0, 1]) < 0.5


def test_pools_start_empty(beginning):
    assert set(beginning.memory) == {"style", "content"}
    for pool in beginning.memory.values():
        assert pool.images.shape == (2, 32, 32, 3)
        assert pool.count == 0


def test_the_generators_learn_from_the_old_discriminators(
    networks, long_steps, start, stepped, batch, assert_same, descended
):
    paint, judge = networks
    x, y, judges = batch["content"], batch["style"], start.params["discriminator"]

    def gap(a, b):
        return jnp.abs((2 * a - 1) - (2 * b - 1)).mean()

    def loss(params):
        def to_style(image):
            return paint(params["forward"], image)

        def to_content(image):
            return paint(params["backward"], image)

        fooled = [judge(judges["style"], to_style(x)), judge(judges["content"], to_content(y))]
        terms = {
            "adversarial": sum(((scores - 1) ** 2).mean() for scores in fooled),
            "cycle": 10 * (gap(to_content(to_style(x)), x) + gap(to_style(to_content(y)), y)),
            "identity": 5 * (gap(to_style(y), y) + gap(to_content(x), x)),
        }
        return sum(terms.values()), terms

    gradient, terms = jax.jit(jax.grad(loss, has_aux=True))(start.params["generator"])
    state, metrics = stepped
    for name, value in terms.items():
        assert float(metrics[name]) == pytest.approx(float(value), rel=1e-4)
    assert_same(state.params["generator"], descended(long_steps, start.params["generator"], gradient))


def test_the_discriminators_learn_from_what_the_pools_show(
    networks, long_steps, start, stepped, batch, painted, assert_same, descended
):
    state, metrics = stepped
    fakes = {name: shown(start.memory[name].images, painted[name], state.memory[name].images) for name in painted}
    for name, arrivals in painted.items():
        passed = [np.abs(fakes[name] - arrival[None]).max((1, 2, 3)).min() < 1e-5 for arrival in arrivals]
        assert sum(passed) == 1  # the pools matter

    def loss(params):
        scores = {
            name: [networks[1](params[name], image) for image in (batch[name], fake)] for name, fake in fakes.items()
        }
        value = sum(((real - 1) ** 2).mean() + (fake**2).mean() for real, fake in scores.values())
        return 0.5 * value, {name: (real > fake).mean() for name, (real, fake) in scores.items()}

    (value, told), gradient = jax.jit(jax.value_and_grad(loss, has_aux=True))(start.params["discriminator"])
    # Of the two, the one that is worse off: further from telling nothing. Rounding may turn over one place of 392.
    expected = max(map(float, told.values()), key=lambda share: abs(share - 0.5))
    assert float(metrics["discriminator_accuracy"]) == pytest.approx(expected, abs=0.003)
    assert float(metrics["discriminator"]) == pytest.approx(float(value), rel=1e-4)
    assert float(metrics["discriminator_gradient_norm"]) == pytest.approx(float(optax.tree.norm(gradient)), rel=1e-3)
    assert_same(state.params["discriminator"], descended(long_steps, start.params["discriminator"], gradient))


def test_brightness_is_that_of_the_worse_direction(stepped, batch, painted):
    found = []
    for source, target in (("content", "style"), ("style", "content")):
        pairs = zip(*(np.asarray(images).mean(3) for images in (batch[source], painted[target])), strict=True)
        found.append(np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs]))
    assert abs(found[0] - found[1]) > 1e-3
    assert float(stepped[1]["brightness"]) == pytest.approx(min(found), abs=1e-5)


def test_without_a_weight_there_is_no_identity_term(method, start, stepped, small_encoder, batch):
    without = set(jax.eval_shape(replace(method, identity_weight=0.0).step, start, small_encoder, batch)[1])
    assert set(stepped[1]) - without == {"identity"}
    assert without < set(stepped[1])


def test_the_direction_picks_the_generator(method, networks, start, batch):
    params, content = method.inference(start), batch["content"]
    for direction in ("forward", "backward"):
        directed = replace(method, direction=direction)
        output = directed.stylize(params, None, content, [], key=jax.random.key(0))
        expected = jnp.clip(networks[0](params[direction], content), 0, 1)
        np.testing.assert_allclose(output, expected, atol=1e-5)


def test_averages_of_both_generators_go_first(method, start):
    mean = jax.tree.map(lambda leaf: leaf + 1, start.params)
    assert method.inference(start) is start.params["generator"]
    assert method.inference(start.replace(ema=mean)) is mean["generator"]


def test_bad_options_are_refused(method):
    with pytest.raises(InputError, match=r"'cyclegan': cycle_weight = -1\.0 is not from 0"):
        replace(method, cycle_weight=-1.0)
    with pytest.raises(InputError, match="'cyclegan': identity_weight = nan is not a finite number"):
        replace(method, identity_weight=float("nan"))
    with pytest.raises(InputError, match="'cyclegan': pool = -5 is not from 0"):
        replace(method, pool=-5)
