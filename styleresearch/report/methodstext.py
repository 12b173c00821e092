"""The methods paragraph of a paper: what was compared and measured, with what, over which pairs, tested how."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from styleresearch.evaluation.statistics.interval import LEVEL
from styleresearch.report.choice import Choice
from styleresearch.report.latex import escape_latex, preamble
from styleresearch.report.records import Heading, RunRecords
from styleresearch.report.summary import Summary
from styleresearch.report.tables import describe_run
from styleresearch.store.record import MethodName

_LONG = 16
"""Letters of a word from which it may be broken at its signs."""


def paragraph(summary: Summary, run: RunRecords, choice: Choice) -> str:
    """Return the paragraph as plain text."""
    return " ".join(
        [
            *_compared(summary, run),
            *_settings(run, choice.methods(summary)),
            *_measured(summary, run, choice),
            *_statistics(summary),
        ]
    )


def latex_text(summary: Summary, run: RunRecords, choice: Choice) -> str:
    """Return it as LaTeX, whose long words may be broken."""
    words = [_breakable(word) for word in paragraph(summary, run, choice).split()]
    text = "{\\sloppy\n" + " ".join(words) + "\\par}\n"
    return "\n".join([*preamble(text), text])


def _breakable(word: str) -> str:
    parts = re.split(r"(?<=[+/._=,-])", word) if len(word) > _LONG else [word]
    pieces = [part[at : at + 32] for part in parts for at in range(0, len(part), 32)]
    return r"\allowbreak{}".join(map(escape_latex, pieces))


def _compared(summary: Summary, run: RunRecords) -> list[str]:
    facts = describe_run(run)
    own = [method.label for method in summary.methods if not method.baseline]
    floors = [method.label for method in summary.methods if method.baseline]
    pairs = f"{summary.design} ({summary.pairs} pictures each)"
    size = f", {facts['size']}" if facts["size"] else ""
    found = [f"{_listed(own or floors)} stylised the same pairs of {pairs}{size}."]
    if own and floors:
        found.append(f"{_listed(floors)} bound the metrics as floor baselines.")
    taken = [
        method.label
        for method in summary.methods
        if _spec(run, method).get("name") == "outputs" and not method.baseline
    ]
    if taken:
        found.append(f"The pictures of {_listed(taken)} were made by other programs and resized to the contents' size.")
    if framed := [n for n in run.notices if "not framed as their content" in n]:
        found += framed
    return found


def _spec(run: RunRecords, method: MethodName) -> Mapping[str, Any]:
    methods = run.config.get("methods")
    spec = methods.get(method.name) if isinstance(methods, Mapping) else None
    return spec if isinstance(spec, Mapping) else {}


def _settings(run: RunRecords, methods: list[MethodName]) -> list[str]:
    """Say what the methods minimise, and how long."""
    found = []
    for method in methods:
        spec = _spec(run, method)
        terms = spec.get("objective")
        if isinstance(terms, Mapping) and terms:
            told = [_term(name, term) for name, term in terms.items() if isinstance(term, Mapping)]
            optimizer = spec.get("optimizer")
            by = f" with {optimizer['name']}" if isinstance(optimizer, Mapping) and "name" in optimizer else ""
            budget = f" in {spec['evaluations']} evaluations" if isinstance(spec.get("evaluations"), int) else ""
            found.append(f"{method.label} minimises {_listed(told)}{by}{budget}.")
        elif isinstance(spec.get("checkpoint"), str):
            found.append(f"{method.label} is the trained network {spec['checkpoint']}.")
    return found


def _term(name: str, term: Mapping[str, Any]) -> str:
    layers = term.get("layers")
    read = f" at {', '.join(map(str, layers))}" if isinstance(layers, (list, tuple)) else ""
    options = {key: value for key, value in term.items() if key not in ("name", "layers", "weight")}
    more = "".join(f", {key} {value}" for key, value in options.items() if isinstance(value, (str, int, float)))
    weight = term.get("weight", 1.0)
    return f"{name} ({term.get('name')}{read}{more}, weight {weight:g})" if isinstance(weight, (int, float)) else name


def _measured(summary: Summary, run: RunRecords, choice: Choice) -> list[str]:
    facts = describe_run(run)
    columns = [column for column in choice.headings(summary) if not column.cost]
    versions = {str(found.get("styleresearch")) for found in run.provenance("packages") if isinstance(found, Mapping)}
    by = f"styleresearch {_listed(sorted(versions))}" if versions - {"None"} else "styleresearch"
    precision = _listed([str(each) for each in run.provenance("precision")])
    found = [f"All pictures were measured by {by}{f' in {precision}' if precision else ''}:"]
    found.append("; ".join(f"{column.label}: {_definition(column)}" for column in columns) + ".")
    if facts["encoder"]:
        convention = f", {facts['convention']} convention" if facts["convention"] else ""
        digest = f" (sha256 {facts['digest']})" if facts["digest"] else ""
        found.append(f"The encoder is {facts['encoder']}{convention}{digest}.")
    others = {_encoder(column) for column in columns} - {"", facts["encoder"]}
    if others:
        found.append(f"Some metrics see through other encoders: {_listed(sorted(others))}.")
    marked = [
        (method.label, [c.label for c in columns if summary.cells[method.name, c.name].in_sample])
        for method in choice.methods(summary)
    ]
    if told := [f"{label} ({', '.join(labels)})" for label, labels in marked if labels]:
        found.append(f"Metrics that a method minimised itself say little of it: {_listed(told)}.")
    if facts["config"]:
        found.append(f"The configuration's hash is {facts['config']}.")
    return found


def _definition(column: Heading) -> str:
    return column.definition.rstrip(".") + (f" ({column.source})" if column.source and len(column.source) < 80 else "")


def _encoder(column: Heading) -> str:
    encoder = column.contract.get("encoder") if isinstance(column.contract, Mapping) else None
    return str(encoder.get("weights") or encoder.get("name") or "") if isinstance(encoder, Mapping) else ""


def _statistics(summary: Summary) -> list[str]:
    found = [
        f"Intervals are {100 * LEVEL:.0f} % intervals of the mean under two-way random effects of contents and styles "
        "(Student's t, Satterthwaite's degrees of freedom; Searle, Casella and McCulloch 1992)."
    ]
    tests = sum(math.isfinite(cell.p_holm) for cell in summary.cells.values())
    if summary.reference is not None and tests:
        ratio = ", as log-ratios for losses" if summary.ratios else ""
        found.append(
            f"Differences to {summary.reference.label} are paired over the same pictures{ratio}, and tested by the "
            f"same statistic, two-sided, with Holm's correction over {tests} comparisons."
        )
    if summary.seeds > 1:
        found.append(f"Each pair was stylised with {summary.seeds} seeds, whose values were averaged.")
    if summary.caveat:
        found.append(summary.caveat)
    return found


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
