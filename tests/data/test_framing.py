"""One rule of framing and one resampling: whatever the format, the turn and the size."""

import tracemalloc

import numpy as np
import pytest
import skimage
from PIL import Image
from skimage.metrics import structural_similarity

from styleresearch.data.framing import (
    MAX_PIXELS,
    Frame,
    as_in_file,
    at_size,
    difference,
    fits,
    like,
    resample,
    resize,
    short_side,
)
from styleresearch.data.images import image_shape, load_image, save_image
from styleresearch.data.triple import Measuring
from styleresearch.errors import InputError


def photograph(name, height, width):
    path = f"{skimage.__path__[0]}/data/{name}"
    return Image.open(path).convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def whole(image, shape):
    """Pillow's Lanczos over all of a picture, in float numbers."""
    planes = (Image.fromarray(np.asarray(plane, np.float32)) for plane in image.split())
    size = (shape[1], shape[0])
    resized = [np.asarray(plane.resize(size, Image.Resampling.LANCZOS)) for plane in planes]
    return np.clip(np.stack(resized, 2) / 255, 0, 1)


def test_the_short_side_is_the_size_and_the_long_one_is_rounded():
    assert at_size((400, 600), 200) == (200, 300)
    assert at_size((500, 741), 256) == (256, 379)
    assert at_size((741, 500), 256) == (379, 256)
    assert at_size((1000, 3), 1) == (333, 1)
    rng = np.random.default_rng(0)
    for _ in range(300):
        shape, size = tuple(map(int, rng.integers(1, 5000, 2))), int(rng.integers(1, 600))
        try:
            found = at_size(shape, size)
        except InputError:
            assert max(shape) / min(shape) * size > 16_384 or max(shape) * size**2 / min(shape) > MAX_PIXELS
            continue
        assert min(found) == size
        assert abs(max(found) - max(shape) * size / min(shape)) <= 0.5
        assert fits(found, shape)
        assert difference(found, shape) is None


# Sizes at which sides divide evenly, and at which nothing does; a PNG, a JPEG whose decoder shrinks it, and one that
# it does not. The first is the picture on which a whole factor of 3 once stretched half a pixel.
@pytest.mark.parametrize("shape", [(872, 1000), (871, 999), (1363, 2047), (600, 903)])
@pytest.mark.parametrize(
    ("name", "size"),
    [("hubble_deep_field.jpg", 37), ("coffee.png", 64), ("coffee.png", 128), ("hubble_deep_field.jpg", 200)],
)
def test_png_and_jpeg_of_one_picture_are_read_alike(tmp_path, name, shape, size):
    image = photograph(name, *shape)
    image.save(tmp_path / "a.png", compress_level=1)
    image.save(tmp_path / "a.jpg", quality=98, subsampling=0)
    png, jpeg = (load_image(tmp_path / f"a.{ending}", size) for ending in ("png", "jpg"))
    np.testing.assert_allclose(png, whole(image, png.shape[:2]), atol=1e-5)
    np.testing.assert_allclose(jpeg, whole(Image.open(tmp_path / "a.jpg"), png.shape[:2]), atol=4 / 255)
    assert structural_similarity(png, jpeg, channel_axis=2, data_range=1) > 0.999


def test_reading_at_a_size_is_resizing_what_is_read(tmp_path):
    rng = np.random.default_rng(1)
    for number in range(12):
        height, width = map(int, rng.integers(5, 300, 2))
        Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8)).save(tmp_path / f"{number}.png")
        size = int(rng.integers(3, 200))
        array = load_image(tmp_path / f"{number}.png")
        np.testing.assert_array_equal(load_image(tmp_path / f"{number}.png", size), short_side(array, size))
        # The file's own size: no resampling.
        np.testing.assert_array_equal(load_image(tmp_path / f"{number}.png", min(height, width)), array)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_part_is_one_of_the_upright_picture(tmp_path, orientation):
    rng = np.random.default_rng(orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(rng.integers(0, 256, (52, 71, 3), np.uint8)).save(tmp_path / "a.png", exif=exif)
    array = load_image(tmp_path / "a.png")
    height, width = array.shape[:2]
    assert image_shape(tmp_path / "a.png") == (height, width) == ((71, 52) if orientation > 4 else (52, 71))
    for box in ((3.0, 5.0, 20.0, 31.0), (3.25, 5.5, 20.125, 31.75)):
        part = load_image(tmp_path / "a.png", Frame((11, 9), box))
        np.testing.assert_allclose(part, resample([array], height, box, (11, 9)), atol=1e-6)
    cut = load_image(tmp_path / "a.png", Frame((26, 17), (3.0, 5.0, 20.0, 31.0)))
    np.testing.assert_array_equal(cut, array[5:31, 3:20])


def test_a_png_that_says_last_how_it_is_turned(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(tmp_path / "a.png", exif=exif)
    data = (tmp_path / "a.png").read_bytes()
    start = data.index(b"eXIf") - 4
    chunk = data[start : start + 12 + int.from_bytes(data[start : start + 4], "big")]
    (tmp_path / "a.png").write_bytes(data.replace(chunk, b"").replace(data[-12:], chunk + data[-12:]))
    assert image_shape(tmp_path / "a.png") == (6, 4)
    assert load_image(tmp_path / "a.png").shape == (6, 4, 3)


def test_a_large_picture_never_is_float_as_a_whole(tmp_path):
    Image.new("RGBA", (6000, 4000), (10, 200, 30, 128)).save(tmp_path / "a.png", compress_level=1)
    tracemalloc.start()  # numpy's memory; Pillow's holds the 8-bit pixels
    array = load_image(tmp_path / "a.png", 64)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert array.shape == (64, 96, 3)
    np.testing.assert_allclose(array[9, 9], np.array([10, 200, 30]) / 255 * 128 / 255 + 127 / 255, atol=1e-6)
    assert peak < 150e6  # as float numbers 288 MB


@pytest.mark.parametrize(
    ("output", "content", "said"),
    [
        ((256, 379), (500, 741), None),
        ((500, 741), (500, 741), None),
        ((1000, 1482), (500, 741), None),  # enlarged
        ((255, 379), (500, 741), None),  # another program rounds down
        ((128, 128), (500, 741), "aspect ratio 1.00, the content's is 1.48"),
        ((64, 80), (500, 741), "aspect ratio 1.25, the content's is 1.48"),
        ((1000, 1003), (1000, 1000), "aspect ratio 1.003, the content's is 1.000"),
        # Cropped or resized: their aspect ratio is the content's, as far as whole pixels can tell.
        ((496, 736), (500, 741), "736 x 496, the content's 741 x 500 rounded down to multiples of 16"),
        ((448, 448), (450, 450), None),  # what the rule gives at size 448
        ((1, 1), (1, 1), None),
    ],
)
def test_another_framing_is_said(output, content, said):
    assert difference(output, content) == said


def test_the_part_that_an_output_shows():
    assert like((500, 741), (128, 128), "squash") == (0, 0, 741, 500)
    assert like((500, 741), (128, 128), "crop") == (120.5, 0, 620.5, 500)
    assert like((741, 500), (128, 128), "crop") == (0, 120.5, 500, 620.5)
    # Whole pixels, none resampled, of a picture that was cropped to a multiple of what a network can take.
    assert like((500, 741), (496, 736), "crop") == (2, 2, 738, 498)
    # Rounding is no reason to crop.
    assert like((500, 741), (256, 379), "crop") == (0, 0, 741, 500)


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_the_content_is_what_a_comparison_shows_at_the_outputs_size(tmp_path, ending):
    rng = np.random.default_rng(2)
    for number in range(10):
        height, width = map(int, rng.integers(60, 700, 2))
        image = photograph("chelsea.png", height, width)
        content, output = tmp_path / f"{number}.{ending}", tmp_path / f"{number}_out.png"
        image.save(content)
        size = int(rng.integers(20, 400))
        shown = as_in_file(load_image(content, size))
        save_image(output, shown)
        triple = Measuring().read(output, content, content)
        np.testing.assert_array_equal(triple.output, shown)
        np.testing.assert_array_equal(triple.content, shown)
        assert triple.framing is None
        smaller = Measuring(size=max(1, size // 2)).read(output, content, content)
        np.testing.assert_array_equal(smaller.content, as_in_file(load_image(content, max(1, size // 2))))


def test_the_middle_of_a_content_is_what_was_cropped(tmp_path):
    image = photograph("chelsea.png", 300, 451)
    image.save(tmp_path / "content.png")
    array = load_image(tmp_path / "content.png")
    # At the file's size: not a pixel differs.
    save_image(tmp_path / "out.png", array[6:294, 1:449])
    triple = Measuring(framing="crop").read(tmp_path / "out.png", tmp_path / "content.png", tmp_path / "content.png")
    np.testing.assert_array_equal(triple.content, triple.output)
    assert triple.framing == "aspect ratio 1.56, the content's is 1.50; measured against its middle"
    # Resized, then a square of the middle.
    small = resize(array, (100, 150))
    save_image(tmp_path / "out.png", small[:, 25:125])
    triple = Measuring(framing="crop").read(tmp_path / "out.png", tmp_path / "content.png", tmp_path / "content.png")
    assert structural_similarity(triple.content, triple.output, channel_axis=2, data_range=1) > 0.99
    assert triple.framing == "aspect ratio 1.00, the content's is 1.50; measured against its middle"


def test_where_the_size_of_styles_comes_from(tmp_path):
    for name, shape in (("out", (40, 60)), ("style", (90, 70))):
        save_image(tmp_path / f"{name}.png", np.zeros((*shape, 3)))
    files = (tmp_path / "out.png", tmp_path / "out.png", tmp_path / "style.png")
    assert Measuring().read(*files).style.shape == (51, 40, 3)
    assert Measuring(style_size=35).read(*files).style.shape == (45, 35, 3)
    assert Measuring(style_size="own").read(*files).style.shape == (90, 70, 3)


def test_records_say_what_was_measured(tmp_path):
    rng = np.random.default_rng(3)
    for name in ("a", "b"):
        save_image(tmp_path / f"{name}.png", rng.random((8, 9, 3)))
    Image.open(tmp_path / "a.png").save(tmp_path / "same.tif")
    triples = [Measuring().read(tmp_path / "a.png", tmp_path / c, tmp_path / "b.png") for c in ("a.png", "same.tif")]
    contracts = {"ssim": {"contract": {"metric": "SSIM"}, "label": "SSIM"}}
    first, second = (triple.record(contracts) for triple in triples)
    assert first == second  # by pixels, not by files
    assert first["inputs"]["content"] != first["inputs"]["style"]
    assert first["size"] == (8, 9)
    assert first["framing"] == ""
    relabelled = triples[0].record({"ssim": {"contract": {"metric": "SSIM"}, "label": "Similarity"}})
    assert relabelled["contracts"] == first["contracts"]
    assert triples[0].record({"ssim": {"contract": {"metric": "MSE"}}})["contracts"] != first["contracts"]
