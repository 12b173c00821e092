"""The tables: table.csv and table.tex."""

from __future__ import annotations

import csv
import io
import math
import re

import numpy as np
import pytest

from styleresearch.report import differences
from styleresearch.report.depth import depth_of
from styleresearch.report.meantable import latex_text
from styleresearch.report.reading import read_run
from styleresearch.report.summary import summarise
from styleresearch.report.tables import csv_text, spreadsheet_text


@pytest.fixture(scope="module")
def run(finished_run):
    return read_run(finished_run)


@pytest.fixture(scope="module")
def summary(run):
    return summarise(run, resamples=500)


def csv_of(run, **changes):
    summary = summarise(run, **changes)
    return csv_text(summary, depth_of(run, summary))


def test_csv_is_tidy_and_exact(run, summary):
    rows = list(csv.DictReader(io.StringIO(csv_of(run, resamples=100))))
    assert len(rows) == 6 * 7
    row = next(r for r in rows if (r["method"], r["metric"]) == ("gatys_adam", "style_loss"))
    values = [r.metrics["style_loss"] for r in run.of_method("gatys_adam").values()]
    assert float(row["mean"]) == pytest.approx(np.mean(values), rel=1e-12)
    assert float(row["lo"]) < float(row["mean"]) < float(row["hi"])
    others = [r.metrics["style_loss"] for r in run.of_method("gatys_lbfgs").values()]
    assert float(row["delta_to_reference"]) == pytest.approx(np.mean(values) - np.mean(others), rel=1e-9)
    ratios = [math.log(a / b) for a, b in zip(values, others, strict=True)]
    assert float(row["ratio_to_reference"]) == pytest.approx(math.exp(np.mean(ratios)), rel=1e-9)
    assert float(row["ratio_lo"]) < float(row["ratio_to_reference"]) < float(row["ratio_hi"])
    assert row["delta_lo"] == ""
    assert float(row["win_lo"]) <= float(row["win_rate"]) <= float(row["win_hi"])
    assert float(row["smallest_difference"]) > 1
    assert float(row["iqm_lo"]) < float(row["iqm"]) < float(row["iqm_hi"])
    assert 0 <= float(row["between_floors"]) <= 1
    best = [float(r["p_best"]) for r in rows if r["metric"] == "color_distance" and r["p_best"]]
    assert len(best) == 2, "of the methods that have all images"
    assert sum(best) == pytest.approx(1)
    assert (row["reference"], row["better"], row["in_sample"], row["n"]) == ("gatys_lbfgs", "lower", "1", "9")
    missing = next(r for r in rows if (r["method"], r["metric"]) == ("identity", "evaluations"))
    assert (missing["mean"], missing["lo"], missing["n"], missing["note"]) == ("", "", "0", "no value")
    assert "nan" not in csv_of(run, resamples=100)


def test_csv_holds_any_label(small):
    rows = list(csv.DictReader(io.StringIO(csv_of(small, resamples=10))))
    assert rows[0]["label"] == small.methods[0].label
    assert "<script>" in rows[0]["label"]


FORMULAS = [
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "+1",
    "-1",
    "\t=1",
    "\r=1",
    " =1",
    "\n+1",
    "＝1",
    "-2+3;=4",
    "a;=1+1",
    "a\t@x",
    "\t",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_the_csv_is_a_formula_however_a_spreadsheet_splits_it(records_in, make_record, text):
    directory = records_in(*(make_record(m, m, False, "c", "s", metrics={text: 1.0}) for m in (text, "b")))
    content = csv_of(read_run(directory), resamples=10)
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter):
            for cell in row:
                assert not cell.strip().startswith(("=", "+", "@", "＝")), cell
                assert not re.match(r"\s*-(?![\d.]+(e-?\d+)?$)", cell), cell
    # One apostrophe taken away, and a text that holds no second formula is what it was.
    row = next(csv.DictReader(io.StringIO(content, newline="")))
    if ";" not in text and "\t" not in text[1:]:
        assert row["method"].replace("'", "", 1) == text or text[:1] in "\t\r\n"


@pytest.mark.parametrize("text", ["plain", "a=b", "a - b", "'quoted'", "3-D", "'=1"])
def test_texts_that_are_no_formula_come_back(text):
    escaped = spreadsheet_text(text)
    assert (escaped[1:] if text.startswith("'") else escaped) == text


def test_numbers_of_the_csv_stay_numbers(records_in, make_record):
    lines = [make_record(m, m, False, c, "s", metrics={"m": x}) for m, x in (("a", -1.5), ("b", 2.0)) for c in "cd"]
    rows = list(csv.DictReader(io.StringIO(csv_of(read_run(records_in(*lines)), resamples=10))))
    assert [float(row["mean"]) for row in rows if row["metric"] == "m"] == [-1.5, 2.0]
    assert rows[0]["lo"] == "", "equal values have no interval"
    assert rows[1]["delta_to_reference"] == "3.5"


def _check_latex(text):
    """Fail unless environments nest, braces and dollars balance, and rows have as many cells as the preamble."""
    assert text.isprintable() or set(text) - {"\n"} == {c for c in text if c.isprintable()}
    stack = []
    for kind, name in re.findall(r"\\(begin|end)\{([\w*]+)\}", text):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []
    bare = re.sub(r"\\[\\{}$&#_%~^]|(?<=Table)~(?=\\ref)", "", text)
    assert bare.count("{") == bare.count("}")
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    lines = [line for line in bare.split("\n") if not line.startswith(("%", r"\providecommand"))]
    assert all(line.count("$") % 2 == 0 for line in lines)
    assert all(character not in "\n".join(lines) for character in "#%~")
    found = []
    for columns, inner in re.findall(r"\\begin\{tabular\}\{@\{\}(\w+)@\{\}\}(.*?)\\end\{tabular\}", text, re.DOTALL):
        rows = [line for line in inner.split("\n") if line.endswith(r"\\")]
        assert rows
        for row in rows:
            cells = len(re.findall(r"(?<!\\)&", row)) + 1
            assert cells == len(columns) or r"\multicolumn" in row
        found += rows
    assert found
    return found


def test_latex_is_well_formed_and_says_what_it_must(run, summary):
    text = latex_text(summary, run)
    rows = _check_latex(text)
    blocks = text.count(r"\begin{tabular}")
    assert [line.strip() for line in text.split("\n") if "rule" in line] == [
        r"\toprule", r"\midrule", r"\midrule", r"\bottomrule",
    ] * blocks  # fmt: skip
    assert len([row for row in rows if "L-BFGS" in row]) == blocks
    caption = next(line for line in text.split("\n") if r"\caption" in line)
    for fact in (
        r"3 contents $\times$ 3 styles", "two-way random effects", "Satterthwaite", "vgg16",
        "caffe convention", "ab12cd34ef56", "192 px", "5f2c9a70b1d4", r"$\dagger$",
    ):  # fmt: skip
        assert fact in caption
    lbfgs = next(row for row in rows if "L-BFGS" in row)
    assert re.search(r"\$\\mathbf\{[\d.]+\}\^\{\\dagger\}\$", lbfgs)
    beneath = rows[rows.index(lbfgs) + 1]
    assert re.search(r"\\scriptsize \$\[[\d.]+,\\,[\d.]+\]\$", beneath)
    assert "[$10^{-6}$]" in text
    assert r"\label{tab:quickstart}" in text


def test_latex_of_the_differences(run, summary):
    text = differences.latex_text(summary, run.title)
    rows = _check_latex(text)
    assert len([row for row in rows if "Moments" in row or "moments" in row]) == 4
    assert re.search(r"\$\\mathbf\{\{\\times\}0\.8", text), "better in content loss"
    wins = next(row for row in rows if r"\,\%$" in row)
    assert re.search(r"& \$(<?)0\.\d+\$ & ", wins), "p-values"
    assert "Differences to Gatys (L-BFGS)" in text
    assert "Holm" in text
    assert r"\label{tab:quickstart-differences}" in text


def test_latex_escapes_every_name(small):
    text = latex_text(summarise(small, resamples=50), small)
    rows = _check_latex(text)
    _check_latex(differences.latex_text(summarise(small, reference="b"), small.title))
    assert r"a\_b \& 50\% of \$x\$ \#1" in " ".join(rows)
    assert r"\{\textasciitilde{}\textasciicircum{}\textbackslash{}\}" in " ".join(rows)
    assert r"\textless{}script\textgreater{}" in " ".join(rows)
    assert "Ünïcode" in " ".join(rows)
    assert r"Loss\_1" in " ".join(rows[:3])
    assert r"[\%]" in " ".join(rows[:3])


@pytest.mark.parametrize("label", ["[ours]", "*ours", "[t]", "**"])
def test_a_label_that_begins_like_an_argument_of_latex_is_printed(records_in, make_record, label):
    """``\\\\`` and ``\\midrule`` look for ``[`` and ``*`` in what follows, over the end of the line."""
    lines = [make_record(str(i), name, baseline, "c", "s") for i, (name, baseline) in enumerate(
        [("first", False), (label, False), (label + "x", True)])]  # fmt: skip
    run = read_run(records_in(*lines))
    rows = _check_latex(latex_text(summarise(run, resamples=10), run))
    assert rows[2].startswith("    {}" + label + " &")
    assert rows[3].startswith("    {}" + label + "x &")


def test_labels_and_titles_of_mathematics_are_math(records_in, make_record):
    label = "AdaIN (α=0.5, λ≥10⁻³)"
    directory = records_in(
        *(make_record(m, n, False, "c", "s", metrics={"m": 1.0}) for m, n in (("a", label), ("b", "b")))
    )
    (directory / "contracts.json").write_text('{"m": {"label": "SSIM (σ=1.5)", "unit": "µm"}}')
    run = read_run(directory)
    text = latex_text(summarise(run, resamples=10), run)
    assert r"AdaIN ($\alpha$=0.5, $\lambda$$\geq$10$^{-3}$)" in text
    assert r"($\sigma$=1.5)" in text
    assert r"[$\mu$m]" in text
    assert text.isascii()
    assert r"\unicodetext" not in text


def test_what_pdflatex_cannot_print_is_said_at_the_top_and_defined(records_in, make_record):
    run = read_run(records_in(make_record("a", "ガティス", False, "c", "s")))
    text = latex_text(summarise(run, resamples=10), run)
    head = text[: text.index(r"\begin{table*}")]
    assert "% Needs XeLaTeX or LuaLaTeX with a font (package fontspec) that has: ガティス" in head
    assert r"\providecommand{\unicodetext}" in head
    assert r"\unicodetext{ガティス}{[U+30AC U+30C6 U+30A3 U+30B9]}" in text
    for line in head.split("\n"):
        assert line.startswith(("%", r"\providecommand")) or not line


def test_one_image_has_no_interval_in_the_table(records_in, make_record):
    run = read_run(records_in(make_record("a", "A", False, "c", "s")))
    assert "[" not in latex_text(summarise(run), run).split(r"\midrule")[1]
