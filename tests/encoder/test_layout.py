"""Which layers of two architectures are as deep as each other."""

from __future__ import annotations

import pytest

from styleresearch.encoder.network import NETWORKS
from styleresearch.errors import InputError


def test_layers_of_vgg_have_one_as_deep_elsewhere():
    vgg, alexnet, efficientnet = (
        NETWORKS[name]("random").layout for name in ("vgg16", "alexnet", "efficientnet_lite0")
    )
    layers = ("image", "conv1_2", "relu1_1", "relu2_2", "pool3", "relu4_1", "relu5_1")
    assert vgg.alike(layers, efficientnet) == ("image", "stage1", "stage2", "stage3", "stage5", "stage7")
    assert vgg.alike(layers[-2:], alexnet) == ("relu4", "relu5")
    assert efficientnet.alike(("stem", "stage4", "head"), vgg) == ("relu1_1", "relu4_1", "relu5_1")
    with pytest.raises(InputError, match="vgg16 has no layer 'stem'"):
        vgg.alike(("stem",), efficientnet)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_layer_has_a_level(network):
    layout = network("random").layout
    assert len(layout.levels) == 5
    assert sorted(layer for group in layout.levels for layer in group) == sorted(layout.deepest)
