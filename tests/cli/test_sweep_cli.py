"""``styleresearch sweep``."""

from __future__ import annotations

import csv

import pytest

SWEEP = """
import tiny


def get_config():
    config = tiny.get_config()
    config.contents = dict(name="files", paths=("contents/hill.png",))
    config.sweep = dict(weight=dict(field="methods.noise.objective.style.weight", values=(0.5, 2.0)))
    return config
"""


@pytest.fixture
def study(bench, monkeypatch):
    monkeypatch.chdir(bench)
    (bench / "study.py").write_text(SWEEP)
    return bench


def test_a_dry_run_the_sweep_and_its_report(study, cli):
    call = ("sweep", "--config=study.py", "--workdir=run")
    dry = cli(*call, "--dry-run")
    assert (dry.status, dry.err) == (0, "")
    assert "8 of 8 cells are left" in dry.out
    assert not (study / "run").exists()
    half = cli(*call, "--shard=1/2")
    assert (half.status, half.err) == (0, "")
    assert "Others have 4 cells left" in half.out
    assert "Gatys    2/4" in cli(*call, "--dry-run").out or "4 of 8 cells are left" in cli(*call, "--dry-run").out
    done = cli(*call)
    assert (done.status, done.err) == (0, "")
    assert f"Report: {study / 'run' / 'report.html'}" in done.out
    rows = list(csv.DictReader((study / "run/table.csv").read_text().splitlines()))
    places = {(row["method"], row["variant_of"], row["sweep.weight"]) for row in rows}
    assert ("noise@weight=0.5", "noise", "0.5") in places
    assert ("identity", "", "") in places
    page = (study / "run/report.html").read_text()
    assert '<section id="sweep">' in page
    assert page.count('<th scope="row">Gatys</th>') >= 2
    assert "Hypervolume" in page
    assert "Content loss over weight" in page
    assert r"\weight" not in (study / "run/table.tex").read_text()
    assert "Method & weight & " in (study / "run/table.tex").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--shard=3/2",), "give I/N"),
        (("--processes=-1",), "give how many"),
        (("--slurm=tasks",), "give KEY=VALUE"),
        (("--config.sweep.weight.field=methods.nois.objective",), "no 'nois'. Did you mean 'noise'"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(study, refused, options, message):
    assert message in refused("sweep", "--config=study.py", "--workdir=run", *options)
    assert not (study / "run").exists()
