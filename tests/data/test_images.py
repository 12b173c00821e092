"""Every kind of file that load_image meets, and every way in which it and save_image refuse."""

import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from styleresearch.data import images
from styleresearch.data.framing import resize, short_side
from styleresearch.data.images import READ_SUFFIXES, load_image, read_metadata, save_image
from styleresearch.errors import InputError

RNG = np.random.default_rng(7)


def pixels(h, w, c=3):
    return RNG.integers(0, 256, (h, w, c), np.uint8)


def refuses(match, call, *args, **kwargs):
    with pytest.raises(InputError, match=match) as caught:
        call(*args, **kwargs)
    assert "\n" not in str(caught.value)


def png_header(path, w, h, bits=8, colour=2):
    """A PNG that claims (w, h) and holds almost no data."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, bits, colour, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b""))
    return path


def test_rgb_is_read_exactly(tmp_path):
    raw = pixels(5, 7)
    Image.fromarray(raw).save(tmp_path / "a.png")
    array = load_image(tmp_path / "a.png")
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, raw.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(load_image(str(tmp_path / "a.png")), array)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, orientation):
    upright = np.repeat(np.repeat(pixels(3, 2), 16, axis=0), 16, axis=1)
    # What the camera stored so that applying the orientation's definition (EXIF 2.3, tag 0x0112) gives `upright`.
    stored = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }[orientation](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name in ("a.png", "a.jpg"):
        image = Image.fromarray(np.ascontiguousarray(stored))
        image.save(tmp_path / name, exif=exif, **({"quality": 95, "subsampling": 0} if name == "a.jpg" else {}))
        array = load_image(tmp_path / name)
        assert array.shape == (48, 32, 3)
        assert np.abs(array - upright / 255).mean() < 0.02
        assert load_image(tmp_path / name, size=16).shape == (24, 16, 3)


def test_damaged_exif_is_passed_over(tmp_path):
    Image.fromarray(pixels(4, 6)).save(tmp_path / "a.jpg", exif=b"Exif\0\0garbage, not a TIFF header")
    assert load_image(tmp_path / "a.jpg").shape == (4, 6, 3)


def test_alpha_is_composited_on_white(tmp_path):
    raw = np.zeros((1, 3, 4), np.uint8)
    raw[0, :, 0] = 200
    raw[0, :, 3] = [0, 51, 255]
    Image.fromarray(raw).save(tmp_path / "rgba.png")
    red = 200 / 255
    expected = [[1, 1, 1], [0.2 * red + 0.8, 0.8, 0.8], [red, 0, 0]]
    np.testing.assert_allclose(load_image(tmp_path / "rgba.png")[0], expected, atol=1e-6)

    grey = np.array([[[0, 0], [100, 255]]], np.uint8)
    Image.merge("LA", [Image.fromarray(grey[..., i]) for i in (0, 1)]).save(tmp_path / "la.png")
    np.testing.assert_allclose(load_image(tmp_path / "la.png")[0], [[1] * 3, [100 / 255] * 3], atol=1e-6)


def test_transparent_pixels_do_not_bleed_when_shrunk(tmp_path):
    raw = np.zeros((64, 64, 4), np.uint8)  # black where transparent
    raw[:32] = [255, 0, 0, 255]
    Image.fromarray(raw).save(tmp_path / "a.png")
    array = load_image(tmp_path / "a.png", size=4)
    np.testing.assert_allclose(array[0], [[1, 0, 0]] * 4, atol=0.05)
    np.testing.assert_allclose(array[3], [[1, 1, 1]] * 4, atol=0.05)


def test_grey_palette_and_one_bit(tmp_path):
    grey = pixels(4, 4)[..., 0]
    Image.fromarray(grey).save(tmp_path / "l.png")
    np.testing.assert_allclose(load_image(tmp_path / "l.png"), np.repeat(grey[..., None], 3, 2) / 255, atol=1e-6)

    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putdata([0, 1])
    palette.save(tmp_path / "p.png")
    np.testing.assert_allclose(load_image(tmp_path / "p.png")[0] * 255, [[10, 20, 30], [200, 100, 50]], atol=1e-4)
    palette.save(tmp_path / "transparent.png", transparency=b"\x00\xff")
    np.testing.assert_allclose(load_image(tmp_path / "transparent.png")[0] * 255, [[255] * 3, [200, 100, 50]])

    Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1").save(tmp_path / "1.png")
    np.testing.assert_array_equal(load_image(tmp_path / "1.png")[0], [[0] * 3, [1] * 3])


def test_cmyk_jpeg(tmp_path):
    # Pure cyan ink: no red light, full green and blue.
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / "a.jpg", quality=95)
    np.testing.assert_allclose(load_image(tmp_path / "a.jpg")[8, 8], [0, 1, 1], atol=0.02)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
def test_sixteen_bit_grey_keeps_its_precision(tmp_path, name):
    raw = np.array([[0, 257, 30000], [65535, 1, 40001]], np.uint16)
    Image.fromarray(raw).save(tmp_path / name)
    np.testing.assert_allclose(load_image(tmp_path / name), np.repeat(raw[..., None], 3, 2) / 65535, atol=1e-6)


def test_sixteen_bit_grey_shrinks(tmp_path):
    Image.fromarray(np.full((64, 96), 40000, np.uint16)).save(tmp_path / "a.png")
    array = load_image(tmp_path / "a.png", size=8)
    assert array.shape == (8, 12, 3)
    np.testing.assert_allclose(array, 40000 / 65535, atol=1e-5)


def test_float_and_32_bit_tiff_are_refused(tmp_path):
    Image.fromarray(np.zeros((2, 2), np.float32)).save(tmp_path / "f.tif")
    refuses(r"f\.tif cannot be used: .*float", load_image, tmp_path / "f.tif")
    Image.fromarray(np.zeros((2, 2), np.int32)).save(tmp_path / "i.tif")
    refuses(r"i\.tif cannot be used: .*32-bit", load_image, tmp_path / "i.tif")


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp"])
def test_animation_gives_its_first_frame(tmp_path, name):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    frames[0].save(
        tmp_path / name, save_all=True, append_images=frames[1:], **({"lossless": True} if "w" in name else {})
    )
    np.testing.assert_allclose(load_image(tmp_path / name)[4, 4], [1, 0, 0], atol=0.01)


def test_one_pixel_image(tmp_path):
    Image.new("RGB", (1, 1), (51, 102, 255)).save(tmp_path / "a.png")
    np.testing.assert_allclose(load_image(tmp_path / "a.png"), [[[0.2, 0.4, 1.0]]], atol=1e-6)
    assert load_image(tmp_path / "a.png", size=9).shape == (9, 9, 3)


def test_name_with_spaces_and_unicode(tmp_path):
    Image.new("RGB", (2, 3)).save(tmp_path / "ein Bild ü.png")
    assert load_image(tmp_path / "ein Bild ü.png").shape == (3, 2, 3)


def test_missing_folder_empty_and_other_files(tmp_path):
    refuses("there is no file .*no.png: check the path", load_image, tmp_path / "no.png")
    refuses("is a folder, not a picture", load_image, tmp_path)
    (tmp_path / "empty.png").touch()
    refuses(r"empty \(0 bytes\)", load_image, tmp_path / "empty.png")
    (tmp_path / "text.png").write_text("hello")
    refuses("text.png is not a picture that can be read. Formats: PNG", load_image, tmp_path / "text.png")
    os.mkfifo(tmp_path / "pipe.png")
    refuses("not a regular file", load_image, tmp_path / "pipe.png")
    refuses("cannot look up", load_image, tmp_path / ("x" * 5000))
    refuses("null|NUL|no file", load_image, "a\0b.png")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.webp", "a.tif", "a.bmp"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9])
def test_truncated_files(tmp_path, name, kept):
    Image.fromarray(pixels(64, 64)).save(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * kept)])
    refuses("damaged or cut short|not a picture that can be read", load_image, tmp_path / name)
    refuses("damaged or cut short|not a picture that can be read", load_image, tmp_path / name, size=8)


def test_no_pixels(tmp_path):
    refuses("no pixels|not a picture|damaged", load_image, png_header(tmp_path / "a.png", 0, 5))
    (tmp_path / "b.ppm").write_bytes(b"P6 0 4 255\n")
    refuses("no pixels|not a picture|damaged", load_image, tmp_path / "b.ppm")


@pytest.mark.parametrize(("w", "h"), [(30_000, 100), (100, 30_000), (12_000, 12_000), (60_000, 60_000)])
def test_too_large_names_the_pixels_and_the_remedy(tmp_path, w, h):
    path = png_header(tmp_path / "a.png", w, h)
    refuses(rf"{w} x {h} = {w * h:,} pixels.*--size 512", load_image, path)


def test_too_large_even_with_size(tmp_path):
    refuses(r"3,600,000,000 pixels, more than", load_image, png_header(tmp_path / "a.png", 60_000, 60_000), size=512)
    refuses(r"would be 100 x 30000|would be 30000 x 100", load_image, png_header(tmp_path / "b.png", 30_000, 100), 100)
    for size in (0, -3, 20_000):
        Image.new("RGB", (4, 4)).save(tmp_path / "c.png")
        refuses("must be 1 to", load_image, tmp_path / "c.png", size)


def test_wide_picture_is_fine_with_a_size(tmp_path):
    Image.new("RGB", (30_000, 100), (255, 0, 0)).save(tmp_path / "a.png")
    array = load_image(tmp_path / "a.png", size=8)
    assert array.shape == (8, 2400, 3)
    np.testing.assert_allclose(array[4, 1000], [1, 0, 0], atol=0.01)


def test_jpeg_beyond_the_limit_is_read_with_a_size(tmp_path):
    Image.new("L", (20_000, 12_000), 128).save(tmp_path / "a.jpg")  # 240 million pixels
    refuses("240,000,000 pixels", load_image, tmp_path / "a.jpg")
    array = load_image(tmp_path / "a.jpg", size=60)
    assert array.shape == (60, 100, 3)
    np.testing.assert_allclose(array, 128 / 255, atol=0.01)
    assert Image.MAX_IMAGE_PIXELS == 89478485  # Pillow's own limit is back


def test_size_agrees_with_resizing_the_whole(tmp_path):
    y, x = np.mgrid[:400, :600] / 100
    smooth = np.stack([np.sin(x + y), np.cos(2 * x), np.sin(3 * y - x)], 2) * 0.4 + 0.5
    for name in ("a.png", "a.jpg"):
        save_image(tmp_path / name, smooth)
        small = load_image(tmp_path / name, size=50)
        assert small.shape == (50, 75, 3)
        assert np.abs(small - short_side(load_image(tmp_path / name), 50)).max() < 0.03


def test_saving_rounds_to_nearest_and_clips(tmp_path):
    levels = np.arange(256) / 255
    array = np.stack([levels, levels + 0.49 / 255, levels - 0.49 / 255], axis=1)[None].astype(np.float32)
    save_image(tmp_path / "a.png", array)
    stored = np.asarray(Image.open(tmp_path / "a.png"))[0]
    for channel in range(3):
        np.testing.assert_array_equal(stored[:, channel], np.arange(256))
    save_image(tmp_path / "b.png", np.array([[[-3.0, 0.5, 7.0]]]))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "b.png"))[0, 0], [0, 128, 255])


def test_png_round_trip_is_exact(tmp_path):
    raw = pixels(9, 6).astype(np.float32) / np.float32(255)
    save_image(tmp_path / "a.png", raw)
    np.testing.assert_array_equal(load_image(tmp_path / "a.png"), raw)


@pytest.mark.parametrize(("name", "error"), [("a.jpg", 0.02), ("a.JPEG", 0.02), ("a.webp", 1e-6)])
def test_other_formats(tmp_path, name, error):
    raw = np.round(resize(pixels(4, 4) / 255.0, (32, 32)) * 255) / 255
    save_image(tmp_path / name, raw, metadata={"config": "x"})
    assert np.abs(load_image(tmp_path / name) - raw).mean() < error
    assert read_metadata(tmp_path / name) == {}


def test_metadata_round_trip(tmp_path):
    metadata = {"config": '{"a": 1}' * 10_000, "title": "Müller → 東京"}
    save_image(tmp_path / "a.png", np.zeros((2, 2, 3)), metadata)
    assert read_metadata(tmp_path / "a.png") == metadata
    save_image(tmp_path / "b.png", np.zeros((2, 2, 3)))
    assert read_metadata(tmp_path / "b.png") == {}
    refuses("there is no file", read_metadata, tmp_path / "c.png")


def test_saving_replaces_whole_and_leaves_nothing_behind(tmp_path, monkeypatch):
    save_image(tmp_path / "a.png", np.zeros((2, 2, 3)))
    before = (tmp_path / "a.png").read_bytes()

    def full_disk(self, file, **options):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, "save", full_disk)
        refuses("No space left on device", save_image, tmp_path / "a.png", np.ones((2, 2, 3)))
    assert (tmp_path / "a.png").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    save_image(tmp_path / "a.png", np.ones((2, 2, 3)))
    assert load_image(tmp_path / "a.png").min() == 1
    assert (tmp_path / "a.png").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask():
    return int(subprocess.run(["sh", "-c", "umask"], capture_output=True, text=True, check=True).stdout, 8)


def test_what_cannot_be_saved(tmp_path):
    black = np.zeros((2, 2, 3))
    refuses("must end in .png", save_image, tmp_path / "a.tiff", black)
    refuses("must end in .png", save_image, tmp_path / "noending", black)
    refuses("must end in .png", save_image, "", black)
    refuses("no folder .*deeper. Create it", save_image, tmp_path / "deeper" / "a.png", black)
    (tmp_path / "folder.png").mkdir()
    refuses("it is a folder", save_image, tmp_path / "folder.png", black)
    for bad in (np.nan, np.inf):
        spoilt = black.copy()
        spoilt[0, 1, 2] = bad
        refuses("1 of 12 values are NaN", save_image, tmp_path / "a.png", spoilt)
    for shape in ((2, 2), (2, 2, 4), (1, 2, 2, 3), (0, 2, 3)):
        with pytest.raises(ValueError, match="h, w, 3"):
            save_image(tmp_path / "a.png", np.zeros(shape))
    assert [p.name for p in tmp_path.iterdir()] == ["folder.png"]


def test_folder_that_may_not_be_written(tmp_path):
    # Works for root too, whom permissions do not stop: /proc refuses every new file.
    refuses("cannot write /proc/a.png", save_image, "/proc/a.png", np.zeros((2, 2, 3)))
    # A subprocess shows that the message is what reaches a user, with one line and no partial file.
    code = (
        "import numpy as np; from styleresearch.data.images import save_image;"
        "\ntry: save_image('/proc/a.png', np.zeros((2, 2, 3)))\nexcept ValueError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("cannot write /proc/a.png")
    assert done.stderr == ""


def test_resize_shapes_and_constants():
    for shape in ((1, 1), (3, 50), (50, 3), (17, 17)):
        out = resize(np.full((20, 30, 3), [0.1, 0.5, 0.9]), shape)
        assert out.shape == (*shape, 3)
        assert out.dtype == np.float32
        np.testing.assert_allclose(out, np.broadcast_to([0.1, 0.5, 0.9], out.shape), atol=1e-5)


def test_resize_does_not_alias_or_round():
    # A one-pixel checkerboard is all above the new Nyquist frequency: a quarter of the size shows its mean.
    board = (np.indices((64, 64)).sum(0) % 2)[..., None] * np.ones(3)
    np.testing.assert_allclose(resize(board, (16, 16))[3:-3, 3:-3], 0.5, atol=0.01)
    # Values between two 8-bit levels survive.
    fine = np.full((8, 8, 3), 100.3 / 255)
    np.testing.assert_allclose(resize(fine, (5, 5)), fine[0, 0, 0], atol=1e-6)


def test_resize_stays_in_range_and_copies():
    edge = np.zeros((8, 8, 3), np.float32)
    edge[:, 4:] = 1
    out = resize(edge, (31, 31))
    assert out.min() == 0
    assert out.max() == 1
    same = resize(edge, (8, 8))
    same[:] = 0.5
    assert edge[0, 0, 0] == 0


@pytest.mark.parametrize(
    ("h", "w", "size", "shape"), [(400, 600, 200, (200, 300)), (9, 3, 1, (3, 1)), (5, 5, 64, (64, 64))]
)
def test_short_side(h, w, size, shape):
    assert short_side(np.zeros((h, w, 3)), size).shape == (*shape, 3)


def test_short_side_refuses_what_will_not_fit():
    refuses("crop it", short_side, np.zeros((2, 2000, 3)), 500)
    refuses("must be 1 to", short_side, np.zeros((2, 2, 3)), 0)


def test_formats_that_start_programs_are_not_opened():
    assert not {"EPS", "WMF"} & set(images._FORMATS)
    assert PngImagePlugin.PngImageFile.format in images._FORMATS


def test_every_usual_ending_of_a_format_is_read(tmp_path):
    Image.init()
    known = {ending for ending, name in Image.registered_extensions().items() if name in images._FORMATS}
    # .pfm holds float numbers, whose range is unknown. Camera's .mpo are JPEGs, Windows' .dib are BMPs.
    assert set(READ_SUFFIXES) == (known | {".mpo", ".dib"}) - {".pfm"}
    raw = np.repeat(np.repeat(pixels(4, 4), 8, 0), 8, 1)
    for ending in READ_SUFFIXES:
        written = {".mpo": "JPEG", ".dib": "BMP", ".pbm": "PPM"}.get(ending)
        Image.fromarray(raw).convert("1" if ending == ".pbm" else "RGB").save(tmp_path / f"a{ending}", written)
        array = load_image(tmp_path / f"a{ending}")
        assert array.shape == (32, 32, 3)
        if ending != ".pbm":
            assert np.abs(array - raw / 255).mean() < 0.12, ending
