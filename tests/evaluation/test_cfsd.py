"""CFSD against its formula, and its memory against the chunks."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import jax
import numpy as np
import pytest
from scipy.special import log_softmax

from styleresearch.evaluation.cfsd import CFSD, divergence
from styleresearch.evaluation.suite import Suite


def written_out(content, output):
    """Softmax over places of inner products of features over C; KL of the output's from the content's, summed."""
    c = content.shape[-1]
    rows = [each.reshape(-1, c).astype(np.float64) / c for each in (content, output)]
    log_p, log_q = (log_softmax(each @ each.T, axis=1) for each in rows)
    return (np.exp(log_p) * (log_p - log_q)).sum()


@pytest.fixture(scope="module")
def maps():
    return 8 * np.random.default_rng(0).random((2, 2, 5, 7, 6), np.float32)


@pytest.mark.parametrize("most", [1, 35 * 4, 10**6])
def test_it_is_the_divergence_written_out_in_chunks_of_any_size(maps, most):
    content, output = maps
    found = jax.jit(lambda a, b: divergence(a, b, most))(content, output)
    np.testing.assert_allclose(found, [written_out(*pair) for pair in zip(*maps, strict=True)], rtol=1e-4)


def test_no_more_similarities_than_allowed_are_in_memory_at_once():
    places = jax.ShapeDtypeStruct((1, 64, 64, 8), np.float32)
    program = str(jax.make_jaxpr(lambda a, b: divergence(a, b, 2**16))(places, places))
    sizes = [math.prod(map(int, shape.split(","))) for shape in re.findall(r"f32\[([\d,]+)\]", program)]
    assert max(sizes) == 2**16


def test_its_name_in_tables_and_its_contract_say_which_encoder(small_encoder):
    entry = Suite.of({"cfsd": CFSD()}, small_encoder).contracts()["cfsd"]
    assert entry["label"] == "CFSD (vgg16 random relu3_1)"
    assert entry["contract"]["encoder"]["digest"] == small_encoder.digest
    assert entry["contract"]["version"] == 1


def test_pixels_of_another_range_do_not_make_every_place_look_at_one(small_encoder, random_image):
    # The same network on Caffe's pixels: its activations are 58 times as large.
    caffe = small_encoder.replace(net=replace(small_encoder.net, convention="caffe"))
    assert caffe.gain == pytest.approx(57.6, abs=0.5)
    assert small_encoder.gain == 1
    images = random_image(0), random_image(1), random_image(2)
    values = [float(CFSD()({"encoder": encoder}, *images)[0]) for encoder in (small_encoder, caffe)]
    assert 0.2 < values[1] / values[0] < 5
