"""ArtFID: its product, and that each output is compared with its own content."""

from __future__ import annotations

from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.encoder import inception
from styleresearch.errors import InputError
from styleresearch.evaluation import inception_metric
from styleresearch.evaluation.artfid import ArtFID
from styleresearch.evaluation.frechet import frechet_distance
from styleresearch.evaluation.lpips import LPIPS
from styleresearch.evaluation.metrics import METRICS
from styleresearch.evaluation.suite import Suite

pytestmark = pytest.mark.usefixtures("learned_networks")


def test_without_the_published_weights_there_is_none():
    with pytest.raises(InputError, match=r"give file='.*art_inception.pth'"):
        METRICS.build({"name": "artfid"})
    with pytest.raises(InputError, match="takes no file"):
        METRICS.build({"name": "artfid", "weights": "random", "file": "some.pth"})


def test_it_is_the_product_of_what_is_kept_of_contents_and_how_near_styles_are():
    rng = np.random.default_rng(0)
    rows, others = rng.normal(size=(2, 9, 5)).astype(np.float32)
    kept, styles = (
        {"activations": rows, "distance": np.arange(9.0) / 10},
        {"activations": others, "distance": np.zeros(9)},
    )
    metric = ArtFID(weights="random")
    assert metric.compare(kept, styles) == pytest.approx(1.4 * (1 + frechet_distance(rows, others)))
    assert metric.compare(styles, styles) == pytest.approx(1)


def test_each_output_is_compared_with_its_own_content(small_encoder, random_image):
    images = [np.asarray(random_image(seed, 80, 96)[0]) for seed in range(4)]
    read = [partial(np.asarray, image) for image in images]
    suite = Suite.of({"it": ArtFID(weights="random", least=2)}, small_encoder)

    def value(contents):
        return suite.of_set(read[:2], {"content": [], "style": read[2:]}, contents)["it"].value

    kept = value(read[:2])
    assert kept is not None
    needs = suite.needs["it"]
    batches = [jnp.asarray(image)[None] for image in images]
    distance = np.mean([float(LPIPS()(needs, batches[i], batches[1 - i], None)[0]) for i in range(2)])
    assert value(read[1::-1]) == pytest.approx(kept * (1 + distance), rel=1e-4)
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        value([])


def test_pictures_too_small_for_the_network_are_refused(small_encoder):
    metric = ArtFID(weights="random")
    with pytest.raises(InputError, match="75 px a side at least, and one has 74 x 90"):
        metric.check(metric.needs(small_encoder), (74, 90))


def test_the_contract_has_the_weights_digest_and_not_the_place_of_the_file(small_encoder, monkeypatch):
    net = inception.random_inception(0.0625, kind="art")
    monkeypatch.setattr(inception_metric, "read_inception", lambda file, kind: net)
    contracts = [metric.contract(metric.needs(small_encoder)) for metric in (ArtFID("here.pth"), ArtFID("there.pth"))]
    assert contracts[0] == contracts[1]
    assert len(contracts[0]["networks"]["inception"]) == 64
