"""The card catches the mistakes that losses are published with, each by a line that names the place to look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import pytest

from styleresearch.checks.finding import findings_of
from styleresearch.checks.loss import PROPERTIES
from styleresearch.checks.subject import Subject
from styleresearch.checks.symmetry import invariances
from styleresearch.losses import Loss
from styleresearch.ops.moments import gram, mean


@dataclass(frozen=True)
class Planted(Loss):
    """A Gram loss, right but for what is planted."""

    target: ClassVar = "style"
    layers: tuple[str, ...] = ("relu1_1", "relu2_1")

    def summarise(self, features: Any) -> Any:
        return {layer: self.statistic(features[layer]) for layer in self.layers}

    def statistic(self, x: Any) -> Any:
        return gram(x)

    def compare(self, pred: Any, target: Any) -> Any:
        return sum(jax.vmap(lambda a, b: ((a - b) ** 2).mean())(pred[layer], target[layer]) for layer in self.layers)


class SwappedAxes(Planted):
    def statistic(self, x):
        b, h, w, c = x.shape
        return jnp.einsum("bim,bjm->bij", *2 * (x.reshape(b, c, h * w),), precision="highest") / (h * w)


class ScalarGram(Planted):
    def statistic(self, x):
        flat = x.reshape(x.shape[0], -1)
        return (flat**2).mean(1, keepdims=True)


class DeviationWithoutEps(Planted):
    def statistic(self, x):
        return jnp.sqrt(((x - mean(x)[:, None, None]) ** 2).mean((1, 2)))


class NormalisedTwice(Planted):
    def statistic(self, x):
        return gram(x) / (x.shape[1] * x.shape[2])


class BatchCoupled(Planted):
    def compare(self, pred, target):
        total = super().compare(pred, target)
        return jnp.broadcast_to(total.mean(0, keepdims=True), total.shape)


class MeanOverTheBatch(Planted):
    def compare(self, pred, target):
        return super().compare(pred, target).mean()


class ConventionsOfLayersMixed(Planted):
    def summarise(self, features):
        first, second = (features[layer] for layer in self.layers)
        return {self.layers[0]: gram(first) * first.shape[1] * first.shape[2], self.layers[1]: gram(second)}


class ConventionsOfSidesMixed(Planted):
    def compare(self, pred, target):
        return super().compare(pred, {layer: each / each.shape[-1] for layer, each in target.items()})


class Raises(Planted):
    def statistic(self, x):
        raise KeyError("relu9_1")


def failures(loss: Loss, *groups: str) -> dict[str, str]:
    properties = [PROPERTIES[0], *(each for each in PROPERTIES[1:-1] if each[0] in groups)]
    found = list(findings_of(properties, Subject(loss)))
    return {each.title: f"{each.measured}; {each.advice}" for each in found if each.verdict == "fail"}


@pytest.mark.parametrize(
    ("planted", "group", "title", "said"),
    [
        (SwappedAxes, "Symmetry", "both images mirrored or transposed", r"\(batch, height, width, channel\)"),
        (ScalarGram, "Symmetry", "tells channels apart", "not a number"),
        (DeviationWithoutEps, "Gradient", "finite", r"sqrt\(variance \+ eps\)"),
        (NormalisedTwice, "Scale", "with positions M", r"M\^-2.00; .*normalised twice"),
        (BatchCoupled, "Batch", "three together as three alone", "axes 1, 2 and 3 only"),
        (MeanOverTheBatch, "Value", "one number for each image", r"shape \(\) for one image; .*\(batch,\)"),
        (ConventionsOfLayersMixed, "Scale", "one convention for all layers, in M", "another power of M"),
        (ConventionsOfSidesMixed, "Identity", "zero at the target", "scaled differently"),
        (Raises, "Value", "one number for each image", "raised KeyError: 'relu9_1'"),
    ],
)
def test_a_planted_mistake_is_found_and_explained(planted, group, title, said):
    found = failures(planted(), group)
    assert title in found, found
    assert re.search(said, found[title]), found[title]


def test_what_is_declared_is_held_against_a_loss_and_what_is_not_is_measured():
    class Promising(Planted):
        invariances: ClassVar = ("channels", "flip")

    subject = Subject(Promising())
    found = {each.title: each for each in findings_of([PROPERTIES[0], ("Symmetry", invariances)], subject)}
    assert found["channels relabelled, as declared"].verdict == "fail"
    assert found["mirrored, as declared"].verdict == "pass"
    assert found["positions shuffled"].verdict == "fact"
