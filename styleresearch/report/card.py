"""The card of a loss, a metric or a method: one page that needs nothing else, also in print."""

from __future__ import annotations

import re
from functools import cache
from itertools import groupby
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from styleresearch import __version__
from styleresearch.checks.finding import Card, Finding
from styleresearch.store import atomic

_TEMPLATES = Path(__file__).parent / "templates"


def write_card(path: Path, card: Card) -> Path:
    """Write the card and return its path."""
    atomic.write(path, render(card).encode("utf-8", "backslashreplace"))
    return path


def render(card: Card) -> str:
    """Return the page as text."""
    first, _, rest = card.about.partition("\n\n")
    groups: dict[str, list[Finding]] = {}
    for group, findings in groupby(card.findings, key=lambda finding: finding.group):
        groups.setdefault(group, []).extend(findings)
    return _template().render(
        version=__version__,
        style=(_TEMPLATES / "card.css").read_text(encoding="utf-8"),
        card=card,
        first=" ".join(first.split()).replace("``", ""),
        rest=rest.partition("Attributes:")[0].strip().replace("``", ""),
        groups=groups,
        marks={"pass": "holds", "fail": "fails", "fact": "measured"},
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["powers"] = _powers
    return environment.get_template("card.html.j2")


def _powers(text: str) -> Markup:
    """Return a text with powers set as such: C^-2.00."""
    return Markup(re.sub(r"\^(-?[\d.]+)", lambda found: f"<sup>{found[1].replace('-', '−')}</sup>", escape(text)))
