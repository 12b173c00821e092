"""A method that another program ran, as one of a comparison: its pictures are taken from a folder."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from styleresearch.config import build
from styleresearch.data.finished import Finished, Pictures
from styleresearch.data.framing import Frame, as_in_file, difference
from styleresearch.data.images import image_shape, load_image
from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError, Notice
from styleresearch.methods.base import Method, OnProgress
from styleresearch.methods.takes import Takes
from styleresearch.store import digests
from styleresearch.tasks.origin import Origin, origin_of
from styleresearch.types import Image, Params, Styles


@dataclass(frozen=True)
class Foreign(Method):
    """What stands for it: nothing here can paint a picture of it that is not there.

    Attributes:
        settings: where its pictures are.
        pictures: those of a comparison's pairs.
    """

    settings: Finished
    pictures: Pictures = Pictures({})  # noqa: RUF009 - immutable
    takes: ClassVar[Takes] = Takes(encoder=False)

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Foreign:
        """Return the method of ``dict(name="outputs", path=..., **options)``.

        Raises:
            InputError: for anything wrong with it.
        """
        options = {key: value for key, value in spec.items() if key != "name"}
        settings = build.constructed(Finished, options, "method 'outputs'")
        settings.check()
        return cls(settings)

    def among(self, contents: Iterable[str], styles: Iterable[str]) -> Foreign:
        """Return it with its pictures of these contents and styles; raises as ``Finished.find``.

        Warns:
            Notice: about pictures that were passed over.
        """
        pictures, notes = self.settings.find(contents, styles)
        for note in notes:
            warnings.warn(note, Notice, stacklevel=2)
        return Foreign(self.settings, pictures)

    @property
    def label(self) -> str:
        """What its pictures call it; empty where they are none of ours."""
        first = next(iter(self.pictures.of.values()), None)
        return "" if first is None else origin_of(first).label

    def stylize(
        self, params: Params, encoder: Encoder, content: Image, styles: Styles, *, key: Any, progress: OnProgress = None
    ) -> Image:
        """Raise InputError: it was run elsewhere."""
        raise InputError(
            f"the pictures in {self.settings.folder} are finished: 'outputs' stands in a comparison, and paints nothing"
        )

    def digest(self, content: str, style: str, seed: int) -> str | None:
        """Return the sha256 of the file of a pair; ``None`` where there is none."""
        path = self.pictures.picture(content, style, seed)
        return None if path is None else digests.of_file(path)

    def take(self, content: str, style: str, seed: int, like: np.ndarray) -> Taken:
        """Return the picture of a pair, brought to the shape of its content.

        Args:
            content: what the content is called.
            style: what the style is called.
            seed: of the stylisation.
            like: the content, as the comparison shows it.

        Raises:
            InputError: if there is none, or it cannot be read.
        """
        path = self.pictures.picture(content, style, seed)
        if path is None:
            raise InputError(f"{self.settings.folder} holds no picture of this pair")
        own, shape = image_shape(path), (like.shape[0], like.shape[1])
        framing = difference(own, shape)
        if framing is not None:
            framing += "; measured against the whole content"
        return Taken(as_in_file(load_image(path, Frame.whole(own, shape))), framing or "", origin_of(path), path)


@dataclass(frozen=True)
class Taken:
    """A finished picture.

    Attributes:
        image: the picture (h, w, 3) in [0, 1].
        framing: how it is framed otherwise than its content; empty when it is not.
        origin: what it says of itself.
        path: its file.
    """

    image: np.ndarray
    framing: str
    origin: Origin
    path: Path
