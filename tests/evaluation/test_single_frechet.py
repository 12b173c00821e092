"""The Fréchet distance of single pictures against scipy's root of a product of covariances."""

from __future__ import annotations

import jax
import numpy as np
import scipy.linalg

from styleresearch.evaluation.single_frechet import SingleFrechet
from styleresearch.evaluation.suite import Suite


def test_it_is_the_formula_over_all_places_of_a_layer(small_encoder, random_image):
    metric = SingleFrechet(("relu1_2",))
    output, style = random_image(0, batch=2), random_image(1, 24, 56, 2)
    needs = metric.needs(small_encoder)
    found = jax.jit(lambda *images: metric(needs, images[0], images[0], metric.summarise(needs, images[1])))(
        output, style
    )
    for i in range(2):
        a, b = (
            np.asarray(small_encoder(image, ("relu1_2",))["relu1_2"][i], np.float64).reshape(-1, 8)
            for image in (output, style)
        )
        p, q = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
        root = np.real(scipy.linalg.sqrtm(p @ q))
        wanted = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(p + q - 2 * root)
        np.testing.assert_allclose(found[i], wanted, rtol=1e-3)


def test_its_name_in_tables_says_what_it_sees_through(small_encoder):
    label = Suite.of({"it": SingleFrechet()}, small_encoder).contracts()["it"]["label"]
    assert label == "Single-picture Fréchet distance (vgg16 random relu2_2)"
