"""What a study's votes say, as rows, as CSV, as LaTeX, and as a paragraph for a paper."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from scipy.special import expit

from styleresearch.evaluation.statistics.bradley_terry import Contrast
from styleresearch.report.latex import escape_latex
from styleresearch.report.meantable import math_text, words_of
from styleresearch.report.numbers import MISSING, p_text
from styleresearch.report.rows import share_text
from styleresearch.report.sheet import Entry, Row, Sheet
from styleresearch.report.tables import spreadsheet_text
from styleresearch.study.analysis import Analysis, Standing

CSV_COLUMNS = (
    "method", "label", "votes", "won", "share", "strength", "lo", "hi", "reference",
    "over_reference", "over_lo", "over_hi", "p", "p_holm",
)  # fmt: skip


def headings(found: Analysis) -> tuple[str, ...]:
    """Return the headings of the rows."""
    return "Method", "Won", "Strength (95 %)", f"Preferred over\n{found.reference}", "p (Holm)"


def rows(found: Analysis) -> list[tuple[str, ...]]:
    """Return a row of texts for each method, strongest first."""
    return [
        (
            each.label,
            f"{100 * each.won / each.votes:.0f} %",
            _strength(each.strength),
            MISSING if each.against is None else _preferred(each.against),
            p_text(each.p_holm),
        )
        for each in found.standings
    ]


def checks(found: Analysis) -> list[str]:
    """Return what tells whether the raters can be trusted, a sentence each."""
    lines = [
        f"{_count(len(found.raters), 'rater')}, {_count(found.votes, 'vote')} on {_count(found.contents, 'content')} "
        f"and {_count(found.styles, 'style')}"
        + (f", {found.ties} of them ties (half a win each)" if found.ties else "")
        + (f"; {found.seconds:.1f} s an answer (median)." if found.seconds is not None else ".")
    ]
    if found.protocol is not None and found.protocol.catches:
        lines.append(
            f"Excluded for missing more than {found.protocol.most_missed} of {found.protocol.catches} catch trials: "
            + (", ".join(f"{rater} ({missed})" for rater, missed in found.excluded.items()) or "nobody")
            + "."
        )
        lines += [f"{label}: not rejected in {n} of {of} catch trials." for label, (n, of) in found.missed.items()]
    if found.agreement is not None:
        lines.append(f"Same answer to a repeated trial: {share_text(found.agreement)}; guessing gives 50 %.")
    biased = math.isfinite(found.left.lo) and not found.left.lo <= 0.5 <= found.left.hi
    lines.append(
        f"Left (A) preferred: {share_text(found.left)}"
        + ("; raters lean to one side, which the swapped sides even out." if biased else ".")
    )
    return [*lines, *found.notes]


def csv_text(found: Analysis) -> str:
    """Return a line per method with full precision; missing numbers are empty, texts are ``spreadsheet_text``."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list[str](CSV_COLUMNS), lineterminator="\n")
    writer.writeheader()
    for each in found.standings:
        row: dict[str, object] = {
            "method": spreadsheet_text(each.name),
            "label": spreadsheet_text(each.label),
            "reference": spreadsheet_text(found.reference),
            "votes": each.votes,
            "won": each.won,
        }
        numbers = {"share": each.won / each.votes, **_named(each.strength, ("strength", "lo", "hi"))}
        if each.against is not None:
            over = _named(each.against, ("over_reference", "over_lo", "over_hi"))
            numbers |= {name: float(expit(value)) for name, value in over.items()}
            numbers |= {"p": each.against.p, "p_holm": each.p_holm}
        row |= {name: value for name, value in numbers.items() if math.isfinite(value)}
        writer.writerow(row)
    return out.getvalue()


def latex_text(found: Analysis) -> str:
    """Return a ``table`` environment for the booktabs package."""
    head = [["Won", r"[\%]"], ["Strength"], ["Preferred", r"[\%]"], ["$p$"]]
    body = []
    for each in found.standings:
        strength = _in_math([_number(value) for value in _ends(each.strength)])
        over = "--" if each.against is None else _in_math([f"{100 * expit(v):.0f}" for v in _ends(each.against)])
        cells = [f"{100 * each.won / each.votes:.0f}", strength, over, escape_latex(p_text(each.p_holm))]
        body.append(Row(words_of(each.label), [Entry(text) for text in cells]))
    caption = (
        f"User study: {_count(len(found.raters), 'rater')}, {_count(found.votes, 'vote')}. Strength: Bradley--Terry "
        r"log-odds of being preferred over the average method; Preferred: over "
        rf"{escape_latex(found.reference)}, with $p$ after Holm's correction. 95\,\% intervals are for other raters, "
        "contents and styles."
    )
    return Sheet("Method", head, [("", body)], caption, "tab:user-study").latex()


def paragraph(found: Analysis) -> str:
    """Return the paragraph of a paper that a reviewer asks for: who judged what, how, and how it was counted."""
    best = found.standings[0]
    plan, text = found.protocol, []
    if plan is not None:
        text.append(
            f"{len(found.raters) + len(found.excluded)} raters each compared the outputs of "
            f"{len(plan.methods)} methods in {plan.trials} pairs, on {len(plan.cells)} combinations of "
            f"{found.contents} contents and {found.styles} styles, and answered: “{plan.question}”"
        )
        text.append(
            "Content and style were shown beside the two candidates, without names. Pairs of methods, combinations and "
            "sides were balanced within each rater and in random order, which follows from a seed in each rater's file."
        )
        if plan.recruitment:
            text.append(f"Raters were {plan.recruitment.rstrip('.')}.")
        if plan.catches:
            text.append(
                f"{plan.catches} more trials showed a floor baseline ({', '.join(f.label for f in plan.floors)}) "
                f"beside a method; as stated before the study, raters who missed more than {plan.most_missed} of them "
                f"were excluded ({len(found.excluded)})."
            )
        if found.agreement is not None:
            text.append(
                f"{_count(plan.repeats, 'trial')} came again with sides swapped; raters gave the same answer in "
                f"{share_text(found.agreement)} of them."
            )
    else:
        text.append(
            f"{_count(len(found.raters), 'rater')} gave {_count(found.votes, 'vote')} on pairs of outputs of "
            f"{len(found.standings)} methods, from {_count(found.contents, 'content')} and "
            f"{_count(found.styles, 'style')}."
        )
    text.append(f"The left picture was preferred in {share_text(found.left)} of the answers.")
    text.append(
        f"Strengths are those of the Bradley-Terry model, {'a tie being half a win of either; ' if found.ties else ''}"
        "95 % intervals and tests (Student's t) take raters, contents and styles as crossed random factors; p-values "
        "are corrected by Holm's method."
    )
    text.append(f"{best.label} came first (log-odds {_strength(best.strength)}).")
    text += [_compared(each, each.against, found.reference) for each in found.standings if each.against is not None]
    if plan is not None:
        text.append(f"Protocol sha256 {plan.digest[:16]}.")
    return " ".join(text)


def _compared(each: Standing, over: Contrast, reference: str) -> str:
    told = (
        f"no difference to {reference} could be shown for {each.label}"
        if not each.p_holm < 0.05
        else f"{each.label} is preferred over {reference}"
        if over.value > 0
        else f"{reference} is preferred over {each.label}"
    )
    told = told[0].upper() + told[1:]
    return f"{told} ({each.label} chosen in {_preferred(over)}, p {_p_sign(each.p_holm)})."


def _p_sign(p: float) -> str:
    text = p_text(p)
    return text.replace("<", "< ") if text.startswith("<") else f"= {text}" if math.isfinite(p) else "not known"


def _named(contrast: Contrast, names: Sequence[str]) -> dict[str, float]:
    return dict(zip(names, (contrast.value, contrast.lo, contrast.hi), strict=True))


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−") if math.isfinite(value) else MISSING


def _ends(contrast: Contrast) -> tuple[float, ...]:
    """Return the value and, where there is one, the ends of its interval."""
    return (contrast.value, contrast.lo, contrast.hi) if math.isfinite(contrast.lo) else (contrast.value,)


def _in_math(numbers: Sequence[str]) -> str:
    value, *ends = (math_text(number) for number in numbers)
    interval = rf"_{{[{ends[0]},\,{ends[1]}]}}" if ends else ""
    return f"${value}{interval}$"


def _strength(contrast: Contrast) -> str:
    ends = f" ({_number(contrast.lo)} to {_number(contrast.hi)})" if math.isfinite(contrast.lo) else ""
    return f"{_number(contrast.value)}{ends}"


def _preferred(contrast: Contrast) -> str:
    middle, lo, hi = (100 * float(expit(value)) for value in (contrast.value, contrast.lo, contrast.hi))
    return f"{middle:.0f} % ({lo:.0f} to {hi:.0f})" if math.isfinite(lo) else f"{middle:.0f} %"


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
