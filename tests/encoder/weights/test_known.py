"""The pins themselves."""

from __future__ import annotations

import re

import pytest

from styleresearch.encoder.weights import KNOWN, WEIGHT_CONVENTIONS
from styleresearch.encoder.weights.architectures import ARCHITECTURES
from styleresearch.encoder.weights.known import UrlPin, mend


def test_the_names_that_others_rely_on():
    assert list(KNOWN) == [
        "vgg16",
        "vgg16_hed",
        "vgg19",
        "vgg16_torchvision",
        "vgg19_torchvision",
        "vgg19_normalised",
        "alexnet",
        "efficientnet_lite0",
        "lpips_alex",
        "lpips_vgg",
        "dists",
    ]
    assert {known.convention for known in KNOWN.values()} <= set(WEIGHT_CONVENTIONS)


@pytest.mark.parametrize("known", KNOWN.values(), ids=lambda known: known.name)
def test_pins_are_complete(known):
    assert known.source
    assert known.licence
    layers = {f"{layer}/{part}" for layer, parts in ARCHITECTURES[known.arch].shapes.items() for part in parts}
    assert set(known.tensors) in (set(), layers)
    digests = [*known.tensors.values(), *([known.package.sha256, known.package.member_sha256] if known.package else [])]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    if known.package:
        assert known.tensors  # a package of somebody else's is only used where every tensor is pinned
    if known.url:
        assert known.url.address.startswith("https://")


def test_the_conventions_are_the_encoders():
    """The names stand in two places, because this part does without jax."""
    from styleresearch.encoder.conventions import CONVENTIONS

    assert set(CONVENTIONS) == set(WEIGHT_CONVENTIONS)


def test_digests_of_public_files(tmp_path):
    file = tmp_path / "empty"
    file.touch()
    for digest in ("md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:e3b0c442"):
        assert UrlPin("https://example.org/a", digest, 1).matches(file)
    for digest in ("md5:d41d8cd98f00b204e9800998ecf8427f", "sha256:e3b0c443"):
        assert not UrlPin("https://example.org/a", digest, 1).matches(file)


def test_the_command_that_mends():
    assert mend("vgg16") == "styleresearch weights fetch vgg16"
    assert mend("vgg19_normalised").endswith("convert FILE --name vgg19_normalised --convention normalised")
    assert mend("mine").endswith("convert FILE --name mine --convention CONVENTION")
