"""What a comparison leaves in its run directory; the command's tests run whole ones."""

from __future__ import annotations

from pathlib import Path

from styleresearch.store.record import Record
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks import cells
from styleresearch.tasks import compare as run
from styleresearch.tasks.comparison import Comparison


def _records(what: Comparison, workdir: Path, monkeypatch, **changes) -> list[Record]:
    """Run a comparison on a machine whose provenance has ``changes``; return its records."""
    with monkeypatch.context() as patch:
        patch.setattr(cells, "provenance", lambda *args, of=cells.provenance: {**of(*args), **changes})
        run.compare(what, workdir, lambda event: None)
    return RunDirectory(workdir).records.read()


def test_a_record_says_where_its_picture_was_made_wherever_it_was_measured(config_of, folder, monkeypatch):
    methods = config_of()["methods"]
    first = Comparison.of(config_of(methods={"identity": methods["identity"]}))
    _records(first, folder / "r", monkeypatch, device="a laptop")
    metrics = {"color": {"name": "color_histogram"}}
    records = _records(Comparison.of(config_of(metrics=metrics)), folder / "r", monkeypatch, device="a server")
    assert {record.provenance["device"] for record in records} == {"a server"}
    made = {record.method.name: record.provenance["made"]["device"] for record in records}
    assert made == {"identity": "a laptop", "color": "a server"}


def test_other_package_versions_measure_anew_so_that_one_table_has_one_version(config_of, folder, monkeypatch):
    methods = config_of()["methods"]
    first = Comparison.of(config_of(methods={"identity": methods["identity"]}))
    _records(first, folder / "r", monkeypatch, packages={"jax": "1"})
    records = _records(Comparison.of(config_of()), folder / "r", monkeypatch, packages={"jax": "2"})
    assert [record.provenance["packages"] for record in records] == [{"jax": "2"}] * 4
    assert {record.provenance["made"]["packages"]["jax"] for record in records} == {"1", "2"}


def test_how_results_are_drawn_is_no_part_of_what_they_are(config_of, folder):
    metrics = {"ssim": {"name": "ssim"}, "color": {"name": "color_histogram"}}
    plain, drawn = config_of(metrics=metrics), config_of(metrics=metrics, plane=("ssim", "color"))
    hashes = []
    for index, config in enumerate((plain, drawn)):
        assert run.compare(Comparison.of(config), folder / "run", lambda event: None) == []
        records = RunDirectory(folder / "run").records.read()
        hashes.append({record.provenance["config_hash"] for record in records})
        if not index:
            before = records
    assert hashes[0] == hashes[1]
    assert records == before
