"""LPIPS and DISTS with their published weights against an independent implementation (golden/perceptual.json)."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from skimage import data

from styleresearch.encoder.encoder import vgg16
from styleresearch.evaluation.dists import DISTS
from styleresearch.evaluation.lpips import LPIPS

pytestmark = pytest.mark.slow
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "perceptual.json").read_text())
METRICS = {"lpips_alex": LPIPS("alex"), "lpips_vgg": LPIPS("vgg"), "dists": DISTS()}
CHANGES = {
    "flip": lambda v: v[:, ::-1],
    "bgr": lambda v: v[..., ::-1],
    "invert": lambda v: 255 - v,
    "roll16": lambda v: np.roll(v, 16, 1),
    "quant32": lambda v: v // 32 * 32,
}


def compiled(metric):
    needs = metric.needs(vgg16("random", width=0.02))  # which it does not look through
    program = jax.jit(lambda needs, output, content: metric(needs, output, content, None)[0])
    return lambda *pair: float(program(needs, *pair))


@pytest.mark.parametrize("name", METRICS)
def test_distances_of_the_golden_image(name, golden_image, golden_style):
    measure = compiled(METRICS[name])
    for change, other in {"style": golden_style, "dark": golden_image * 0.7, "noise_free": golden_image}.items():
        assert measure(golden_image, other) == pytest.approx(GOLDEN["distances"][change][name], abs=1e-4)


@pytest.mark.parametrize("net", ["alex", "vgg"])
def test_lpips_of_grey_pictures(net, golden_image, golden_style):
    found = compiled(LPIPS(net, grey=True))(golden_image, golden_style)
    assert found == pytest.approx(GOLDEN["distances"]["grey"][f"lpips_{net}"], abs=1e-4)


@pytest.mark.parametrize("name", METRICS)
def test_published_values_of_photographs(name):
    measure = compiled(METRICS[name])
    for photograph, changes in GOLDEN["photographs"].items():
        with Image.open(Path(data.__file__).parent / photograph) as opened:
            picture = np.asarray(opened.convert("RGB"))[:256, :256]
        for change, values in changes.items():
            pair = (jnp.asarray(x[None], jnp.float32) / 255 for x in (picture, CHANGES[change](picture)))
            assert measure(*pair) == pytest.approx(values[name], abs=1e-4), (photograph, change)
