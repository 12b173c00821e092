"""The page of a user study: one file that holds its pictures and knows no method's name."""

from __future__ import annotations

from collections.abc import Sequence

from styleresearch import __version__
from styleresearch.report.html import TEMPLATES, template
from styleresearch.study.order import trials_of
from styleresearch.study.protocol import Protocol
from styleresearch.study.votes import KIND


def render(protocol: Protocol, cells: Sequence[Sequence[str]]) -> str:
    """Return the page as text.

    Args:
        protocol: what it shows.
        cells: of each pair of content and style, the pictures of the content, the style, and the outputs of methods
            and floor baselines, as data URIs.
    """
    numbers: dict[str, int] = {}
    shown = [[numbers.setdefault(picture, len(numbers)) for picture in cell] for cell in cells]
    return template("study.html.j2").render(
        style="".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "study.css")),
        script=(TEMPLATES / "study.js").read_text(encoding="utf-8"),
        version=__version__,
        protocol=protocol,
        count=len(trials_of(protocol.shape, 0)),
        data={
            "kind": KIND,
            "protocol": protocol.digest,
            "shape": vars(protocol.shape),
            "ties": protocol.ties,
            "cells": shown,
            "pictures": list(numbers),
        },
    )
