"""From a run to a paper: tables, figures, a methods paragraph and every value, in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from styleresearch.errors import InputError, nearest
from styleresearch.report import differences, meantable, methodstext, pairtable, seedtable, settables
from styleresearch.report.choice import Choice, slug
from styleresearch.report.depth import depth_of
from styleresearch.report.figures import check_figures, chosen_pairs, write_paper_figures
from styleresearch.report.latex import escape_latex
from styleresearch.report.reading import read_run
from styleresearch.report.records import RunRecords
from styleresearch.report.sets import summarise_sets
from styleresearch.report.summary import Summary, summarise
from styleresearch.report.tables import csv_text
from styleresearch.store import atomic
from styleresearch.store.record import Pair
from styleresearch.store.rundir import RunDirectory

_CAPTIONS = {
    "grid": "Pictures of {pairs} of the {all} pairs.",
    "plane": "Means with intervals: {plane}.",
    "profiles": "Share of the pairs whose value is at least as good as each value, with pointwise 95 % bands.",
    "ranks": "How often the mean of each method has each rank, the best dark, when contents and styles are drawn anew.",
    "curves": "Loss terms over evaluations, geometric means over the pairs.",
}


def write_paper(
    run_dir: Path,
    out: Path,
    choice: Choice | None = None,
    reference: str | None = None,
    pairs: Sequence[str] = (),
) -> list[Path]:
    """Write what a paper needs of a run, and return the paths.

    ``table.tex``, ``differences.tex``, ``sets.tex`` and ``seeds.tex`` (where there is what they show), ``methods.tex``,
    ``figures.tex`` with the PDF figures that it shows, ``paper.tex`` that shows how all of it is used, and
    ``pairs.csv`` and ``table.csv``.

    Args:
        run_dir: a run directory of compare, sweep or evaluate.
        out: the folder, made if it is not there; files of these names are replaced.
        choice: what the tables show.
        reference: name of the method that differences are taken to; by default as ``summarise``.
        pairs: names of the pairs in the grid of pictures; some, spread evenly, when none is named.

    Raises:
        InputError: if the run cannot be read, has no such column, method or pair, figures cannot be drawn, or the
            folder cannot be written. Nothing is written then but what is written already.
    """
    choice = choice or Choice()
    check_figures()
    run = read_run(run_dir)
    summary = summarise(run, reference)
    shown = _pairs(run, pairs)
    depth = depth_of(run, summary)
    texts = {f"{name}.tex": text for name, text in paper_texts(run, summary, choice).items()}
    texts |= {"pairs.csv": pairtable.csv_text(run), RunDirectory(out).table_csv.name: csv_text(summary, depth)}
    try:
        out.mkdir(parents=True, exist_ok=True)
        figures = write_paper_figures(run, summary, depth, out, shown, choice.methods(summary))
        texts["figures.tex"] = _figures(run, summary, figures, len(shown))
        texts["paper.tex"] = _document([name for name in texts if name.endswith(".tex")], run)
        for name, text in texts.items():
            atomic.write(out / name, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise InputError(f"cannot write into {out}: {error.strerror or error}; name another folder") from error
    return [out / name for name in (*texts, *(f"{name}.pdf" for name in figures))]


def paper_texts(run: RunRecords, summary: Summary, choice: Choice) -> dict[str, str]:
    """Return name without ending -> LaTeX of the tables and the methods paragraph.

    Raises:
        InputError: if the choice names a column that there is not.
    """
    texts = {
        "table": meantable.latex_text(summary, run, choice),
        "methods": methodstext.latex_text(summary, run, choice),
    }
    if summary.reference is not None:
        texts["differences"] = differences.latex_text(summary, run.title, choice)
    if (sets := summarise_sets(run)) is not None:
        texts["sets"] = settables.latex_text(sets, run.title, choice)
    if summary.seeds > 1:
        texts["seeds"] = seedtable.latex_text(summary, run, choice)
    return texts


def _pairs(run: RunRecords, names: Sequence[str]) -> list[Pair]:
    known = {pair.name: pair for pair in run.pairs}
    for name in names:
        if name not in known:
            raise InputError(
                f"no pair {name!r} in this run.{nearest(name, known)} A pair is CONTENT__STYLE, such as "
                f"{run.pairs[0].name}"
            )
    return [known[name] for name in names] or chosen_pairs(run)


def _figures(run: RunRecords, summary: Summary, names: Sequence[str], pairs: int) -> str:
    plane = "" if summary.plane is None else " over ".join(column.label for column in reversed(summary.plane))
    lines = []
    for name in names:
        kind = "figure" if name == "plane" else "figure*"
        wide = "0.7" if name == "plane" else ""
        told = _CAPTIONS[name].format(pairs=pairs, all=len(run.pairs), plane=plane)
        lines += [
            rf"\begin{{{kind}}}[t]",
            r"  \centering",
            rf"  \includegraphics[width={wide}\linewidth,height=0.8\textheight,keepaspectratio]{{{name}.pdf}}",
            rf"  \caption{{{escape_latex(told)}}}",
            rf"  \label{{fig:{slug(run.title)}-{name}}}",
            rf"\end{{{kind}}}",
            "",
        ]
    return "\n".join(lines)


def _document(names: Sequence[str], run: RunRecords) -> str:
    body = [rf"\input{{{name.removesuffix('.tex')}}}" for name in names]
    return "\n".join(
        [
            "% An example of how the files beside this one are used; it compiles as it is: pdflatex paper",
            r"\documentclass{article}",
            r"\usepackage[T1]{fontenc}",
            r"\usepackage{booktabs,graphicx}",
            r"\begin{document}",
            rf"\section{{{escape_latex(run.title)}}}",
            *body,
            r"\clearpage",
            r"\end{document}",
            "",
        ]
    )
