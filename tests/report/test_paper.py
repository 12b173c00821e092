"""``report --paper``: what it writes is compiled by LaTeX, in one column and two, and nothing sticks out."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from styleresearch.cli import main
from styleresearch.errors import InputError
from styleresearch.report.choice import Choice
from styleresearch.report.pairtable import csv_text
from styleresearch.report.paper import paper_texts, write_paper
from styleresearch.report.reading import read_run
from styleresearch.report.sheet import width_of
from styleresearch.report.summary import summarise
from tests.report.conftest import record, write_records

LABELS = (
    *("AdaIN (α=0.5, λ≥10⁻³)", "Gatys et al. with L-BFGS", "Ours (w/o β-loss, x̄ ± σ)", "StyTR²", "CAST", "a_b & 50 %"),
    *("Aρχιμήδης", "A method whose label is far too long for one line of a narrow column of a paper"),
)
METRICS = ("Content loss (relu4_2)", "Style loss (Gram), σ≥1", "Style loss (moments)", "SSIM", "LPIPS (AlexNet)",
           "DISTS", "CFSD", "χ² of colours", "Edge agreement", "MS-SSIM", "Stroke scale")  # fmt: skip


@pytest.fixture(scope="module")
def eleven(tmp_path_factory) -> Path:
    """A run of eleven metrics, eight methods, two floors and two seeds."""
    run = tmp_path_factory.mktemp("runs") / "eleven"
    run.mkdir()
    rng = np.random.default_rng(0)
    lines = []
    methods = [
        *((f"m{i}", label, False) for i, label in enumerate(LABELS)),
        ("f1", "Floor", True),
        ("f2", "Flöör", True),
    ]
    for content in ("c1", "c2", "c3"):
        for style in ("s1", "s2", "s3", "s4"):
            for seed in (0, 1):
                for index, (name, label, floor) in enumerate(methods):
                    values = {f"v{at}": 10.0 ** (at % 5 - 2) * rng.lognormal(0.1 * index, 0.2) for at in range(11)}
                    line = record(name, label, floor, content, style, seed=seed, metrics=values)
                    line["pair"] += f"__s{seed}"
                    line["in_sample"] = ["v1"] if index == 1 else []
                    lines.append(line)
    write_records(run, lines)
    contracts = {
        f"v{at}": {"label": label, "better": ("lower", "higher")[at % 2], "definition": f"What {label} is."}
        for at, label in enumerate(METRICS)
    }
    (run / "contracts.json").write_text(json.dumps(contracts))
    objective = {"style": {"name": "gram", "layers": ["relu1_1", "relu2_1"], "weight": 0.03}}
    config = {
        "name": "Eleven Columns, α",
        "reference": "m2",
        "methods": {"m1": {"name": "gatys", "objective": objective, "evaluations": 40}, "m4": {"name": "outputs"}},
        "plane": ["v3", "v4"],
    }
    (run / "config.json").write_text(json.dumps(config))
    return run


def compiled(folder: Path, body: str, options: str) -> str:
    """Return the log of a paper; fail if LaTeX is not there or stops."""
    preamble = r"\usepackage[T1]{fontenc}\usepackage{booktabs,graphicx}\setcounter{topnumber}{9}\extrafloats{100}"
    text = rf"\documentclass[{options}]{{article}}{preamble}\begin{{document}}{body}\clearpage\end{{document}}"
    (folder / "both.tex").write_text(text, encoding="utf-8")
    assert shutil.which("pdflatex"), "pdflatex is missing: apt-get install texlive-latex-base texlive-latex-recommended"
    for _ in range(2):
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "both"],
            cwd=folder,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    return (folder / "both.log").read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="module")
def papers(finished_run, eleven, tmp_path_factory) -> Path:
    """What the command writes of both runs."""
    out = tmp_path_factory.mktemp("papers")
    write_paper(finished_run, out / "small", pairs=("coffee__grass", "astronaut__brick"))
    run = read_run(eleven)
    summary = summarise(run)
    for name, choice in (("large", Choice(floors=True)), ("page", Choice(costs=True, interval="pm", width="page"))):
        (out / name).mkdir()
        for file, text in paper_texts(run, summary, choice).items():
            (out / name / f"{file}.tex").write_text(text, encoding="utf-8")
    return out


@pytest.mark.parametrize("options", ["a4paper", "twocolumn"])
def test_two_runs_in_one_paper_compile_without_an_overfull_box(papers, options):
    names = ("methods", "table", "differences", "seeds", "figures")
    body = r"\graphicspath{{small/}{large/}}Tables~\ref{tab:quickstart}, \ref{tab:eleven-columns}."
    for run in ("small", "large"):
        for name in names:
            if (papers / run / f"{name}.tex").exists():
                body += rf"\input{{{run}/{name}}}\clearpage "
    log = compiled(papers, body, options)
    assert "Overfull" not in log, re.findall(r"Overfull.*", log)
    assert "Float too large" not in log
    assert "multiply defined" not in log
    assert "undefined" not in log
    body = r"\sbox0{x}" + "".join(rf"\input{{page/{name}}}\clearpage " for name in ("table", "differences"))
    log = compiled(papers, body, options)
    assert "Overfull" not in log, re.findall(r"Overfull.*", log)
    assert "Float too large" not in log


def test_no_table_is_shrunk_for_widths_are_estimated_well(papers):
    r"""``\fitwidth`` is for fonts that are wider than LaTeX's own."""
    told = r"\newcommand{\fitwidth}[1]{\sbox0{#1}\typeout{WIDTH \the\wd0\space OF \the\linewidth}\usebox0}"
    for options in ("", "twocolumn"):
        body = told + "".join(
            rf"\input{{{run}/{name}}}\clearpage " for run in ("small", "large") for name in ("table", "differences")
        )
        found = re.findall(r"WIDTH ([\d.]+)pt ?OF ([\d.]+)pt", compiled(papers, body, options))
        assert found
        assert all(float(width) <= min(float(of), 230.0) for width, of in found), found


def test_the_example_compiles_as_it_is(papers):
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"],
        cwd=papers / "small",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def test_what_a_paper_is_given(papers, eleven):
    large = papers / "large"
    figures = {"grid.pdf", "plane.pdf", "profiles.pdf", "ranks.pdf", "curves.pdf"}
    texts = {"table.tex", "differences.tex", "methods.tex", "figures.tex", "paper.tex"}
    assert {path.name for path in (papers / "small").iterdir()} >= figures | texts | {"pairs.csv", "table.csv"}
    table = (large / "table.tex").read_text()
    assert r"\begin{table}[t]" in table
    assert r"\label{tab:eleven-columns}" in table
    assert r"\begin{table*}[t]" in (papers / "page/table.tex").read_text()
    assert r"{\pm}" in (papers / "page/table.tex").read_text()
    assert "Flöör" in table
    assert "Flöör" not in (papers / "page/table.tex").read_text()
    differences = (large / "differences.tex").read_text()
    assert "seeds" in (large / "seeds.tex").read_text()
    assert r"Differences to Ours (w/o $\beta$-loss, \={x} $\pm$ $\sigma$)" in differences, "the config's reference"
    rows = list(csv.DictReader(csv_text(read_run(eleven)).splitlines()))
    assert len(rows) == 10 * 24
    values = {(r.method.name, r.pair.name): r.metrics["v3"] for r in read_run(eleven).records.values() if r.pair}
    assert {
        (row["method"], f"{row['content']}__{row['style']}__s{row['seed']}"): float(row["v3"]) for row in rows
    } == values


def test_the_methods_paragraph_says_what_a_reviewer_asks(papers):
    text = re.sub(r"\s+", " ", (papers / "large/methods.tex").read_text().replace(r"\allowbreak{}", ""))
    for fact in (
        r"3 contents $\times$ 4 styles $\times$ 2 seeds",
        "styleresearch 0.1.0 in float32",
        "vgg16",
        "caffe convention",
        "ab12cd34ef56",
        r"Gatys et al. with L-BFGS minimises style (gram at relu1\_1, relu2\_1, weight 0.03) in 40 evaluations",
        "CAST were made by other programs",
        "two-way random effects",
        "Holm's correction over 77 comparisons",
        "2 seeds",
        "say little of it: Gatys et al. with L-BFGS",
    ):
        assert fact in text, fact


def test_columns_rows_and_pictures_are_chosen_and_wrong_names_told(finished_run, tmp_path, capsys):
    call = ["report", str(finished_run), f"--paper={tmp_path / 'out'}", "--columns=ssim,style_loss", "--floors"]
    assert main([*call, "--reference=moments", "--interval=none", "--pair=coffee__grass"]) == 0
    assert "paper.tex" in capsys.readouterr().out
    table = (tmp_path / "out/table.tex").read_text()
    assert table.index("SSIM") < table.index("Style")
    assert "Content loss" not in table.split(r"\begin{tabular}")[1]
    assert "scriptsize" not in table
    assert "1 of the 9 pairs" in (tmp_path / "out/figures.tex").read_text()
    for option, message in (
        ("--columns=sism", "no column 'sism' in this run. Did you mean 'ssim'?"),
        ("--pair=coffee__gras", "no pair 'coffee__gras' in this run. Did you mean 'coffee__grass'?"),
        ("--reference=moment", "no method 'moment' to compare with. Did you mean 'moments'?"),
    ):
        assert main(["report", str(finished_run), f"--paper={tmp_path / 'none'}", option]) == 2
        assert message in capsys.readouterr().err
        assert not (tmp_path / "none").exists()
    with pytest.raises(InputError, match="does not exist, so there is nothing to report"):
        write_paper(tmp_path, tmp_path / "none")


def test_estimated_widths_are_those_of_the_letters():
    assert width_of("") == 0
    assert width_of(r"$\mathbf{0.123}$") > width_of("$0.123$") > width_of("$0.12$")
    assert width_of(r"\textasciitilde{}") > 0
