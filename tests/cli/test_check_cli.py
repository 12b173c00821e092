"""``styleresearch check``: a user's ten lines get a verdict and a card, and what is none gets one line."""

from __future__ import annotations

import pytest

LOSS = '''
from dataclasses import dataclass
from styleresearch.losses import Loss


@dataclass(frozen=True)
class Means(Loss):
    """Channel <means>."""

    target = "style"
    layers: tuple[str, ...] = ("relu1_1",)

    def summarise(self, features):
        return features["relu1_1"].mean((1, 2))

    def compare(self, pred, target):
        return ((pred - target) ** 2).mean(1)


class Coupled(Means):
    def compare(self, pred, target):
        return super().compare(pred, target).mean()


def my_loss(pred, target):
    return 0.0
'''


def test_a_loss_that_declares_nothing_gets_a_verdict_and_a_card_of_its_own(cli, own_folder):
    (own_folder / "my_losses.py").write_text(LOSS)
    done = cli("check", "my_losses.py:Means", "--out=card.html", "--size=16")
    assert done.status == 0, done
    assert "sound: all" in done.out
    assert "positions shuffled" in done.out
    card = (own_folder / "card.html").read_text()
    assert "Channel &lt;means&gt;." in card
    assert "http" not in card.replace("http-equiv", "")


def test_a_loss_that_fails_ends_with_status_1_and_says_what_to_look_for(cli, own_folder):
    (own_folder / "my_losses.py").write_text(LOSS)
    done = cli("check", "my_losses.py:Coupled")
    assert done.status == 1, done
    assert "FAIL  Value: one number for each image" in done.out
    assert "(batch,)" in done.out


OTHERS = '''
from dataclasses import dataclass
from typing import ClassVar
from styleresearch.evaluation.metrics import METRICS, Metric
from styleresearch.methods import METHODS, Method


@METRICS.register("coupled")
@dataclass(frozen=True)
class Coupled(Metric):
    """Distance to the mean of a batch."""

    better: ClassVar = "lower"
    source: ClassVar = "none"
    title: str = "Coupled"

    def definition(self):
        return "The distance."

    def __call__(self, needs, output, content, style):
        return ((output - content.mean(0, keepdims=True)) ** 2).mean((1, 2, 3))


@METHODS.register("unclipped")
@dataclass(frozen=True)
class Unclipped(Method):
    """Twice the content."""

    def stylize(self, params, encoder, content, styles, *, key, progress=None):
        return 2 * content
'''


def test_a_metric_and_a_method_of_ones_own_get_a_verdict_too(cli, own_folder):
    (own_folder / "mine.py").write_text(OTHERS)
    metric = cli("check", "mine.py:coupled", "--size=32", "--out=card.html")
    assert metric.status == 1, metric
    assert "FAIL  Batch: three together as three alone" in metric.out
    assert "1 of 4 properties do not hold" in metric.out
    assert "Distance to the mean of a batch." in (own_folder / "card.html").read_text()
    method = cli("check", "mine.py:Unclipped", "--size=32")
    assert method.status == 1, method
    assert "FAIL  Picture: in [0, 1]" in method.out
    assert "another style" in method.out


@pytest.mark.parametrize("name", ["ssim", "kernel", "color_transfer", "gatys"])
def test_ours_pass(cli, own_folder, name):
    done = cli("check", name, "--size=32", *(["--evaluations=2"] if name == "gatys" else []))
    assert done.status == 0, done
    assert "sound: all" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gramm",), "Did you mean 'gram'"),
        (("ssi",), "Did you mean 'ssim'"),
        (("ms_ssim", "--size=64"), "MS-SSIM of 5 scales needs images of at least 176x176 px"),
        (("gram", "--size=3"), "--size = 3 is not from 16 to 1024"),
        (("none.py:x",), "there is no file none.py"),
        (("my_losses.py:my_loss",), "is no loss, metric or method: a loss is a frozen dataclass"),
        (("my_losses.py:Other",), "it has Means, Coupled"),
        (("gram", "--out=no/card.html"), "there is no folder no"),
        (("gram", "--layer=3"), "layer"),
    ],
)
def test_what_cannot_be_checked_is_said_in_one_line(refused, own_folder, arguments, message):
    (own_folder / "my_losses.py").write_text(LOSS)
    said = refused("check", *arguments)
    assert message in said
    assert said.count("\n") == 1
