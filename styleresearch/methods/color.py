"""Keeping the content's colours, around any method.

Source: Gatys et al. 2016, "Preserving color in neural artistic style transfer" (arXiv:1606.05897).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from styleresearch.ops.color import MATCHES, luminance, match_mean_std, with_luminance_of
from styleresearch.types import Image, OtherImage

How = Literal["luminance", "mean_std", "covariance", "histogram"]


@dataclass(frozen=True)
class PreserveColor:
    """How the colours of the content survive.

    * ``luminance`` before: content and style become grey (the style with the content's light), and the result takes
      the content's chroma back: section 4.2 of the source. After: only the second half, neural-style's
      ``-original_colors``.
    * ``mean_std``, ``covariance``, ``histogram`` before: the style image is recoloured like the content, section 4.1.
      After: the result is.

    Attributes:
        how: "luminance", "mean_std", "covariance" or "histogram".
        when: "before" or "after" the method runs.
    """

    how: How = "luminance"
    when: Literal["before", "after"] = "after"

    def content(self, content: Image) -> Image:
        """Return what the method is given as content."""
        return luminance(content) if self.how == "luminance" and self.when == "before" else content

    def style(self, style: Image, content: OtherImage) -> Image:
        """Return what the method is given as style."""
        if self.when == "after":
            return style
        if self.how == "luminance":
            return match_mean_std(luminance(style), luminance(content))
        return MATCHES[self.how](style, content)

    def output(self, output: Image, content: Image) -> Image:
        """Return the final image from the method's output."""
        if self.how == "luminance":
            return with_luminance_of(content, output)
        return MATCHES[self.how](output, content) if self.when == "after" else output
