"""Adversarial losses against their formulas, in NumPy and float64."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.losses.adversarial import ADVERSARIAL, judged, lsgan, non_saturating, wasserstein

SCORES = np.array([-30.0, -3.0, -1.0, -0.25, 0.0, 0.5, 1.0, 2.0, 30.0])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


FORMULAS = {
    "lsgan": {
        "real": lambda s: (s - 1) ** 2,
        "fake": lambda s: s**2,
        "fool": lambda s: (s - 1) ** 2,
    },
    # log(1 - D(s)) is log D(-s), which float64 does not lose.
    "non_saturating": {
        "real": lambda s: -np.log(sigmoid(s)),
        "fake": lambda s: -np.log(sigmoid(-s)),
        "fool": lambda s: -np.log(sigmoid(s)),
    },
    "hinge": {
        "real": lambda s: -np.minimum(0, -1 + s),
        "fake": lambda s: -np.minimum(0, -1 - s),
        "fool": lambda s: -s,
    },
    "wasserstein": {
        "real": lambda s: -s,
        "fake": lambda s: s,
        "fool": lambda s: -s,
    },
}


@pytest.mark.parametrize("role", ["real", "fake", "fool"])
@pytest.mark.parametrize("name", list(FORMULAS))
def test_formulas(name, role):
    loss = ADVERSARIAL.build({"name": name})
    np.testing.assert_allclose(loss(jnp.float32(SCORES), role), FORMULAS[name][role](SCORES), rtol=1e-5, atol=1e-13)


def test_lsgans_best_discriminator_is_the_share_of_real_images():
    # Mao et al. 2017, equation 5: (b p_data + a p_g) / (p_data + p_g), the root of the two halves' gradient.
    real, fake = 0.9, 0.1
    loss = lsgan(real, fake)
    for share in (0.0, 0.25, 0.5, 1.0):
        best = real * share + fake * (1 - share)

        def total(score, share=share):
            return share * loss(score, "real") + (1 - share) * loss(score, "fake")

        assert float(jax.grad(total)(jnp.float32(best))) == pytest.approx(0.0, abs=1e-6)
        assert float(jax.grad(jax.grad(total))(jnp.float32(best))) == pytest.approx(2.0)


def test_non_saturatings_best_discriminator_costs_log_four():
    # Goodfellow et al. 2014, theorem 1: where both distributions agree D is 1/2, the score 0.
    loss = non_saturating()
    zero = jnp.zeros(())
    assert float(loss(zero, "real") + loss(zero, "fake")) == pytest.approx(np.log(4))
    assert float(jax.grad(lambda s: loss(s, "real") + loss(s, "fake"))(zero)) == pytest.approx(0.0, abs=1e-7)


def test_the_generators_gradient_does_not_vanish_where_the_discriminator_is_sure():
    slope = jax.grad(lambda s: non_saturating()(s, "fool"))(jnp.float32(-50.0))
    assert float(slope) == pytest.approx(-1.0)


def test_an_image_is_judged_by_the_mean_over_places_and_scales():
    rng = np.random.default_rng(0)
    hidden = jnp.zeros((2, 4, 4, 8))
    large, small = rng.normal(size=(2, 5, 6, 1)), rng.normal(size=(2, 2, 3, 1))
    outputs = ((hidden, jnp.float32(large)), (hidden, hidden, jnp.float32(small)))
    expected = ((large**2).mean((1, 2, 3)) + (small**2).mean((1, 2, 3))) / 2
    np.testing.assert_allclose(judged(lsgan(), outputs, "fake"), expected, rtol=1e-5)
    np.testing.assert_allclose(judged(wasserstein(), outputs[:1], "fool"), -large.mean((1, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("labels", [{"real": 0.0}, {"real": -1.0}, {"real": 0.5, "fake": 0.9}, {"real": float("nan")}])
def test_labels_the_wrong_way_round_are_refused(labels):
    with pytest.raises(InputError, match=r"real must be above fake, got real=|real = nan is not a finite number"):
        lsgan(**labels)
