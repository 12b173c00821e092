"""A picture file as a dataset stores it: upright, RGB, 8 bits, JPEG or PNG."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile, JpegImagePlugin, PngImagePlugin

from styleresearch.data.images import MAX_PIXELS, load_image

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"


def decoder(data: bytes) -> ImageFile.ImageFile:
    """Return a stored JPEG or PNG as a Pillow image that is not decoded yet.

    The classes by name, and not ``Image.open``, whose limit on pixels is a global setting and warns from threads.
    """
    kind = JpegImagePlugin.JpegImageFile if data.startswith(_JPEG) else PngImagePlugin.PngImageFile
    return kind(io.BytesIO(data))


def normalise(path: Path, size: int | None) -> tuple[bytes, bool]:
    """Return a picture as JPEG or PNG bytes, upright RGB with 8 bits, and whether they differ from the file's.

    What is so already keeps its bytes. Else a JPEG becomes a JPEG again (quality 95, colour at full resolution),
    because it is read ten times as fast, and everything else a PNG, because it loses nothing.

    Args:
        path: the file.
        size: longest short side in pixels; larger pictures are shrunk to it.

    Raises:
        InputError: if the file is not a picture that can be read.
    """
    try:
        data = path.read_bytes()
    except OSError:
        data = b""  # load_image says what is wrong
    plain, (width, height) = _plain(data)
    if plain and (size is None or min(width, height) <= size):
        return data, False
    shrink = size is not None and min(width, height) > size
    array = load_image(path, size if shrink else None)
    if size is not None and min(array.shape[:2]) > size:  # not a format whose size was known
        array = load_image(path, size)
    image = Image.fromarray(np.rint(array * 255).astype(np.uint8))
    buffer = io.BytesIO()
    if data.startswith(_JPEG):
        image.save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        image.save(buffer, "PNG")
    return buffer.getvalue(), True


def _plain(data: bytes) -> tuple[bool, tuple[int, int]]:
    """Return whether an encoded picture is what a dataset stores, decoded once to see, and its (width, height)."""
    if not data.startswith((_JPEG, _PNG)):
        return False, (0, 0)
    try:
        image = decoder(data)
        size = image.size
        if (
            image.mode != "RGB"
            or image.has_transparency_data
            or getattr(image, "is_animated", False)
            or image.getexif().get(ExifTags.Base.Orientation, 1) != 1
            or size[0] * size[1] > MAX_PIXELS
            or any(";16" in str(tile[3]) for tile in image.tile)  # decoded to 8 bits, but other readers would not
        ):
            return False, size
        image.load()
    except Exception:  # decoders raise OSError, SyntaxError, struct.error ...; load_image says what is wrong
        return False, (0, 0)
    return True, size
