"""Write the tables of what is registered into docs/reference.md, between ``<!-- registry:... -->`` markers.

    python docs/tables.py            # write them (what `make docs` runs)
    python docs/tables.py --check    # exit with status 1 if the page would change

Everything in a table comes from the registries and from the docstrings: the first sentence, ``Source:``, the defaults
and bounds.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from styleresearch.data.pictures import SOURCES
from styleresearch.encoder.encoder import ENCODERS
from styleresearch.evaluation.metrics import METRICS
from styleresearch.losses import ADVERSARIAL, LOSSES, PENALTIES
from styleresearch.methods import METHODS
from styleresearch.nets import DECODERS, DISCRIMINATORS, NETS
from styleresearch.optim.optimizers import OPTIMIZERS
from styleresearch.optim.schedules import SCHEDULES
from styleresearch.options import bounds_of, hints_of
from styleresearch.registry import Registry

PAGE = Path(__file__).resolve().parent / "reference.md"

Column = Callable[[str, Any, dict[str, inspect.Parameter]], str]
"""(registered name, class or function, its options) -> a cell."""


def sentence(entry: Any) -> str:
    """Return the docstring's first sentence, as Markdown."""
    text = " ".join((inspect.getdoc(entry) or "").split("\n\n")[0].split())
    found = re.match(r".*?\.(?=\s|$)", text)
    first = re.sub(r"^Return (?=\w)", "", found.group() if found else text).replace("``", "`")
    return first[:1].upper() + first[1:]


def source(entry: Any) -> str:
    """Return what stands behind ``Source:`` in the docstring, up to the next paragraph or field; empty if nothing."""
    found = re.search(r"^Source: (.+?)(?=\n\s*\n|\n\w+:|\Z)", inspect.getdoc(entry) or "", re.MULTILINE | re.DOTALL)
    return " ".join(found.group(1).split()).replace("``", "`") if found else ""


def settings(entry: Any, options: dict[str, inspect.Parameter]) -> str:
    """Return every option but the layers with its default and bounds; one without a default must be given."""
    shown = []
    hints = hints_of(entry)
    for name, option in options.items():
        if name == "layers" and isinstance(option.default, tuple):  # they have a column of their own
            continue
        given = option.default is not inspect.Parameter.empty
        notes = ([] if given else ["required"]) + ([bounds] if (bounds := bounds_of(hints.get(name))) else [])
        shown.append(f"`{name}={plain(option.default)}`" if given else f"`{name}`")
        shown[-1] += f" ({', '.join(notes)})" if notes else ""
    return ", ".join(shown) or "none"


def plain(value: Any) -> str:
    """Return a default as a config writes it."""
    return repr(value).replace("'", '"')


def layers(options: dict[str, inspect.Parameter]) -> str:
    """Return the default layers."""
    return ", ".join(options["layers"].default) if "layers" in options else ""


NAME: dict[str, Column] = {"name": lambda name, entry, options: f"`{name}`"}
WHAT: dict[str, Column] = {"what": lambda name, entry, options: sentence(entry)}
OPTIONS: dict[str, Column] = {"options, with defaults": lambda name, entry, options: settings(entry, options)}
SOURCE: dict[str, Column] = {"source": lambda name, entry, options: source(entry)}
LOSS: dict[str, Column] = {
    "target": lambda name, entry, options: entry.target,
    "default layers": lambda name, entry, options: layers(options),
}
METRIC: dict[str, Column] = {
    "better": lambda name, entry, options: entry.better or "neither",
    "source": lambda name, entry, options: source(entry) or entry.source,
}
FLOOR: dict[str, Column] = {"floor baseline": lambda name, entry, options: "yes" if entry.baseline else "no"}

TABLES: dict[str, tuple[Registry[Any], dict[str, Column]]] = {
    "methods": (METHODS, NAME | WHAT | FLOOR | OPTIONS | SOURCE),
    "optimizers": (OPTIMIZERS, NAME | WHAT | OPTIONS | SOURCE),
    "schedules": (SCHEDULES, NAME | WHAT | OPTIONS | SOURCE),
    "networks": (NETS, NAME | WHAT | OPTIONS | SOURCE),
    "decoders": (DECODERS, NAME | WHAT | OPTIONS | SOURCE),
    "discriminators": (DISCRIMINATORS, NAME | WHAT | OPTIONS | SOURCE),
    "losses": (LOSSES, NAME | WHAT | LOSS | OPTIONS | SOURCE),
    "adversarial": (ADVERSARIAL, NAME | WHAT | OPTIONS | SOURCE),
    "penalties": (PENALTIES, NAME | WHAT | OPTIONS | SOURCE),
    "metrics": (METRICS, NAME | WHAT | OPTIONS | METRIC),
    "encoders": (ENCODERS, NAME | WHAT | OPTIONS),
    "sources": (SOURCES, NAME | WHAT | OPTIONS),
}


def table(registry: Registry[Any], columns: dict[str, Column]) -> str:
    """Return a Markdown table with one row for each entry of a registry."""
    rows = [list(columns), ["---"] * len(columns)]
    for name in registry:
        cells = [column(name, registry.get(name), registry.options(name)) for column in columns.values()]
        rows.append([cell.replace("|", r"\|") for cell in cells])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def filled(text: str) -> str:
    """Return a page with the table of every marker written anew.

    Raises:
        ValueError: for a marker that names no table, or that is not closed.
    """

    def fill(found: re.Match[str]) -> str:
        kind = found.group(1)
        if kind not in TABLES:
            raise ValueError(f"there is no table {kind!r}; tables: {', '.join(TABLES)}")
        return f"<!-- registry:{kind} -->\n{table(*TABLES[kind])}\n<!-- /registry:{kind} -->"

    new = re.sub(r"<!-- registry:(\w+) -->.*?<!-- /registry:\1 -->", fill, text, flags=re.DOTALL)
    opened, written = len(re.findall("<!-- registry:", new)), len(re.findall("<!-- /registry:", new))
    if opened != written:
        raise ValueError(f"{opened} tables are opened and {written} closed; a marker lacks its partner")
    return new


def main() -> int:
    """Write or check the page and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if something would change")
    check = parser.parse_args().check
    old = PAGE.read_text(encoding="utf-8")
    new = filled(old)
    if check and new != old:
        print("docs/reference.md does not show what is registered: run make docs", file=sys.stderr)
        return 1
    if not check:
        PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
