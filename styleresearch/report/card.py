"""The card of a loss: one HTML page that needs nothing else, for a paper's supplement."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from styleresearch import __version__
from styleresearch.checks.finding import Card
from styleresearch.errors import InputError
from styleresearch.report.html import TEMPLATES, template
from styleresearch.store import atomic


def check_place(path: Path) -> None:
    """Refuse a file that cannot be written, before anything is computed.

    Raises:
        InputError: for a folder, or a file in none.
    """
    if path.is_dir():
        raise InputError(f"--out {path} is a folder; name a file, such as {path / 'card.html'}")
    if not path.absolute().parent.is_dir():
        raise InputError(f"--out {path}: there is no folder {path.parent}; make it, or name another")


def render(card: Card) -> str:
    """Return the page as text."""
    return template("card.html.j2").render(
        style="".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "card.css")),
        version=__version__,
        card=card,
        about=card.about.split("\n\n")[0],
        groups=[(name, list(findings)) for name, findings in groupby(card.findings, lambda finding: finding.group)],
    )


def write_card(card: Card, path: Path) -> None:
    """Write the page.

    Raises:
        OSError: if it cannot be written.
    """
    with atomic.replacing(path) as partial:
        partial.write_text(render(card), encoding="utf-8")
