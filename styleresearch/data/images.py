"""Pictures on disk: every picture the project reads or writes passes through here.

An image is RGB, float32, (h, w, 3), in [0, 1], and the numbers are sRGB's (display-referred), whatever the file's.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from styleresearch.data.framing import MAX_PIXELS, MAX_SIDE, Frame, Shape, at_size, resample, to_bytes
from styleresearch.data.orientation import turn_of
from styleresearch.data.srgb import scale_transparency, to_srgb
from styleresearch.errors import InputError
from styleresearch.store import atomic

READ_SUFFIXES = (
    *(".apng", ".bmp", ".dib", ".gif", ".j2c", ".j2k", ".jfif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg"),
    *(".jpx", ".mpo", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
)
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
# Pixels that are float numbers at once, beside the result.
_STRIP = 2_000_000
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


def _existing_file(path: str | Path) -> Path:
    """Return the path of a file with something in it, or raise InputError."""
    path = Path(path)
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder, not a picture: name one file in it")
        if path.is_symlink() and not path.exists():
            raise InputError(f"{path} is a link to {str(path.readlink())!r}, which is not there: mend or delete it")
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
            if min(image.size) < 1:
                raise InputError(f"{path} has no pixels ({image.width} x {image.height}): give one of at least 1 x 1")
            scale_transparency(image)
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


def _check_decoded(path: Path, shape: Shape, decoded: int) -> None:
    """Raise InputError if a picture would be decoded to too many pixels."""
    if decoded > MAX_PIXELS:
        raise InputError(
            f"{path} is {_pixels(shape)}, more than the {MAX_PIXELS:,} that are decoded at once (a JPEG may have 64 "
            "times as many): shrink it with another program first, or save it as JPEG"
        )


def _check_whole(path: Path, shape: Shape) -> None:
    """Raise InputError if a picture is too large to be read at its own size."""
    if max(shape) > MAX_SIDE or shape[0] * shape[1] > MAX_PIXELS:
        raise InputError(
            f"{path} is {_pixels(shape)}; at most {MAX_SIDE:,} on a side and {MAX_PIXELS:,} in all are read at full "
            "size: give the size to work at, for example --size 512 (short side in pixels)"
        )


def _pixels(shape: Shape) -> str:
    return f"{shape[1]} x {shape[0]} = {shape[0] * shape[1]:,} pixels"


def _decode(image: Image.Image, path: Path, scale: float) -> float:
    """Decode a picture that is to be shrunk by ``scale``; return by how much the decoder has shrunk it.

    A JPEG's decoder shrinks by 2, 4 or 8 for next to nothing. Eight times the final size, or as much as fits in memory,
    keeps what follows within a grey level of resampling the whole picture, and within a few in the last row and column.

    Raises:
        InputError: where it has too many pixels even so.
    """
    w, h = image.size
    factor = 1
    for gap in (8, 4, 2):
        factor = next((f for f in (8, 4, 2) if f * gap <= scale), 1)
        if w * h <= factor**2 * MAX_PIXELS:
            break
    drafted = image.draft(None, (w // factor, h // factor)) if factor > 1 else None
    _check_decoded(path, (h, w), image.width * image.height)
    image.load()
    # The last row and column may stand for part of a pixel, so that image.size does not say it.
    return 1.0 if drafted is None else w / drafted[1][2]


def _strips(image: Image.Image, colours: Callable[[Image.Image], np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the rows of a decoded picture as RGB numbers, so few at once that a large one never is float as a whole."""
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        yield colours(image.crop((0, top, image.width, min(top + rows, image.height))))


def image_shape(path: str | Path) -> Shape:
    """Return the height and width of a picture as it is upright.

    Raises:
        InputError: as ``load_image``.
    """
    path = _existing_file(path)
    with _opened(path) as image, _pillow_quiet():
        shape = (image.height, image.width)
        if isinstance(image, PngImagePlugin.PngImageFile):  # it may say how it is turned behind its pixels
            _decode(image, path, 1.0)
        return turn_of(image).shape(shape)


def load_image(path: str | Path, size: int | Frame | None = None, over: float = 1.0) -> Float32[np.ndarray, "h w 3"]:
    """Read a picture.

    The EXIF orientation is applied, alpha is composited, grey, palette and CMYK become RGB, an ICC profile is followed
    to sRGB, 16-bit grey keeps its precision (16-bit colour is read as 8-bit), of an animation the first frame is taken.

    Args:
        path: a PNG, JPEG, WebP, GIF, BMP, TIFF, PPM or JPEG 2000 file.
        size: short side of the result in pixels; ``None`` keeps the file's own size. With it, large JPEGs are shrunk
            while they are decoded, so that one of 1,000 million pixels is read too. A ``Frame`` of the upright picture
            gives a part of it, in any shape.
        over: the grey under transparent pixels, 1 for white.

    Returns:
        float32 (h, w, 3) in [0, 1].

    Raises:
        InputError: if there is no such file, it is not a picture, is damaged or has no pixels; if ``size`` is not
            given and a side is over ``MAX_SIDE`` or the whole over ``MAX_PIXELS``; or if the result would be.
    """
    path = _existing_file(path)
    with _opened(path) as image:
        shape = (image.height, image.width)
        if size is None:
            _check_whole(path, shape)
            frame = Frame.whole(shape, shape)
        else:
            frame = size if isinstance(size, Frame) else Frame.whole(shape, at_size(shape, size, str(path)))
        with _pillow_quiet():
            shrunk = _decode(image, path, frame.scale)
            turn = turn_of(image)
        if isinstance(size, Frame):
            frame = turn.stored(frame, shape)
        try:
            colours = to_srgb(image, over)
        except InputError as error:
            raise InputError(f"{path} cannot be used: {error}") from None
        left, top, right, bottom = (edge / shrunk for edge in frame.box)
        array = resample(_strips(image, colours), image.height, (left, top, right, bottom), frame.shape)
    return turn.upright(array)


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
    image = Image.fromarray(to_bytes(array))
    options = dict(WRITE_OPTIONS[path.suffix.lower()])
    if metadata and options["format"] == "PNG":
        info = PngImagePlugin.PngInfo()
        for key, text in metadata.items():
            info.add_text(key, text)  # falls back to iTXt (UTF-8) where the text is not Latin-1
        options["pnginfo"] = info
    try:
        with atomic.replacing(path) as partial:
            image.save(partial, **options)  # pyright: ignore[reportArgumentType]
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror or error}. Choose a folder that can be written"
        ) from error


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
            _check_whole(path, (image.height, image.width))
            return {key: str(text) for key, text in image.text.items()}
