"""``import styleresearch`` offers the tasks and the base classes, and costs nothing until one is used."""

from __future__ import annotations

import importlib
import subprocess
import sys

import numpy as np
import pytest

import styleresearch
from styleresearch import Encoder, Loss, Method, Metric, Objective, Style, TrainedMethod, compare, load, stylize


@pytest.mark.parametrize("name", styleresearch.__all__)
def test_every_name_is_the_one_of_its_home(name):
    home = importlib.import_module(f"styleresearch.{styleresearch._HOMES[name]}")
    assert getattr(styleresearch, name) is getattr(home, name)
    assert name in dir(styleresearch)


def test_the_face_has_nothing_else():
    assert set(styleresearch._HOMES) == set(styleresearch.__all__)
    with pytest.raises(AttributeError, match="no attribute 'stylise'"):
        styleresearch.stylise  # noqa: B018


def test_importing_it_imports_nothing_of_weight():
    script = "import sys; before = set(sys.modules); import styleresearch; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in eval(done.stdout)} - set(sys.stdlib_module_names)
    assert loaded == {"styleresearch"}


def test_a_picture_is_stylised_by_a_spec_or_by_what_it_describes(small_encoder):
    rng = np.random.default_rng(0)
    content, style = rng.random((32, 40, 3), np.float32), rng.random((1, 24, 24, 3), np.float32)
    spec = {"name": "gatys", "evaluations": 2, "optimizer": {"name": "adam"}}
    spec["objective"] = {"style": {"name": "gram", "layers": ("relu1_1",)}}
    picture, cost = stylize(spec, small_encoder, content, [Style(style)])
    assert picture.shape == content.shape
    assert cost.seconds > 0
    again, _ = stylize(spec, small_encoder, content, [Style(style)], seed=0)
    np.testing.assert_array_equal(picture, again)


def test_own_parts_derive_from_it():
    for base in (Encoder, Loss, Method, Metric, Objective, TrainedMethod):
        assert isinstance(base, type)
    assert callable(compare)
    assert callable(load)
