"""Runs that begin with what another one learned."""

from __future__ import annotations

from typing import Any

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
from styleresearch.methods.cut import CUT
from styleresearch.methods.cyclegan import CycleGAN
from styleresearch.methods.feedforward import FeedForward
from styleresearch.nets import DECODERS, DISCRIMINATORS, NETS
from styleresearch.optim.optimizers import Adam
from styleresearch.training.start import warm_start

LAYER = "relu2_1"
OBJECTIVE = Objective.of({"style": (1.0, Gram((LAYER,))), "content": (1.0, Feature((LAYER,)))})


@pytest.fixture(scope="module")
def init(small_encoder, batch):
    """Return a state of the form that a method begins with, its numbers those of a seed: nothing is compiled."""

    def make(method, seed):
        rng, keys = np.random.default_rng(seed), jax.dtypes.prng_key

        def fill(leaf):
            if jnp.issubdtype(leaf.dtype, keys):
                return jax.random.key(seed)
            return jnp.asarray(rng.normal(size=leaf.shape), leaf.dtype)

        return jax.tree.map(fill, jax.eval_shape(method.init, jax.random.key(0), small_encoder, batch))

    return make


@pytest.fixture(scope="module")
def batch():
    return {"content": jnp.zeros((2, 32, 32, 3)), "style": jnp.ones((2, 32, 32, 3))}


def decoder(width=8, depth=1):
    return DECODERS.build({"name": "decoder", "widths": (width,), "depths": (depth,)})


def resnet(width=4):
    return NETS.build({"name": "resnet", "width": width, "blocks": 1})


def adain(net):
    return AdaIN(OBJECTIVE, Adam(), net, LAYER)


def adversarial(cls, net, **options):
    judge = DISCRIMINATORS.build({"name": "patch", "width": 4, "layers": 1})
    return cls(optimizer=Adam(), net=net, discriminator=judge, adversarial=lsgan(), **options)


def arbitrary_gan(net):
    return adversarial(ArbitraryGAN, net, objective=OBJECTIVE, condition_layer=LAYER, layer=LAYER)


def cut(net):
    return adversarial(CUT, net, layers_compared=("residual1",), patches=8, projection=4)


def bits(tree: Any) -> list[bytes]:
    """Return the bytes of all leaves."""
    keys = jax.dtypes.prng_key
    leaves = jax.tree.leaves(tree)
    plain = (jax.random.key_data(x) if jnp.issubdtype(x.dtype, keys) else x for x in leaves)
    return [np.asarray(leaf).tobytes() for leaf in plain]


def restored(params: Any) -> Any:
    """Return parameters as a checkpoint gives them back: numpy arrays."""
    return jax.tree.map(np.asarray, params)


def test_a_decoder_begins_a_generator_and_the_rest_begins_anew(init):
    first, method = adain(decoder()), arbitrary_gan(decoder())
    learned, fresh = first.inference(init(first, 0)), init(method, 1)
    state = warm_start(method, fresh, restored(learned))
    assert bits(state.params["generator"]) == bits(learned) != bits(fresh.params["generator"])
    assert bits(state.params["discriminator"]) == bits(fresh.params["discriminator"])
    assert bits(state.opt_state) == bits(fresh.opt_state)
    assert bits((state.step, state.key)) == bits((fresh.step, fresh.key))
    assert jax.tree.structure(state) == jax.tree.structure(fresh)
    for new, old in zip(jax.tree.leaves(state), jax.tree.leaves(fresh), strict=True):
        assert (new.shape, new.dtype) == (old.shape, old.dtype)
    # And back.
    back = warm_start(first, init(first, 2), method.inference(state))
    assert bits(back.params) == bits(learned)


def test_inside_jit_and_in_float32(init, small_encoder, batch):
    method = adain(decoder())
    learned = jax.tree.map(lambda leaf: np.asarray(leaf, np.float16), init(method, 0).params)
    state = jax.jit(lambda key: warm_start(method, method.init(key, small_encoder, batch), learned))(jax.random.key(1))
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(state.params))
    assert bits(state.params) == bits(jax.tree.map(lambda leaf: leaf.astype(np.float32), learned))


def test_styles_of_its_own_stay(init, random_image):
    net = NETS.build({"name": "transform", "widths": (4,), "residuals": 0})
    first, second = (FeedForward(OBJECTIVE, Adam(), net, (np.asarray(random_image(seed)[0]),)) for seed in (1, 2))
    learned, fresh = first.inference(init(first, 0)), init(second, 1)
    assert "thumbnails" in learned
    state = warm_start(second, fresh, restored(learned))
    assert bits(state.params) == bits(learned["net"])
    assert bits(state.constants) == bits(fresh.constants)
    assert bits(second.inference(state)["thumbnails"]) != bits(learned["thumbnails"])


def test_what_paints_beside_the_network_begins_anew(init):
    method = cut(resnet())
    learned, fresh = method.inference(init(method, 0)), init(method, 1)
    state = warm_start(method, fresh, learned)
    assert bits(state.params["generator"]["net"]) == bits(learned)
    assert bits(state.params["generator"]["projection"]) == bits(fresh.params["generator"]["projection"])


def test_networks_of_another_form_are_refused(init):
    first = adain(decoder())
    learned = first.inference(init(first, 0))
    wider, deeper = adain(decoder(width=6)), adain(decoder(depth=2))
    with pytest.raises(InputError, match=r"the networks differ: .*kernel is \(3, 3, \d+, 6\) here, \(3, 3, \d+, 8\)"):
        warm_start(wider, init(wider, 1), learned)
    state = init(deeper, 1)
    with pytest.raises(InputError, match=r"conv3/bias is \(3,\) here, missing there.* Start from a run whose net"):
        warm_start(deeper, state, learned)
    with pytest.raises(InputError, match="conv3/kernel is missing here"):
        warm_start(first, init(first, 1), deeper.inference(state))


def test_one_generator_is_not_two(init):
    one, two = cut(resnet()), adversarial(CycleGAN, resnet(), pool=0)
    learned = one.inference(init(one, 0))
    with pytest.raises(InputError, match=r"contract1/.* is missing here.*, and \d+ more"):
        warm_start(two, init(two, 1), learned)
