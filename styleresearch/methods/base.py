"""What a style transfer method is."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from styleresearch.encoder.encoder import Encoder
from styleresearch.registry import Registry
from styleresearch.types import Image, OtherImage, Params, Style


@dataclass(frozen=True)
class Progress:
    """Where an iterative method stands.

    Attributes:
        evaluations: evaluations of the objective and its gradient so far.
        budget: how many there will be.
        history: "evaluations", "total" and every term -> values since the last report, as lists.
    """

    evaluations: int
    budget: int
    history: Mapping[str, Sequence[float | int]]


ProgressCallback: TypeAlias = Callable[[Progress], None]


class Method(abc.ABC):
    """Turns content and style images into stylised ones.

    Subclasses are frozen dataclasses whose fields are the method's settings. What a user turns at run time (a mix of
    styles, masks) is an argument of ``stylize``.

    Attributes:
        guided: whether ``stylize`` takes several weighted or masked styles.
        baseline: whether this is a floor that bounds the metrics, shown apart from the methods compared.
    """

    guided: ClassVar[bool] = False
    baseline: ClassVar[bool] = False

    @abc.abstractmethod
    def stylize(
        self,
        params: Params,
        encoder: Encoder,
        content: Image,
        style: OtherImage | Sequence[Style],
        *,
        key: Any,
        progress: ProgressCallback | None = None,
    ) -> Image:
        """Return the stylised images, of the content's shape, in [0, 1].

        Args:
            params: what training learned; ``None`` for methods that learn nothing.
            encoder: the shared encoder.
            content: content images.
            style: style images, one for each content image, of any height and width; or, for ``guided`` methods,
                several ``Style``.
            key: the source of all randomness.
            progress: called as the work advances; methods that do not iterate never call it.
        """


METHODS: Registry[Method] = Registry("method")


def style_image(style: OtherImage | Sequence[Style]) -> OtherImage:
    """Return the one style image that a method which is not ``guided`` works with.

    Only called with what ``Method.guided`` allows; ``run`` refuses the rest with a message before any work.
    """
    return style[0].image if isinstance(style, (list, tuple)) else style  # pyright: ignore[reportReturnType]
