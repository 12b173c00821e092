"""A picture file as a network is trained on it: upright, sRGB, 8 bits, JPEG or PNG."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import ExifTags, Image, ImageFile, JpegImagePlugin, PngImagePlugin

from styleresearch.data.framing import MAX_PIXELS, MAX_SIDE, short_side, to_bytes
from styleresearch.data.images import load_image
from styleresearch.data.srgb import is_srgb
from styleresearch.errors import InputError

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"


def decoder(data: bytes) -> ImageFile.ImageFile:
    """Return a plain JPEG or PNG as a Pillow image that is not decoded yet.

    The classes by name, and not ``Image.open``, whose limit on pixels is a global setting and warns from threads.
    """
    kind = JpegImagePlugin.JpegImageFile if data.startswith(JPEG) else PngImagePlugin.PngImageFile
    return kind(io.BytesIO(data))


def normalise(path: Path, data: bytes, size: int | None) -> bytes | None:
    """Return a picture as JPEG or PNG bytes, upright sRGB with 8 bits; None where those of its file are so already.

    A JPEG becomes a JPEG again (quality 95, colour at full resolution), because it is read ten times as fast, and
    everything else a PNG, because it loses nothing. Of the same bytes it makes the same bytes.

    Args:
        path: the file.
        data: what is in it; nothing of what cannot be read.
        size: longest short side in pixels; larger pictures are shrunk to it.

    Raises:
        InputError: if the file is not a picture that can be read.
    """
    plain, short = _plain(data)
    if plain and (size is None or short <= size):
        return None
    try:
        array = load_image(path, size if size is not None and short > size else None)
    except InputError:
        if size is None:
            raise
        array = load_image(path, size)  # it may have been too large to be read at its own size
    if size is not None and min(array.shape[:2]) > size:
        array = short_side(array, size)
    image = Image.fromarray(to_bytes(array))
    buffer = io.BytesIO()
    if data.startswith(JPEG):
        image.save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        image.save(buffer, "PNG")
    return buffer.getvalue()


def _plain(data: bytes) -> tuple[bool, int]:
    """Return whether an encoded picture is plain, decoded once to see, and its short side if known."""
    if not data.startswith((JPEG, PNG)):
        return False, 0
    try:
        image = decoder(data)
        width, height = image.size
        if (
            image.mode != "RGB"
            or image.has_transparency_data
            or not is_srgb(image)
            or getattr(image, "is_animated", False)
            or any(";16" in str(tile[3]) for tile in image.tile)  # Pillow makes 8 bits of them, others do not
            or image.getexif().get(ExifTags.Base.Orientation, 1) != 1
            or max(width, height) > MAX_SIDE
            or width * height > MAX_PIXELS
        ):
            return False, min(width, height)
        image.load()
    except Exception:  # decoders raise OSError, SyntaxError, struct.error ...; load_image says what is wrong
        return False, 0
    return True, min(width, height)
