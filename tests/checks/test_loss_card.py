"""What the card of a loss says: the mistakes that it must find, and nothing against a loss that has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from styleresearch.checks.finding import Finding, findings_of
from styleresearch.checks.loss import PROPERTIES
from styleresearch.checks.subject import Subject
from styleresearch.cli import main
from styleresearch.losses import LOSSES
from styleresearch.losses.style import Gram

PLANTED = Path(__file__).with_name("planted.py")


@pytest.fixture
def planted(own_folder: Path) -> Path:
    """The module of losses with mistakes, as a user's own file in the folder to work in."""
    file = own_folder / "planted.py"
    file.write_text(PLANTED.read_text(encoding="utf-8"), encoding="utf-8")
    return file


def examined(loss, *without: str) -> list[Finding]:
    """Return what is found of a loss, without some groups."""
    kept = [each for each in PROPERTIES if each[0] not in ("Cost", *without)]
    return list(findings_of(kept, Subject(loss)))


def failed(loss) -> set[str]:
    return {f"{finding.group}: {finding.title}" for finding in examined(loss) if finding.verdict == "fail"}


MISTAKES = {
    "swapped_axes": "Symmetry: both images mirrored or transposed",
    "axes_of_another_order": "Scale: a style image of another size",
    "scalar_gram": "Symmetry: tells channels apart",
    "no_eps": "Gradient: finite",
    "normalised_twice": "Scale: with positions M",
    "coupled": "Batch: three together as three alone",
    "mean_of_the_batch": "Value: one number for each image",
    "mixed_layers": "Scale: one convention for all layers, in C",
    "mixed_sides": "Identity: zero at the target",
    "promises": "Symmetry: positions shuffled, as declared",
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_found(name, planted, monkeypatch):
    from styleresearch.config.modules import import_modules

    import_modules(("planted",))
    assert MISTAKES[name] in failed(LOSSES.build({"name": name}))


def test_ten_lines_that_declare_nothing_pass_and_are_measured(planted, capsys):
    page = planted.with_name("card.html")
    assert main(["check", "planted.py:sound", "--out", str(page), "--size=32"]) == 0
    said = capsys.readouterr().out
    assert "0 failed" in said
    assert "--  Symmetry: positions shuffled" in said
    assert "GFLOP" in said
    text = page.read_text()
    assert "A Gram matrix as it should be." in text
    assert "All 20 properties hold" in text
    assert "src=" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_a_failure_is_said_with_what_to_look_for_and_is_the_status(planted, capsys):
    page = planted.with_name("card.html")
    assert main(["check", f"{planted}:no_eps", "--out", str(page), "--size=32"]) == 1
    said = capsys.readouterr().out
    assert "FAIL  Gradient: finite" in said
    assert "identical and constant: 4 of 12288 entries at relu1_1" not in said  # all of them are
    assert "sqrt(variance + eps)" in said
    assert "1 property does not hold" in page.read_text()


def test_what_raises_fails_alone_or_ends_the_card(planted, capsys):
    assert main(["check", "planted.py:broken"]) == 1
    assert "raised RuntimeError: half done" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (["nothing"], "there is no loss, metric or method 'nothing'"),
        (["gramm"], "Did you mean 'gram'?"),
        (["planted.py"], "name one"),
        (["planted.py:soun"], "Did you mean 'sound'?"),
        (["planted.py:helper"], "helper is of type int, and no loss, metric or method"),
        (["planted.py:Planted"], "Planted is not registered; put @LOSSES.register"),
        (["missing.py:sound"], "check missing.py: there is no such file"),
        (["fails.py:sound"], "failed: ZeroDivisionError"),
        (["gram", "--convention=mine"], "'mine' is not one of"),
        (["gram", "--out=card.pdf"], "name a file that ends in .html"),
        (["gram", "--out=folder/card.html"], "in a folder that does not exist"),
        (["gram", "--size=0"], "size = 0 is not from 1"),
        (["gram", "--kind=metric"], "there is no metric 'gram'"),
    ],
)
def test_bad_input_is_one_line(what, message, planted, capsys):
    planted.with_name("fails.py").write_text("1 / 0\n")
    assert main(["check", *what]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_options_and_classes_are_taken(planted, capsys):
    assert main(["check", "planted.py:Sound", "--layers", "('relu1_1',)", "--size=32"]) == 0
    assert "one convention for all layers" not in capsys.readouterr().out


@pytest.mark.parametrize(("convention", "power"), [("paper", 0), ("authors", -2), ("neural_style", -2), ("johnson", 0)])
def test_the_scale_laws_of_published_conventions(convention, power):
    properties = [each for each in PROPERTIES if each[1].__name__ == "laws"]
    found = {f.title: f.measured for f in findings_of(properties, Subject(Gram(("relu1_1",), convention)))}
    numbers = {title: float(text.rpartition("^")[2]) for title, text in found.items()}
    assert numbers == pytest.approx(
        {"with positions M": 0, "with channels C": power, "with intensity s of both": 4}, abs=0.01
    )
    assert np.isfinite(power)
