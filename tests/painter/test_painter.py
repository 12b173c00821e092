"""Every style: the contract of paint, the same in every process, one composition at every size, unlike the others."""

import hashlib
import subprocess
import sys
import time

import numpy as np
import pytest

from styleresearch.data.framing import resize
from styleresearch.errors import InputError
from styleresearch.painter import MAX_SIDE, PAINTINGS, paint
from styleresearch.painter.palette import PALETTES, choose

STYLES = tuple(PAINTINGS)
styles = pytest.mark.parametrize("style", STYLES)


@pytest.fixture(scope="module")
def pictures():
    """(style, seed) -> a 128 x 160 picture, each painted once."""
    return {(style, seed): paint(style, (128, 160), seed) for style in STYLES for seed in (0, 1)}


def digest(style):
    return hashlib.sha256(paint(style, (48, 64), 5).tobytes()).hexdigest()


def test_there_are_at_least_ten_styles():
    assert len(STYLES) >= 10


@styles
@pytest.mark.parametrize("size", [(1, 1), (1, 90), (37, 53), (150, 11)])
def test_shape_type_and_range_at_odd_sizes(style, size):
    picture = paint(style, size, 2)
    assert picture.shape == (*size, 3)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()
    assert 0 <= picture.min() <= picture.max() <= 1


def test_the_same_in_another_process():
    code = (
        "import hashlib; from styleresearch.painter import PAINTINGS, paint;"
        "[print(s, hashlib.sha256(paint(s, (48, 64), 5).tobytes()).hexdigest()) for s in PAINTINGS]"
    )
    # Another hash seed: nothing may depend on the order of a set or on hash().
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "123"}
    )
    assert done.stderr == ""
    assert dict(line.split() for line in done.stdout.splitlines()) == {style: digest(style) for style in STYLES}


def test_painting_leaves_no_trace_in_global_randomness():
    before = np.random.get_state()[1].copy()
    paint("impasto", (32, 32))
    np.testing.assert_array_equal(before, np.random.get_state()[1])


@styles
def test_seeds_give_different_pictures(style, pictures):
    assert np.abs(pictures[style, 0] - pictures[style, 1]).mean() > 0.05


@styles
def test_size_changes_the_resolution_and_not_the_composition(style, pictures):
    small = paint(style, (64, 80), 0)
    coarse = [resize(picture, (12, 15)).ravel() for picture in (pictures[style, 0], small, pictures[style, 1])]
    same, different = np.corrcoef(coarse)[0, 1:]
    assert same > 0.95
    assert same > different + 0.2


@styles
def test_rich_in_colour_and_in_structure_at_several_scales(style, pictures):
    for seed in (0, 1):
        picture = pictures[style, seed]
        levels = np.unique((resize(picture, (64, 80)) * 7.999).astype(int).reshape(-1, 3), axis=0)
        assert len(levels) > 20  # of 512; a flat or two-coloured picture has a handful
        assert picture.std() > 0.1
        for scale in (1, 2, 4):  # each band of detail carries contrast: fine grain, strokes, forms
            h, w = 128 // scale, 160 // scale
            band = resize(picture, (h, w)) - resize(resize(picture, (h // 2, w // 2)), (h, w))
            assert band.std() > 0.015


def features(picture):
    """What a style has and a composition has not: edge strengths per scale, their directions, colourfulness."""
    found = []
    for scale in (1, 2, 4):
        grey = resize(picture, (128 // scale, 160 // scale)).mean(axis=2)
        dy, dx = np.gradient(grey)
        strength = np.hypot(dy, dx)
        found += [np.log(strength.mean()), np.log(strength.std()), np.log(np.abs(dy).mean() / np.abs(dx).mean())]
    chroma = picture - picture.mean(axis=2, keepdims=True)
    return np.array([*found, 4 * np.abs(chroma).mean(), 2 * picture.mean(), 4 * picture.std()])


def test_styles_differ_from_one_another(pictures):
    table = np.stack([features(pictures[style, 0]) for style in STYLES])
    apart = np.linalg.norm(table[:, None] - table[None], axis=2) + 9 * np.eye(len(STYLES))
    i, j = np.unravel_index(apart.argmin(), apart.shape)
    assert apart.min() > 0.4, f"{STYLES[i]} and {STYLES[j]} look alike"


@pytest.mark.slow
@styles
def test_fast_enough_to_be_a_data_set(style):
    paint(style, (64, 64))  # imports and caches
    start = time.process_time()  # of this process alone: other work on the machine does not count
    paint(style, (256, 256))
    assert time.process_time() - start < 3.0  # about 0.3 to 0.8 without the run-time type checks of the tests


def test_wrong_input():
    with pytest.raises(InputError, match=r"unknown painting style 'wodcut'\. Did you mean 'woodcut'"):
        paint("wodcut")
    for size in ((0, 5), (5, MAX_SIDE + 1), (-1, 5)):
        with pytest.raises(InputError, match=f"1 to {MAX_SIDE} pixels a side, not {size[0]} x {size[1]}"):
            paint("woodcut", size)
    with pytest.raises(InputError, match="seed must be at least 0, not -2"):
        paint("woodcut", seed=-2)


@pytest.mark.parametrize("name", PALETTES)
def test_palettes_have_contrast_for_every_role(name):
    palette = choose(np.random.default_rng(0), (name,))
    assert palette.dark.mean() < 0.3 < 0.8 < palette.paper.mean()
    assert np.abs(palette.accent - palette.high).max() > 0.2
    assert np.ptp(palette.accent) > 0.4
