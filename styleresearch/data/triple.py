"""An output with the pictures it is measured against: as the metrics see them, and what a record says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from styleresearch.data.framing import Frame, How, as_in_file, at_size, difference, like, to_bytes
from styleresearch.data.images import image_shape, load_image
from styleresearch.store import digests


@dataclass(frozen=True)
class Triple:
    """An output, its content and its style, (h, w, 3) in [0, 1] with 8 bits per channel.

    Attributes:
        output: the output.
        content: the content picture, of the output's shape.
        style: the style picture, of any shape.
        framing: in words, how the output's framing is not its content's; ``None`` if it is.
    """

    output: np.ndarray
    content: np.ndarray
    style: np.ndarray
    framing: str | None = None

    def record(self, contracts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the fields of a ``Record`` that say what was measured: values are comparable where they are equal.

        Args:
            contracts: see ``Suite.contracts``.
        """
        return {
            "size": (self.output.shape[0], self.output.shape[1]),
            "inputs": {name: digest_of(getattr(self, name)) for name in ("content", "style")},
            "framing": self.framing or "",
            "contracts": {name: digests.of_json(entry["contract"]) for name, entry in contracts.items()},
        }


def digest_of(image: np.ndarray) -> str:
    """Return the sha256 of a picture's shape and 8-bit pixels."""
    return digests.of_array(to_bytes(image))


@dataclass(frozen=True)
class Measuring:
    """How pictures on disk are brought together for measuring.

    Attributes:
        size: short side in pixels at which outputs are measured; ``None`` for their own.
        style_size: short side in pixels of the style pictures: a number, the output's, or their own.
        framing: what outputs show that have not their content's aspect ratio.
    """

    size: int | None = None
    style_size: int | Literal["output", "own"] = "output"
    framing: How = "squash"

    def read(self, output: Path, content: Path, style: Path) -> Triple:
        """Return the pictures of three files.

        The content is resampled once, from its file to the shape at which the output is measured: as ``compare`` shows
        it to methods, where the output has its content's aspect ratio.

        Raises:
            InputError: if a file cannot be read, or would be too large.
        """
        own, of = image_shape(output), image_shape(content)
        framing = difference(own, of)
        # Outputs of several sizes that are framed as their content are all measured at the content's shape.
        shape = own if self.size is None else at_size(of if framing is None else own, self.size, str(output))
        if framing is not None:
            framing += f"; measured against {'its middle' if self.framing == 'crop' else 'the whole content'}"
        side = (
            self.style_size if isinstance(self.style_size, int) else min(shape) if self.style_size == "output" else None
        )
        return Triple(
            as_in_file(load_image(output, Frame.whole(own, shape))),
            as_in_file(load_image(content, Frame(shape, like(of, own, self.framing)))),
            as_in_file(load_image(style, side)),
            framing,
        )
