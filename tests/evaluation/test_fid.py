"""FID and KID: what they need, and what their contracts say."""

from __future__ import annotations

import numpy as np
import pytest

from styleresearch.encoder import inception
from styleresearch.errors import InputError
from styleresearch.evaluation import inception_metric
from styleresearch.evaluation.fid import FID, KID
from styleresearch.evaluation.frechet import frechet_distance
from styleresearch.evaluation.kernel import kernel_distance
from styleresearch.evaluation.metrics import METRICS


@pytest.mark.parametrize("name", ["fid", "kid"])
def test_without_the_published_weights_there_is_none(name):
    with pytest.raises(InputError, match=r"give file='.*pt_inception-2015-12-05-6726825d.pth'"):
        METRICS.build({"name": name})
    with pytest.raises(InputError, match="takes no file"):
        METRICS.build({"name": name, "weights": "random", "file": "some.pth"})


def test_a_file_that_is_not_there_is_named(small_encoder):
    with pytest.raises(InputError, match="no such file: nowhere"):
        FID("nowhere.pth").needs(small_encoder)


def test_they_are_the_distances_of_the_same_activations(small_encoder):
    rows, others = np.random.default_rng(0).normal(size=(2, 9, 5)).astype(np.float32)
    assert FID(weights="random").compare(rows, others) == frechet_distance(rows, others)
    assert KID(weights="random").compare(rows, others) == kernel_distance(rows, others)


def test_the_contract_has_the_weights_digest_and_not_the_place_of_the_file(small_encoder, monkeypatch):
    net = inception.random_inception(0.0625)
    monkeypatch.setattr(inception_metric, "read_inception", lambda file, kind: net)
    contracts = [metric.contract(metric.needs(small_encoder)) for metric in (FID("here.pth"), FID("there.pth"))]
    assert contracts[0] == contracts[1]
    assert len(contracts[0]["networks"]["inception"]) == 64
    assert contracts[0]["resize"].startswith("to 299x299")
    other = inception.random_inception(0.0625, seed=1)
    monkeypatch.setattr(inception_metric, "read_inception", lambda file, kind: other)
    assert FID("here.pth").contract(FID("here.pth").needs(small_encoder)) != contracts[0]
