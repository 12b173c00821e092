"""Halves and outlines of another source's pictures."""

import hashlib

import numpy as np
import pytest
from PIL import Image

from styleresearch.config import build
from styleresearch.data.pictures import SOURCES
from styleresearch.data.pipeline import Pipeline
from styleresearch.errors import InputError


def dataset(spec):
    return build.resolve(SOURCES, spec).dataset()


RNG = np.random.default_rng(5)
PHOTOGRAPHS = {"name": "photographs", "names": ("coffee", "cat")}


@pytest.fixture
def side_by_side(tmp_path):
    """Files as pix2pix' datasets have them: a picture, and its negative right of it; one with an odd width."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    pictures = [RNG.integers(0, 256, (30, width, 3), np.uint8) for width in (40, 50, 33)]
    for i, picture in enumerate(pictures):
        middle = np.zeros((30, i // 2, 3), np.uint8)
        Image.fromarray(np.concatenate([picture, middle, 255 - picture], axis=1)).save(folder / f"{i}.png")
    return {"name": "folder", "path": str(folder)}, pictures


def test_halves(side_by_side):
    whole, pictures = side_by_side
    left, right = (dataset({"name": "half", "of": whole, "side": side}) for side in ("left", "right"))
    assert left.names() == right.names() == ("0.png", "1.png", "2.png")
    for i, picture in enumerate(pictures):
        np.testing.assert_array_equal(left[i], picture)
        np.testing.assert_array_equal(right[i], 255 - picture)
    assert len({left.identity(), right.identity(), dataset(whole).identity()}) == 3
    source = build.resolve(SOURCES, {"name": "half", "of": whole, "side": "right"})
    assert source.names() == ("0", "1", "2")
    np.testing.assert_array_equal(np.rint(source.picture("1") * 255), 255 - pictures[1])
    assert source.picture("0", 15).shape == (15, 20, 3)
    assert left.identity() == hashlib.sha256(f"Half(side='left') {dataset(whole).identity()}".encode()).hexdigest()
    assert left.notes() == dataset(whole).notes()
    batch = Pipeline(left, right, paired=True, batch_size=6, crop=16).batch(0)
    np.testing.assert_array_equal(batch["style"], 255 - batch["content"])


def test_a_picture_one_pixel_wide_is_both_its_halves(tmp_path):
    Image.new("RGB", (1, 4), (1, 2, 3)).save(tmp_path / "thin.png")
    for side in ("left", "right"):
        half = dataset({"name": "half", "of": {"name": "folder", "path": str(tmp_path)}, "side": side})
        assert half[0].tolist() == [[[1, 2, 3]]] * 4


def test_outlines_are_thin_and_black_and_where_the_edges_are(tmp_path):
    pixels = np.full((64, 80, 3), 200, np.uint8)
    pixels[16:48, 20:60] = (30, 60, 90)
    Image.fromarray(pixels).save(tmp_path / "box.png")
    outline = dataset({"name": "edges", "of": {"name": "folder", "path": str(tmp_path)}})[0]
    assert outline.shape == pixels.shape
    assert set(np.unique(outline)) == {0, 255}
    assert (outline == outline[..., :1]).all()
    y, x = np.nonzero(outline[..., 0] == 0)
    distance = np.minimum(
        np.minimum(np.abs(y - 15.5), np.abs(y - 47.5)), np.minimum(np.abs(x - 19.5), np.abs(x - 59.5))
    )
    assert distance.max() <= 2  # corners are rounded
    perimeter = 2 * (32 + 40)
    assert 0.8 * perimeter <= len(y) <= 1.1 * perimeter


def test_outlines_of_photographs():
    drawn, fewer = (dataset({"name": "edges", "of": PHOTOGRAPHS, "sigma": sigma}) for sigma in (2.0, 4.0))
    assert drawn.names() == ("coffee", "cat")
    dark = [(one[0] == 0).mean() for one in (drawn, fewer)]
    assert 0.3 > dark[0] > dark[1] > 0.005
    other = dataset({"name": "edges", "of": PHOTOGRAPHS | {"names": ("cat", "coffee")}})
    assert len({drawn.identity(), fewer.identity(), other.identity()}) == 3


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        ({"name": "edges", "of": PHOTOGRAPHS, "sigma": 0.0}, "is not (a finite number|from)"),
        ({"name": "edges", "of": PHOTOGRAPHS, "sigma": float("inf")}, "is not (a finite number|from)"),
        ({"name": "edges"}, "needs the option 'of'"),
        ({"name": "edges", "of": "painter"}, r"of: must be dict\(name=..., \*\*options\), got 'painter'"),
        ({"name": "edges", "of": {"name": "paintr"}}, "of: unknown picture source 'paintr'.*Did you mean 'painter'"),
        ({"name": "half", "of": PHOTOGRAPHS, "side": "top"}, "side = 'top' is not one of 'left', 'right'"),
        (
            {"name": "half", "side": "left", "of": {"name": "edges", "of": {"name": "folder"}}},
            "of: picture source 'folder' needs the option 'path'",
        ),
    ],
)
def test_refused(spec, match):
    with pytest.raises(InputError, match=match):
        build.resolve(SOURCES, spec)


def test_outlines_by_name_are_drawn_at_the_final_size():
    of = build.resolve(SOURCES, PHOTOGRAPHS)
    source = build.resolve(SOURCES, {"name": "edges", "of": PHOTOGRAPHS})
    assert source.names() == of.names()
    drawn = source.picture("cat", 64)
    assert drawn.shape == of.picture("cat", 64).shape
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert 0.01 < (drawn == 0).mean() < 0.3
    np.testing.assert_array_equal(source.picture("cat") * 255, source.dataset()[1])
