"""From a decoded picture of any mode to sRGB numbers: grey, palette, CMYK, 16 bits, transparency, ICC profiles."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32
from PIL import Image, ImageCms, PngImagePlugin

from styleresearch.errors import InputError

# How far sRGB by another name may be from ours, in levels of 255: makers of profiles round differently.
_SAME = 2


class _Conversion(NamedTuple):
    """From colours as an embedded profile means them to sRGB.

    Attributes:
        mode: Pillow's mode of what the profile describes: "RGB", "L" or "CMYK".
        transform: of pixels of that mode.
    """

    mode: str
    transform: ImageCms.ImageCmsTransform


# Mode of what a profile describes -> modes of pictures that may carry it: one of RGB describes grey and palettes too.
_CARRIERS = {
    "RGB": ("RGB", "RGBA", "RGBX", "P", "PA", "L", "LA", "1", "I;16", "I;16B", "I;16L", "I"),
    "L": ("L", "LA", "1", "I;16", "I;16B", "I;16L", "I"),
    "CMYK": ("CMYK",),
}


def to_srgb(image: Image.Image, over: float = 1.0) -> Callable[[Image.Image], Float32[np.ndarray, "_ _ 3"]]:
    """Return a function from parts of a decoded picture to RGB numbers (h, w, 3) in [0, 1].

    Grey, palette and CMYK become RGB. Colours are converted to sRGB where the file has an ICC profile that says
    something else (relative colorimetric, black point compensated); a profile that is damaged or of another kind of
    picture says nothing.

    Args:
        image: the picture.
        over: the grey that lies under transparent pixels.

    Raises:
        InputError: if its numbers have no known range.
    """
    conversion = _conversion_of(image)
    if image.mode == "F":
        raise InputError("its pixels are float numbers of unknown range: save it with 8 or 16 bits per channel")
    # Pillow uses the 32-bit mode "I" for a 16-bit PGM, which it scales to 65535.
    if image.mode == "I" and image.format != "PPM":
        raise InputError("its pixels are 32-bit numbers of unknown range: save it with 8 or 16 bits per channel")
    if image.mode.startswith("I"):
        return lambda part: _deep_grey(part, image.info.get("transparency"), conversion, over)
    return lambda part: _colours(part, conversion, over)


def to_rgb(image: Image.Image) -> Image.Image:
    """Return a picture in Pillow's mode RGB, its colours converted to sRGB as by ``to_srgb``; opacity is dropped."""
    image = _converted(image, _conversion_of(image))
    return image if image.mode == "RGB" else image.convert("RGB")


def scale_transparency(image: Image.Image) -> None:
    """Bring the one transparent grey or colour of a PNG to the scale of decoded pixels; call before decoding.

    Pillow widens grey of 2 and 4 bits to 8 and narrows colour of 16 bits to 8, but not what ``tRNS`` says of them.
    """
    if not isinstance(image, PngImagePlugin.PngImageFile) or "transparency" not in image.info or not image.tile:
        return
    key = image.info["transparency"]
    match image.tile[0].args:
        case "L;2":
            image.info["transparency"] = key * 85
        case "L;4":
            image.info["transparency"] = key * 17
        case "RGB;16B":
            image.info["transparency"] = tuple(value >> 8 for value in key)


def is_srgb(image: Image.Image) -> bool:
    """Return whether a picture's numbers are sRGB as they are: no profile, one of sRGB, or one that says nothing."""
    return _conversion_of(image) is None


def _colours(part: Image.Image, conversion: _Conversion | None, over: float) -> np.ndarray:
    alpha = None
    if part.has_transparency_data:
        part = part.convert("RGBA")
        alpha = np.asarray(part.getchannel("A"), np.float32)[:, :, None] / np.float32(255)
    array = np.asarray(_converted(part, conversion).convert("RGB"), np.float32) / np.float32(255)
    return array if alpha is None else _composited(array, alpha, over)


def _converted(part: Image.Image, conversion: _Conversion | None) -> Image.Image:
    if conversion is None:
        return part
    converted = ImageCms.applyTransform(part.convert(conversion.mode), conversion.transform)
    assert converted is not None  # only a transformation in place gives nothing back
    return converted


def _deep_grey(part: Image.Image, key: int | None, conversion: _Conversion | None, over: float) -> np.ndarray:
    """Return 16-bit grey at its full precision."""
    numbers = np.asarray(part)
    grey = numbers.astype(np.float32) / np.float32(65535)
    if conversion is not None:
        # Colour management has 8 bits here: its curve, drawn through all 256 levels.
        ramp = _converted(Image.fromarray(np.arange(256, dtype=np.uint8)[None]), conversion)
        curve = np.asarray(ramp, np.float32)[0].mean(1) / 255
        grey = np.interp(grey, np.linspace(0, 1, 256), curve).astype(np.float32)
    array = np.repeat(grey[:, :, None], 3, axis=2)
    return array if key is None else _composited(array, (numbers != key)[:, :, None].astype(np.float32), over)


def _composited(array: np.ndarray, alpha: np.ndarray, over: float) -> np.ndarray:
    return array * alpha + np.float32(over) * (1 - alpha)


def _conversion_of(image: Image.Image) -> _Conversion | None:
    """Return the conversion that a picture's profile asks for; None where there is nothing to convert."""
    profile = image.info.get("icc_profile")
    conversion = _conversion(profile) if profile else None
    return conversion if conversion is not None and image.mode in _CARRIERS[conversion.mode] else None


@lru_cache(maxsize=16)
def _conversion(profile: bytes) -> _Conversion | None:
    """Return what a profile asks for; None for one of sRGB, one that is damaged, or one of other kinds of pictures."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        space = source.profile.xcolor_space  # pyright: ignore[reportAttributeAccessIssue] - Pillow's hints are off
        mode = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}[space]
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        conversion = _Conversion(mode, transform)
        return None if _is_identity(conversion) else conversion
    except Exception:  # PyCMSError, OSError, KeyError, ValueError ... on damaged profiles
        return None


def _is_identity(conversion: _Conversion) -> bool:
    """Return whether a conversion leaves colours as they are, tried on a lattice of them."""
    if conversion.mode == "CMYK":
        return False
    levels = np.arange(0, 256, 15, dtype=np.uint8)  # 18 of them, black and white among them
    grid = (levels,) * 3 if conversion.mode == "RGB" else (levels,)
    colours = np.stack(np.meshgrid(*grid), axis=-1).reshape(18, -1, len(grid))
    image = Image.fromarray(colours.squeeze(2) if conversion.mode == "L" else colours)
    return bool(np.abs(np.asarray(_converted(image, conversion), np.int16) - colours).max() <= _SAME)
