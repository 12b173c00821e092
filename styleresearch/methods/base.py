"""What a style transfer method is."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from styleresearch.registry import Registry
from styleresearch.types import Image, Params


@dataclass(frozen=True)
class Progress:
    """Where an iterative method stands.

    Attributes:
        evaluations: evaluations of the objective and its gradient so far.
        budget: how many there will be.
        history: term -> values since the last report, one per evaluation, "total" first.
    """

    evaluations: int
    budget: int
    history: Mapping[str, Any]


class Method(abc.ABC):
    """Turns a content and a style image into a stylised one.

    Subclasses are frozen dataclasses whose fields are the method's settings. What a user turns at run time (a mix of
    styles, masks, strength) is a keyword argument of ``stylize``.
    """

    @abc.abstractmethod
    def stylize(
        self,
        params: Params,
        encoder: Any,
        content: Image,
        style: Image,
        *,
        key: Any,
        progress: Callable[[Progress], None] | None = None,
    ) -> Image:
        """Return the stylised images, of the content's shape, in [0, 1].

        Args:
            params: what training learned; ``None`` for methods that learn nothing.
            encoder: the shared ``Encoder``.
            content: content images.
            style: style images, one for each content image; height and width may differ from the content's.
            key: the source of all randomness.
            progress: called as the work advances; methods that do not iterate never call it.
        """


METHODS: Registry[Method] = Registry("method")
