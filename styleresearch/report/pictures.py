"""Pictures of the report: previews as data URIs, so that one file holds all that it shows; of many, the files."""

from __future__ import annotations

import base64
import io
import math
import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image, ImageOps

from styleresearch.report.files import within
from styleresearch.store.record import Pair

PIXEL_BUDGET = 40e6
"""Pixels of all previews together: about 8 to 15 MB of WebP."""
SMALLEST = 160
"""Pixels of the longest side of a preview, at least: of pictures that do not fit the budget so, none is made."""
QUALITY = 90
MOST = 16_000
"""Pictures on one page, previews or the files themselves; of more pairs than that makes, some are shown."""


@dataclass(frozen=True)
class Picture:
    """A picture of the run as the page shows it.

    Attributes:
        uri: the preview as a data URI, or the link where the page shows the file; empty when there is no readable
            picture.
        width: pixels of what is shown.
        height: pixels of what is shown.
        link: relative link to the file itself, URL-quoted; empty when there is no file.
        problem: why there is no preview, in a few words; empty when there is one.
    """

    uri: str
    width: int
    height: int
    link: str
    problem: str


def preview_side(pictures: int) -> int | None:
    """Return the longest side of a preview, in pixels, at which ``pictures`` of them fit the budget; at most 1024.

    ``None`` where they would be smaller than ``SMALLEST``: the page then shows the files, each when it comes into view.
    """
    side = int(min(math.sqrt(PIXEL_BUDGET / max(pictures, 1)), 1024))
    return side if side >= SMALLEST else None


def on_page(pairs: Sequence[Pair], columns: int) -> tuple[Pair, ...]:
    """Return the pairs whose pictures a page can hold, in order: all, or as many drawn at random, always the same.

    Args:
        pairs: all of them.
        columns: how many pictures each has.
    """
    most = max(1, int(MOST // columns))
    if len(pairs) <= most:
        return tuple(pairs)
    return tuple(pairs[index] for index in sorted(random.Random(0).sample(range(len(pairs)), most)))


def picture(run_dir: Path, relative: str | None, side: int | None) -> Picture:
    """Read a picture of the run and encode its preview (WebP); never raises for a file that cannot be shown.

    Args:
        run_dir: the run directory.
        relative: the picture's file in it.
        side: longest side of the preview; ``None`` to show the file itself.
    """
    if not relative:
        return Picture("", 0, 0, "", "not there yet")
    path = within(run_dir, relative)
    if path is None:
        return Picture("", 0, 0, "", "not a file of this run")
    # A path is quoted whole (":" too), so that no relative name can be read as another kind of address.
    link = quote(path.relative_to(run_dir.resolve()).as_posix(), safe="/", errors="surrogateescape")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata; what cannot be decoded raises
            with Image.open(path) as opened:
                if side is None:
                    return Picture(link, opened.width, opened.height, link, "")
                image = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return Picture("", 0, 0, link, "file cannot be read as an image")
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=4)
    uri = "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(uri, image.width, image.height, link, "")
