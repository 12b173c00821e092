"""What a method is given: to stylise, and to learn from."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, Literal

from styleresearch.errors import InputError


@dataclass(frozen=True)
class Takes:
    """What ``Method.stylize`` takes; commands refuse the rest before any work.

    Attributes:
        styles: "one"; "many", weighed; or "none" for a method that paints the one domain that it learned.
        masks: whether a style may go to a place of the content (``Style.where``) and be taken of a part of its picture
            (``Style.mask``).
        encoder: whether it calls the encoder.
        options: options that only ``stylize`` reads, at dotted places: a training run that goes on may change them.
    """

    styles: Literal["none", "one", "many"] = "one"
    masks: bool = False
    encoder: bool = True
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reads:
    """What ``TrainedMethod.step`` reads beside contents.

    Attributes:
        styles: "any" pictures as ``batch["style"]``; "pairs" where each has to belong to the content beside it; "none".
        options: options that only training reads; a method that is built to stylise goes without them.
    """

    styles: Literal["none", "any", "pairs"] = "any"
    options: tuple[str, ...] = ()


_FORMER = {
    "guided": 'takes = Takes(styles="many", masks=True)',
    "takes_style": 'takes = Takes(styles="none")',
    "encodes": "takes = Takes(encoder=False)",
    "stylizes_with": "takes = Takes(options=...)",
    "reads_styles": 'reads = Reads(styles="none")',
    "reads_pairs": 'reads = Reads(styles="pairs")',
    "learns_from": "reads = Reads(options=...)",
}
"""What a method said in a class variable of its own until 0.1 -> how it says it."""


def refuse_former(method: type[Any]) -> None:
    """Raise InputError for a class that was written for the contract of before."""
    own, annotations = vars(method), inspect.get_annotations(method)
    for name, now in _FORMER.items():
        if name in own and "ClassVar" in str(annotations.get(name, "ClassVar")):  # not a setting of that name
            raise InputError(f"the method {method.__name__} has {name}, which is {now} now; see docs/add_a_method.md")
    if inspect.isfunction(own.get("stylize")) and "style" in inspect.signature(own["stylize"]).parameters:
        raise InputError(
            f"the method {method.__name__}: stylize takes styles, a sequence of Style, in place of style; name it "
            "so and write styles[0].image for the picture; see docs/add_a_method.md"
        )
