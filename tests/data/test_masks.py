"""A mask is lightness times opacity, fits its picture, and leaves something in."""

import numpy as np
import pytest
from PIL import Image

from styleresearch.data.masks import covers_all, load_mask
from styleresearch.errors import InputError

LEFT = np.zeros((64, 96), np.uint8)
LEFT[:, :48] = 255
SHAPE = (64, 96)


def layer(lightness, opacity):
    return Image.fromarray(np.dstack([lightness] * 3 + [opacity]))


def palette(mask):
    image = Image.fromarray((mask > 0).astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    return image


WHITE, OPAQUE = np.full_like(LEFT, 255), np.full_like(LEFT, 255)
KINDS = {
    "grey": Image.fromarray(LEFT),
    "colour": Image.fromarray(np.dstack([LEFT] * 3)),
    "one bit": Image.fromarray(LEFT).convert("1"),
    "16 bits": Image.fromarray(LEFT.astype(np.uint16) * 257),
    "palette": palette(LEFT),
    "white on transparency": layer(WHITE, LEFT),
    "opaque": layer(LEFT, OPAQUE),
    "grey on transparency": Image.merge("LA", [Image.fromarray(WHITE), Image.fromarray(LEFT)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_masks_of_every_kind(tmp_path, kind):
    KINDS[kind].save(tmp_path / "mask.png")
    mask = load_mask(tmp_path / "mask.png", SHAPE)
    assert mask.shape == (1, 64, 96, 1)
    assert mask.dtype == np.float32
    np.testing.assert_allclose(mask[0, :, :, 0], LEFT / 255, atol=1e-6)
    assert not covers_all(mask)


def test_a_palette_with_a_transparent_entry(tmp_path):
    # All entries are white: the second is transparent.
    image = palette(255 - LEFT)
    image.putpalette([255] * 6)
    image.save(tmp_path / "mask.png", transparency=1)
    np.testing.assert_array_equal(load_mask(tmp_path / "mask.png", SHAPE)[0, :, :, 0], LEFT / 255)


def test_half_opaque_grey_counts_a_quarter(tmp_path):
    layer(np.full((4, 6), 128, np.uint8), np.full((4, 6), 128, np.uint8)).save(tmp_path / "mask.png")
    np.testing.assert_allclose(load_mask(tmp_path / "mask.png", SHAPE), (128 / 255) ** 2, atol=1e-6)


@pytest.mark.parametrize("name", ["mask.png", "mask.jpg"])
def test_black_everywhere_is_refused(tmp_path, name):
    Image.fromarray(LEFT * 0).save(tmp_path / name)
    with pytest.raises(InputError, match="is black everywhere; paint white where it applies"):
        load_mask(tmp_path / name, SHAPE)


def test_transparent_everywhere_is_refused(tmp_path):
    layer(WHITE, LEFT * 0).save(tmp_path / "mask.png")
    with pytest.raises(InputError, match=r"black everywhere.*transparent counts as black"):
        load_mask(tmp_path / "mask.png", SHAPE)


@pytest.mark.parametrize("name", ["mask.png", "mask.jpg"])
def test_white_everywhere_is_known(tmp_path, name):
    Image.fromarray(WHITE).save(tmp_path / name)
    assert covers_all(load_mask(tmp_path / name, SHAPE))


@pytest.mark.parametrize("picture", [(64, 96), (128, 192), (32, 48), (512, 768), (33, 49)])
def test_a_mask_may_be_of_another_size(tmp_path, picture):
    KINDS["grey"].save(tmp_path / "mask.png")
    assert load_mask(tmp_path / "mask.png", picture).shape == (1, 64, 96, 1)


@pytest.mark.parametrize("picture", [(96, 64), (64, 64), (500, 720)])
def test_a_mask_of_another_picture_is_refused(tmp_path, picture):
    KINDS["grey"].save(tmp_path / "mask.png")
    with pytest.raises(InputError, match=f"is 96 x 64 px and does not fit its picture, which is {picture[1]} x"):
        load_mask(tmp_path / "mask.png", picture)
