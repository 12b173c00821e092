"""Examples are what resizing the whole picture and cropping then would give."""

import io

import numpy as np
import pytest
from PIL import Image

from styleresearch.data.transforms import Example, resized_shape
from styleresearch.errors import InputError


def smooth(h, w, seed=0):
    """A picture without hard edges, uint8."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((w, h), Image.Resampling.BICUBIC))


class Told(np.random.Generator):
    """A generator that draws what it is told: (down, across, mirror), each in [0, 1)."""

    def __init__(self, *numbers):
        super().__init__(np.random.PCG64(0))
        self.numbers = np.array(numbers)

    def random(self, count):
        assert count == len(self.numbers)
        return self.numbers


def rng(*numbers):
    return Told(*numbers) if numbers else np.random.default_rng(0)


@pytest.mark.parametrize(
    ("shape", "size", "mode", "crop", "expected"),
    [
        ((480, 640), 256, "short", 128, (256, 341)),
        ((640, 480), 256, "short", 128, (341, 256)),
        ((480, 640), 256, "long", 128, (192, 256)),
        ((480, 640), 256, "squash", 128, (256, 256)),
        ((480, 640), None, "short", 128, (480, 640)),
        # Too small for the crop: enlarged, keeping the aspect ratio.
        ((20, 40), None, "short", 128, (128, 256)),
        ((480, 640), 256, "long", 256, (256, 341)),
        ((60, 100), 128, "short", 128, (128, 213)),
        # The short side of a strip rounds to nothing.
        ((1, 1000), 100, "long", 10, (10, 10_000)),
    ],
)
def test_resized_shape(shape, size, mode, crop, expected):
    assert resized_shape(*shape, size, mode, crop) == expected


@pytest.mark.parametrize("mode", ["short", "long", "squash"])
@pytest.mark.parametrize("place", [(0.0, 0.0), (0.3, 0.8), (0.999999, 0.999999)])
@pytest.mark.parametrize("shape", [(301, 403), (97, 61), (30, 20)])
def test_equal_to_resizing_the_whole_and_cropping(mode, place, shape):
    picture = smooth(*shape)
    h, w = resized_shape(*shape, 96, mode, 48)
    whole = np.asarray(Image.fromarray(picture).resize((w, h), Image.Resampling.BILINEAR)).astype(int)
    y, x = int(place[0] * (h - 48 + 1)), int(place[1] * (w - 48 + 1))

    example = Example(48, 96, mode, flip=False)(Image.fromarray(picture), rng(*place, 0.9))

    assert example.dtype == np.uint8
    assert example.shape == (48, 48, 3)
    assert np.abs(example - whole[y : y + 48, x : x + 48]).max() <= 1  # one rounding apart


def test_without_resize_pixels_are_copied():
    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    example = Example(16, flip=False)(Image.fromarray(picture), rng(0.5, 0.25, 0.9))
    np.testing.assert_array_equal(example, picture[12:28, 8:24])
    mirrored = Example(16)(Image.fromarray(picture), rng(0.5, 0.25, 0.1))
    np.testing.assert_array_equal(mirrored, picture[12:28, 8:24][:, ::-1])
    middle = Example(16, position="center", flip=False)(Image.fromarray(picture), rng(0.9, 0.9, 0.1))
    np.testing.assert_array_equal(middle, picture[12:28, 17:33])


def test_antialiased():
    # Stripes of one pixel: without antialiasing shrinking by 4 gives black or white, or beats.
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    example = Example(64, 64, flip=False)(Image.fromarray(stripes), rng())
    assert np.abs(example[1:-1, 1:-1].astype(int) - 127).max() <= 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (5, 3)])
def test_smaller_than_the_crop_is_enlarged(shape):
    picture = np.full((*shape, 3), 77, np.uint8)
    example = Example(64)(Image.fromarray(picture), rng())
    assert example.shape == (64, 64, 3)
    assert (example == 77).all()


def test_every_place_and_both_directions_come():
    ramp = np.stack(np.meshgrid(np.arange(12), np.arange(10), [0])[:2], axis=-1)[:, :, 0]
    picture = np.concatenate([ramp, np.zeros((10, 12, 1))], axis=2).astype(np.uint8)  # a pixel says where it was
    generator, seen, mirrored = np.random.default_rng(1), set(), 0
    for _ in range(600):
        example = Example(8)(Image.fromarray(picture), generator)
        flipped = example[0, 0, 0] > example[0, -1, 0]
        mirrored += flipped
        seen.add((example[0, 0, 1], example[0, -1, 0] if flipped else example[0, 0, 0]))
    assert seen == {(y, x) for y in range(3) for x in range(5)}
    assert 230 < mirrored < 370  # 300 expected, standard deviation 12


def test_large_jpeg_is_decoded_small_and_looks_the_same():
    picture = smooth(800, 1200)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=95, subsampling=0)
    jpeg = Image.open(buffer)
    example = Example(64, 64, flip=False)(jpeg, rng(0, 0.5, 0.9))
    assert jpeg.size == (300, 200)  # decoded at a quarter: still more than twice of what is needed
    expected = Example(64, 64, flip=False)(Image.fromarray(picture), rng(0, 0.5, 0.9))
    assert np.abs(example.astype(int) - expected).mean() < 1.5


def test_grey_becomes_rgb():
    example = Example(8)(Image.fromarray(np.full((9, 9), 50, np.uint8)), rng())
    assert (example == 50).all()
    assert example.shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"crop": 0}, "crop = 0 is not"),
        ({"crop": 8, "resize": 0}, "resize = 0 is not"),
        ({"crop": 9, "resize": 8}, "smaller than crop"),
    ],
)
def test_refused(options, match):
    with pytest.raises(InputError, match=match):
        Example(**options)


@pytest.mark.parametrize("shape", [(303, 405), (301, 403), (201, 297)])
def test_a_jpeg_with_odd_sides_is_not_shifted(shape):
    # A ramp shows a shift at once: its decoder shrinks the JPEG to sides that are parts of a pixel.
    ramp = np.add.outer(np.linspace(0, 100, shape[0]), np.linspace(0, 155, shape[1]))
    picture = np.repeat(ramp[:, :, None], 3, axis=2).round().astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=100, subsampling=0)
    make = Example(32, 32, "squash", flip=False)
    shrunk = make(Image.open(buffer), rng(0.0, 0.0, 0.9)).astype(int)
    whole = make(Image.fromarray(picture), rng(0.0, 0.0, 0.9)).astype(int)
    assert np.abs(shrunk - whole)[:-1, :-1].max() <= 1
