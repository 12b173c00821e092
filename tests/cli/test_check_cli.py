"""``styleresearch check``: a user's ten lines get a verdict and a card, and what is no loss gets one line."""

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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gramm",), "Did you mean 'gram'"),
        (("ssim",), "'ssim' is a metric; check examines losses so far"),
        (("none.py:x",), "there is no file none.py"),
        (("my_losses.py:my_loss",), "is no loss: a loss is a frozen dataclass"),
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
