"""DISTS against the formula in numpy."""

from __future__ import annotations

import jax
import numpy as np

from styleresearch.encoder.encoder import vgg16
from styleresearch.evaluation.dists import DISTS

LAYERS = ("image", "relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
JUDGE = vgg16("random", width=0.02)  # which it does not look through


def measured(metric, output, content):
    return jax.jit(lambda needs, a, b: metric(needs, a, b, None))(metric.needs(JUDGE), output, content)


def test_it_is_the_formula(learned_networks, random_image):
    network, heads = learned_networks["dists"].values()
    output, content = random_image(0, 33, 40, 2), random_image(1, 33, 40, 2)
    features = [jax.jit(lambda image: network(image, LAYERS))(image) for image in (output, content)]
    total, weights = np.zeros(2), 0.0
    for layer in LAYERS:
        for i in range(2):
            x, y = (np.asarray(each[layer][i], np.float64).reshape(-1, each[layer].shape[-1]) for each in features)
            p, q = x.mean(0), y.mean(0)
            covariance = ((x - p) * (y - q)).mean(0)
            alpha, beta = heads[layer]["alpha"], heads[layer]["beta"]
            total[i] += (alpha * (2 * p * q + 1e-6) / (p**2 + q**2 + 1e-6)).sum()
            total[i] += (beta * (2 * covariance + 1e-6) / (x.var(0) + y.var(0) + 1e-6)).sum()
        weights += heads[layer]["alpha"].sum() + heads[layer]["beta"].sum()
    np.testing.assert_allclose(measured(DISTS(), output, content), 1 - total / weights, atol=1e-4)
