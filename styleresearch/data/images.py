"""Pictures on disk and their size: every picture the project reads or writes passes through here.

An image is RGB, float32, (h, w, 3), in [0, 1], and the numbers are those of the file (display-referred, usually sRGB):
an embedded ICC profile is ignored, as in the published style transfer code.
"""

from __future__ import annotations

import os
import threading
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
from jaxtyping import Float32
from PIL import ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from styleresearch.errors import InputError
from styleresearch.options import Between

MAX_SIDE = 16_384
"""Longest side of a picture in memory, in pixels."""
Side = Annotated[int, Between(1, MAX_SIDE)]
"""A side of a picture, in pixels."""
MAX_PIXELS = 100_000_000
"""Most pixels that are decoded at once (1.2 GB as float32)."""

READ_SUFFIXES = (".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
"""File name endings of the formats that ``load_image`` reads, in lower case."""
WRITE_OPTIONS: dict[str, dict[str, object]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "lossless": True},
}
"""File name ending -> how Pillow writes it."""

# Only formats that Pillow decodes itself: its EPS reader, for one, starts a program.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")
# Pillow's limit on pixels and Python's warning filters are global: one thread at a time changes them.
_GLOBALS = threading.RLock()


@contextmanager
def _pillow_quiet() -> Iterator[None]:
    """Suspend Pillow's own limit on pixels (ours is tested instead) and its warnings about odd metadata."""
    with _GLOBALS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _scaled(h: int, w: int, size: int) -> tuple[int, int]:
    """Return (h, w) scaled so that the shorter becomes ``size``."""
    short = min(h, w)
    return max(1, round(h * size / short)), max(1, round(w * size / short))


def _check_size(size: int, h: int, w: int, what: str) -> tuple[int, int]:
    """Return the shape of an (h, w) picture at short side ``size``; raise InputError where it is out of bounds."""
    if not 1 <= size <= MAX_SIDE:
        raise InputError(f"size {size}: the short side of a picture must be 1 to {MAX_SIDE} pixels")
    shape = _scaled(h, w, size)
    if max(shape) > MAX_SIDE or shape[0] * shape[1] > MAX_PIXELS:
        raise InputError(
            f"{what} is {w} x {h} pixels and would be {shape[1]} x {shape[0]} at size {size}; at most {MAX_SIDE} on a "
            f"side and {MAX_PIXELS // 10**6} million pixels fit: crop it, or give a smaller size"
        )
    return shape


def _check_pixels(image: Image.Image, path: Path, size: int | None) -> tuple[int, int]:
    """Return the (height, width) to bring the picture to; let the decoder shrink it where ``size`` permits.

    Raises:
        InputError: where the picture must not be decoded.
    """
    w, h = image.size
    if min(w, h) < 1:
        raise InputError(f"{path} has no pixels ({w} x {h}): give a picture of at least 1 x 1")
    if size is not None:
        shape = _check_size(size, h, w, str(path))
        # JPEG decodes at 1/2, 1/4 or 1/8 for next to nothing. Twice the wanted size keeps the resampling honest.
        image.draft(None, (2 * shape[1], 2 * shape[0]))  # pyright: ignore[reportArgumentType]
        if image.size[0] * image.size[1] > MAX_PIXELS:
            raise InputError(
                f"{path} is {w} x {h} = {w * h:,} pixels, more than the {MAX_PIXELS:,} that are decoded at once "
                "(a JPEG may have 64 times as many): shrink it with another program first, or save it as JPEG"
            )
        return shape
    if max(w, h) > MAX_SIDE or w * h > MAX_PIXELS:
        raise InputError(
            f"{path} is {w} x {h} = {w * h:,} pixels; at most {MAX_SIDE:,} on a side and {MAX_PIXELS:,} in all are "
            "read at full size: give the size to work at, for example --size 512 (short side in pixels)"
        )
    return h, w


def _over_white(image: Image.Image, size: int | None) -> np.ndarray:
    """Return a decoded picture of any mode as (h, w, 3) float32 in [0, 1], alpha composited on white."""
    if image.mode.startswith("I"):
        # 16-bit grey is "I;16..."; Pillow uses the 32-bit mode "I" for a 16-bit PGM, which it scales to 65535.
        if image.mode == "I" and image.format != "PPM":
            raise InputError("its pixels are 32-bit numbers of unknown range: save it with 8 or 16 bits per channel")
        image = Image.fromarray(np.asarray(image, np.float32) / np.float32(65535))
    elif image.mode == "F":
        raise InputError("its pixels are float numbers of unknown range: save it with 8 or 16 bits per channel")
    else:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if size is not None:
        # A box filter on 8-bit numbers down to twice the wanted size: a 100 Mpx picture never becomes float32.
        factor = min(image.size) // (2 * size)
        image = image.reduce(factor) if factor > 1 else image
    array = np.asarray(image, np.float32)
    if image.mode == "F":
        return np.repeat(array[:, :, None], 3, axis=2)
    array = array / np.float32(255)
    if image.mode == "RGBA":
        alpha = array[:, :, 3:]
        array = array[:, :, :3] * alpha + (1 - alpha)
    return array


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; damaged EXIF data say nothing, so 1."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Pillow's EXIF reader raises SyntaxError, struct.error, KeyError ... on damaged data
        return 1


# Stored array -> upright array, by EXIF orientation. Source: EXIF 2.3, tag 0x0112.
_UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}


def _existing_file(path: str | Path) -> Path:
    """Return the path of a file with something in it, or raise InputError."""
    path = Path(path)
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder, not a picture: name one file in it")
        if not path.exists():
            raise InputError(f"there is no file {path}: check the path (it was looked up from {Path.cwd()})")
        if not path.is_file():
            raise InputError(f"{path} is not a regular file: give a picture's file")
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty (0 bytes), not a picture: fetch or export it again")
    except (OSError, ValueError) as error:  # a name too long, a folder that may not be searched, a NUL in the name
        if isinstance(error, InputError):
            raise
        raise InputError(f"cannot look up the file {str(path)!r}: {error}") from error
    return path


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture's file, its pixels not yet decoded; any failure inside becomes an InputError naming the file."""
    try:
        with _pillow_quiet():
            image = Image.open(path, formats=_FORMATS)
        with image:
            yield image
    except UnidentifiedImageError as error:
        raise InputError(
            f"{path} is not a picture that can be read. Formats: {', '.join(_FORMATS)}. Convert it to PNG or JPEG first"
        ) from error
    except InputError:
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, EOFError, struct.error ... on damaged files
        raise InputError(
            f"{path} cannot be read as a picture, it is damaged or cut short ({error}): fetch or export it again"
        ) from error


def load_image(path: str | Path, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
    """Read a picture.

    The EXIF orientation is applied, alpha is composited on white, grey, palette and CMYK become RGB, 16-bit grey keeps
    its precision (16-bit colour is read as 8-bit), of an animation the first frame is taken, ICC profiles are ignored.

    Args:
        path: a PNG, JPEG, WebP, GIF, BMP, TIFF, PPM or JPEG 2000 file.
        size: short side of the result in pixels; ``None`` keeps the file's own size. With it, large pictures are
            shrunk while they are decoded, so that a JPEG of 1,000 million pixels is read too.

    Returns:
        float32 (h, w, 3) in [0, 1].

    Raises:
        InputError: if there is no such file, it is not a picture, is damaged or has no pixels; if ``size`` is not
            given and a side is over ``MAX_SIDE`` or the whole over ``MAX_PIXELS``; or if the result would be.
    """
    path = _existing_file(path)
    with _opened(path) as image:
        with _pillow_quiet():
            shape = _check_pixels(image, path, size)
            image.load()
            orientation = _orientation(image)
        try:
            array = _over_white(image, size)
        except InputError as error:
            raise InputError(f"{path} cannot be used: {error}") from None
    array = resize(array, shape)
    return np.ascontiguousarray(_UPRIGHT[orientation](array)) if orientation in _UPRIGHT else array


def save_image(path: str | Path, array: np.ndarray, metadata: Mapping[str, str] | None = None) -> None:
    """Write a picture with 8 bits per channel: clipped to [0, 1], times 255, rounded to nearest.

    The file appears whole or not at all: it is written beside its place and then renamed.

    Args:
        path: where to; its ending chooses the format: .png, .jpg or .jpeg (quality 95, lossy), .webp (lossless).
        array: any float type, (h, w, 3).
        metadata: keyword (1 to 79 Latin-1 characters) -> text, written as tEXt or iTXt chunks of a PNG; the other
            formats cannot carry it and leave it out.

    Raises:
        InputError: if the ending is another, the folder is missing, the file cannot be written, or the array holds
            NaN or infinity.
        ValueError: if the array is not (h, w, 3).
    """
    path = Path(path)
    if path.suffix.lower() not in WRITE_OPTIONS:
        raise InputError(
            f"cannot write a picture to {path}: the name must end in {', '.join(WRITE_OPTIONS)}, "
            f"for example {path.with_suffix('.png') if path.name else 'out.png'}"
        )
    if array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise ValueError(f"a picture is (h, w, 3), not {array.shape}")
    if not np.isfinite(array).all():
        raise InputError(
            f"cannot write {path}: {np.count_nonzero(~np.isfinite(array)):,} of {array.size:,} values are NaN or "
            "infinite, so the run that made them diverged: lower the learning rate or the loss weights"
        )
    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}: there is no folder {path.parent}. Create it: mkdir -p '{path.parent}'")
    if path.is_dir():
        raise InputError(f"cannot write {path}: it is a folder; give the name of a file")
    image = Image.fromarray(np.floor(np.clip(array, 0, 1) * 255 + 0.5).astype(np.uint8))
    options = dict(WRITE_OPTIONS[path.suffix.lower()])
    if metadata and options["format"] == "PNG":
        info = PngImagePlugin.PngInfo()
        for key, text in metadata.items():
            info.add_text(key, text)  # falls back to iTXt (UTF-8) where the text is not Latin-1
        options["pnginfo"] = info
    partial = path.parent / f".{uuid.uuid4().hex}.partial"
    try:
        # Opened by hand, and not by tempfile, so that the file has the permissions of the user's umask.
        with partial.open("xb") as file:
            image.save(file, **options)  # pyright: ignore[reportArgumentType]
        os.replace(partial, path)  # noqa: PTH105 - the atomic call by its name
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror or error}. Choose a folder that can be written"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def read_metadata(path: str | Path) -> dict[str, str]:
    """Return the text that ``save_image`` put into a PNG: keyword -> text; empty for other formats.

    Raises:
        InputError: as ``load_image``.
    """
    path = _existing_file(path)
    with _opened(path) as image:
        if not isinstance(image, PngImagePlugin.PngImageFile):
            return {}
        with _pillow_quiet():
            _check_pixels(image, path, None)
            return {key: str(text) for key, text in image.text.items()}


def resize(array: np.ndarray, shape: tuple[int, int]) -> Float32[np.ndarray, "h w 3"]:
    """Resample a picture to ``shape`` = (height, width) with Pillow's Lanczos filter, in float, clipped to [0, 1].

    Antialiased: the filter grows with the factor when shrinking. The clip removes the filter's overshoot at edges.

    Args:
        array: (h, w, 3) in [0, 1].
        shape: height and width of the result, in pixels.
    """
    if array.shape[:2] == shape:
        return np.array(array, np.float32)
    channels = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(array[:, :, c], np.float32)).resize(
                (shape[1], shape[0]), Image.Resampling.LANCZOS
            )
        )
        for c in range(3)
    ]
    return np.clip(np.stack(channels, axis=2), 0, 1)


def short_side(array: np.ndarray, size: int) -> Float32[np.ndarray, "h w 3"]:
    """Resample a picture (h, w, 3) so that its short side is ``size`` pixels and its aspect ratio stays.

    Raises:
        InputError: if ``size`` is not in 1 to ``MAX_SIDE``, or the long side would be over it.
    """
    return resize(array, _check_size(size, array.shape[0], array.shape[1], "the picture"))
