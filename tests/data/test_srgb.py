"""Colours and transparency of every kind of file come out as sRGB numbers."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from styleresearch.data import srgb
from styleresearch.data.images import load_image, save_image
from styleresearch.data.pictures.normalise import normalise
from styleresearch.data.transforms import Example

COLOUR = (200, 100, 50)
RNG = np.random.default_rng(5)


def to_linear(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def from_linear(v):
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


# Display P3 with a gamma of 2.2 to sRGB, both D65. Source: SMPTE EG 432-1 and IEC 61966-2-1 primaries.
P3_TO_SRGB = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path, size, bits, colour, rows, trns, palette=b""):
    """Write a PNG whose bytes are as stated; ``size`` is (width, height)."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, 0))
    parts = [header, chunk(b"PLTE", palette) if palette else b"", chunk(b"tRNS", trns)]
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize(
    ("mode", "ending"),
    [*((m, e) for m in ("RGB", "RGBA") for e in ("png", "tif", "webp")), ("P", "png"), ("P", "tif"), ("RGB", "jpg")],
)
def test_a_wide_gamut_picture_becomes_srgb(tmp_path, display_p3, mode, ending):
    image = Image.new("RGB", (16, 16), COLOUR)
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    image.save(tmp_path / f"a.{ending}", icc_profile=display_p3, lossless=True)
    expected = from_linear(P3_TO_SRGB @ (np.array(COLOUR) / 255) ** 2.2)
    shown = np.array(image.convert("RGB").getpixel((0, 0))) - COLOUR
    tolerance = 2.5 if not shown.any() and ending != "jpg" else 9  # the palette's colour and JPEG's are near it
    np.testing.assert_allclose(load_image(tmp_path / f"a.{ending}")[3, 3] * 255, expected * 255, atol=tolerance)
    assert np.abs(load_image(tmp_path / f"a.{ending}", 5)[2, 2] * 255 - expected * 255).max() < 9


def test_transparency_survives_a_profile(tmp_path, display_p3):
    image = Image.new("RGBA", (4, 4), (*COLOUR, 0))
    image.paste((*COLOUR, 255), (0, 0, 2, 4))
    image.save(tmp_path / "a.png", icc_profile=display_p3)
    image.convert("RGB").save(tmp_path / "b.png", icc_profile=display_p3)
    array, opaque = load_image(tmp_path / "a.png"), load_image(tmp_path / "b.png")
    np.testing.assert_array_equal(array[:, 2:], 1)
    np.testing.assert_array_equal(array[:, :2], opaque[:, :2])


@pytest.mark.parametrize("primaries", ["own", "another maker's"])
def test_srgb_under_any_name_is_not_touched(tmp_path, icc, primaries):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    if primaries != "own":
        curve = np.round(to_linear(np.linspace(0, 1, 1024)) * 65535).astype(">u2").tobytes()
        profile = icc("sRGB", curve)
    raw = RNG.integers(0, 256, (9, 11, 3), np.uint8)
    Image.fromarray(raw).save(tmp_path / "a.png", icc_profile=profile)
    np.testing.assert_array_equal(load_image(tmp_path / "a.png"), raw / np.float32(255))


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_profiles(tmp_path, icc, mode):
    grey = np.array([[0, 30, 128, 255]], np.uint8)
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    image = deep if mode == "I;16" else Image.fromarray(grey).convert(mode)
    image.save(tmp_path / "a.png", icc_profile=icc("grey", 1.0))  # as much light as the numbers say
    expected = from_linear(grey[0] / 255) * 255
    np.testing.assert_allclose(load_image(tmp_path / "a.png")[0, :, 0] * 255, expected, atol=1.5)


def test_a_profile_of_another_kind_of_picture_is_passed_over(tmp_path, icc):
    for mode in ("RGB", "RGBA", "P"):
        image = Image.new("RGB", (4, 4), COLOUR).convert(mode)
        image.save(tmp_path / "plain.png")
        image.save(tmp_path / "a.png", icc_profile=icc("grey", 1.0))
        np.testing.assert_array_equal(load_image(tmp_path / "a.png"), load_image(tmp_path / "plain.png"))


def test_cmyk_goes_by_its_profile(tmp_path, cmyk_profile):
    inks = {"paper": (0, 0, 0, 0), "cyan": (255, 0, 0, 0), "black": (0, 0, 0, 255)}
    for name, ink in inks.items():
        Image.new("CMYK", (16, 16), ink).save(tmp_path / f"{name}.jpg", quality=95, icc_profile=cmyk_profile)
        Image.new("CMYK", (16, 16), ink).save(tmp_path / f"{name}.tif", icc_profile=cmyk_profile)
    for ending in ("jpg", "tif"):
        paper, cyan, black = (load_image(tmp_path / f"{name}.{ending}")[8, 8] * 255 for name in inks)
        np.testing.assert_allclose(paper, 255, atol=2)
        np.testing.assert_allclose(black, 0, atol=3)
        assert cyan[0] < 120 < cyan[1]  # a duller cyan than the light's (0, 255, 255)
        assert cyan[1] < 200


def test_a_damaged_profile_says_nothing(tmp_path, display_p3):
    image = Image.new("RGB", (4, 4), COLOUR)
    rng = np.random.default_rng(0)
    for number in range(200):
        damaged = bytearray(display_p3[: rng.integers(1, len(display_p3) + 1)])
        for place in rng.integers(0, len(damaged), rng.integers(0, 40)):
            damaged[place] = rng.integers(0, 256)
        image.save(tmp_path / "a.png", icc_profile=bytes(damaged))
        array = load_image(tmp_path / "a.png")
        assert array.shape == (4, 4, 3), number
        assert np.isfinite(array).all()
    image.save(tmp_path / "a.png", icc_profile=b"no profile at all")
    np.testing.assert_array_equal(load_image(tmp_path / "a.png")[0, 0], np.float32(COLOUR) / np.float32(255))


def test_data_sets_are_srgb_too(tmp_path, display_p3):
    Image.new("RGB", (8, 8), COLOUR).save(tmp_path / "a.png", icc_profile=display_p3)
    expected = np.rint(load_image(tmp_path / "a.png") * 255)
    data = normalise(tmp_path / "a.png", (tmp_path / "a.png").read_bytes(), None)
    assert data is not None
    (tmp_path / "stored.png").write_bytes(data)
    with Image.open(tmp_path / "stored.png") as stored:
        assert "icc_profile" not in stored.info
        np.testing.assert_array_equal(np.asarray(stored), expected)
    # Straight from a file, as records of TFDS are.
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(Example(8)(image, np.random.default_rng(0)), expected)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (8, 8), COLOUR).save(tmp_path / "b.jpg", icc_profile=profile)
    assert normalise(tmp_path / "b.jpg", (tmp_path / "b.jpg").read_bytes(), None) is None


def test_what_is_written_is_read_back(tmp_path):
    raw = RNG.integers(0, 256, (5, 4, 3), np.uint8) / np.float32(255)
    save_image(tmp_path / "a.png", raw)
    with Image.open(tmp_path / "a.png") as image:
        assert srgb.is_srgb(image)
    np.testing.assert_array_equal(load_image(tmp_path / "a.png"), raw)


# One row of a PNG by bits and colour type, what is transparent in it, and what is seen on white and on black.
@pytest.mark.parametrize(
    ("bits", "colour", "row", "trns", "white", "black"),
    [
        (1, 0, bytes([0b10000000]), (0,), [1, 1], [1, 0]),
        (2, 0, bytes([0b01100000]), (1,), [1, 2 / 3], [0, 2 / 3]),
        (4, 0, bytes([0x3A]), (3,), [1, 10 / 15], [0, 10 / 15]),
        (8, 0, bytes([7, 8]), (7,), [1, 8 / 255], [0, 8 / 255]),
        (16, 0, struct.pack(">2H", 0, 40000), (0,), [1, 40000 / 65535], [0, 40000 / 65535]),
        (16, 0, struct.pack(">2H", 41, 42), (42,), [41 / 65535, 1], [41 / 65535, 0]),
        (8, 2, bytes([9, 9, 9, 10, 10, 10]), (9, 9, 9), [1, 10 / 255], [0, 10 / 255]),
        (16, 2, struct.pack(">6H", *[5000] * 3, *[40000] * 3), (5000,) * 3, [1, 156 / 255], [0, 156 / 255]),
    ],
)
def test_what_is_transparent_shows_what_lies_under_it(tmp_path, bits, colour, row, trns, white, black):
    path = png(tmp_path / "a.png", (2, 2), bits, colour, [row] * 2, struct.pack(f">{len(trns)}H", *trns))
    for over, expected in ((1.0, white), (0.0, black)):
        np.testing.assert_allclose(load_image(path, over=over)[1, :, 0], expected, atol=1e-6)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_with_opacities(tmp_path, bits):
    row = {1: bytes([0b01000000]), 2: bytes([0b00010000]), 4: bytes([0x01]), 8: bytes([0, 1])}[bits]
    path = png(tmp_path / "a.png", (2, 1), bits, 3, [row], bytes([0, 51]), bytes([0, 0, 0, 255, 0, 0]))
    np.testing.assert_allclose(load_image(path)[0], [[1, 1, 1], [1, 0.8, 0.8]], atol=1e-6)
    np.testing.assert_allclose(load_image(path, over=0.0)[0], [[0, 0, 0], [0.2, 0, 0]], atol=1e-6)
