"""Multi-scale structural similarity against its definition, scale by scale, and its smallest picture."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from styleresearch.errors import InputError
from styleresearch.evaluation.ms_ssim import MultiScaleSSIM
from styleresearch.ops.ssim import ms_ssim

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def maps(a, b, **constants):
    return structural_similarity(
        a, b, data_range=1, channel_axis=-1, gaussian_weights=True, sigma=1.5, truncate=3.4,
        use_sample_covariance=False, full=True, **constants,
    )[1][5:-5, 5:-5]  # fmt: skip


def written_out(a, b, scales):
    """The paper's equation 7; contrast and structure are scikit-image's map with a constant that drowns luminance."""
    total = sum(WEIGHTS[:scales])
    value = 1.0
    for scale, weight in enumerate(WEIGHTS[:scales]):
        last = scale == scales - 1
        value *= max(maps(a, b).mean() if last else maps(a, b, K1=1e4).mean(), 0) ** (weight / total)
        h, w = a.shape[0] // 2 * 2, a.shape[1] // 2 * 2
        a, b = (x[:h, :w].reshape(h // 2, 2, w // 2, 2, 3).mean((1, 3)) for x in (a, b))
    return value


@pytest.mark.parametrize("scales", [1, 3])
def test_it_is_equation_7_with_the_weights_of_the_scales_that_there_are(scales):
    rng = np.random.default_rng(0)
    a = rng.random((1, 45, 52, 3))
    b = np.clip(a + rng.normal(0, 0.2, a.shape), 0, 1)
    found = ms_ssim(jnp.asarray(a, jnp.float32), jnp.asarray(b, jnp.float32), scales)
    np.testing.assert_allclose(found, [written_out(a[0], b[0], scales)], rtol=1e-4)


def test_small_pictures_are_refused_with_what_to_do():
    MultiScaleSSIM().check({}, (176, 176))
    with pytest.raises(InputError, match="at least 176x176 px, got 300x175; give scales=4, larger images"):
        MultiScaleSSIM().check({}, (175, 300))
    with pytest.raises(InputError, match="got 300x10; give larger images, or leave the metric out"):
        MultiScaleSSIM().check({}, (10, 300))
    MultiScaleSSIM(scales=1).check({}, (11, 11))
