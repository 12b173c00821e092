"""Values over sets: what is shown of them, and which are ranked."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import pytest

from styleresearch.report import settables
from styleresearch.report.reading import read_run
from styleresearch.report.sets import SetSummary, summarise_sets

PROVENANCE = {"precision": "float32", "packages": {"jax": "1"}, "modules": {}}


def line(method: str, value: float | None, seed: int = 0, baseline: bool = False, **changes) -> dict:
    """A line of records.jsonl of all images of a method."""
    pictures = {"seed": seed, "outputs": 6, "contents": 2, "styles": 3, "digest": "d", "reasons": {}}
    reasons = {"reasons": {"far": "6 pictures, and it needs at least 9"}} if value is None else {}
    return {
        "schema": 1,
        "method": method,
        "label": method.upper(),
        "baseline": baseline,
        "pair": None,
        "contracts": {"far": changes.pop("contract", "c")},
        "metrics": {"far": value},
        "provenance": PROVENANCE | changes.pop("provenance", {}),
        "set": pictures | reasons | changes,
    }


@pytest.fixture
def sets(records_in, make_record):
    def read(*lines: dict) -> SetSummary | None:
        methods = dict.fromkeys((each["method"], each["label"], each["baseline"]) for each in lines)
        pairs = [make_record(*method, "c", "s") for method in methods]
        run = records_in(*pairs, *lines)
        (run / "contracts.json").write_text('{"far": {"label": "Far", "better": "lower"}}')
        return summarise_sets(read_run(run))

    return read


def test_a_run_without_such_metrics_has_none(records_in, make_record):
    assert summarise_sets(read_run(records_in(make_record("a", "A", False, "c", "s")))) is None


def test_the_best_of_equal_sets_is_best_and_no_floor_baseline_is(sets):
    found = sets(line("a", 2.0), line("b", 1.0), line("z", 0.5, baseline=True))
    assert {name: cell.best for (name, _), cell in found.cells.items()} == {"a": False, "b": True, "z": False}
    assert found.unranked == []
    assert [m.name for m in found.methods] == ["a", "b", "z"]
    assert found.pictures["a"].outputs == 6


def test_seeds_are_averaged_with_the_smallest_and_the_largest_beside(sets):
    found = sets(line("a", 2.0, 0), line("a", 4.0, 1), line("b", 5.0, 0), line("b", 6.0, 1))
    cell = found.cells["a", "far"]
    assert (cell.mean, cell.lo, cell.hi, cell.seeds, cell.best) == (3.0, 2.0, 4.0, 2, True)
    assert "Mean over seeds" in settables.latex_text(found, "A run")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"outputs": 5}, "5 of 6 images"),
        ({"digest": "e"}, "over other images"),
        ({"contract": "e"}, "measured with different settings of the metric"),
        ({"provenance": {"packages": {"jax": "2"}}}, "computed by different package versions"),
    ],
)
def test_values_over_sets_that_differ_are_never_ranked(sets, changes, why):
    found = sets(line("a", 2.0), line("b", 1.0, **changes))
    assert found.cells["b", "far"].apart.startswith(why)
    assert not any(cell.best for cell in found.cells.values())
    assert why in settables.csv_text(found)
    # Of three, two that are over the same images are ranked where the third lacks some.
    if "outputs" in changes:
        found = sets(line("a", 2.0), line("b", 1.0, **changes), line("c", 3.0))
        assert [name for (name, _), cell in found.cells.items() if cell.best] == ["a"]


def test_a_floor_baseline_that_differs_stands_alone(sets):
    found = sets(line("a", 2.0), line("b", 1.0), line("z", 0.1, baseline=True, digest="e"))
    assert found.cells["b", "far"].best
    assert found.cells["z", "far"].apart


def test_one_of_two_seeds_does_not_compete_with_both(sets):
    found = sets(line("a", 2.0, 0), line("a", 4.0, 1), line("b", 1.0, 0), line("b", None, 1))
    assert found.cells["b", "far"].apart == "1 of 2 seeds"
    assert not any(cell.best for cell in found.cells.values())


def test_where_there_is_no_value_the_reason_stands(sets):
    found = sets(line("a", None), line("b", None))
    assert math.isnan(found.cells["a", "far"].mean)
    assert found.missing == ["Far: 6 pictures, and it needs at least 9"]
    row = next(csv.DictReader(settables.csv_text(found).splitlines()))
    assert (row["value"], row["note"], row["comparable"]) == ("", "6 pictures, and it needs at least 9", "0")
    assert "needs at least 9" in settables.latex_text(found, "A run")
    found = sets(line("a", None), line("b", 1.0))
    assert found.missing == ["Far: 6 pictures, and it needs at least 9 (A)"]


def test_the_value_over_half_of_the_images_stands_beside_that_over_all(sets):
    found = sets(line("a", 2.0, halves={"far": 5.0}), line("b", 1.0, halves={"far": 3.0}))
    assert [cell.half for cell in found.cells.values()] == [5.0, 3.0]
    assert found.halved
    assert [row["half"] for row in csv.DictReader(settables.csv_text(found).splitlines())] == ["5.0", "3.0"]
    # Over two seeds a mean; where one lacks it, there is none.
    found = sets(line("a", 2.0, 0, halves={"far": 5.0}), line("a", 4.0, 1, halves={"far": 6.0}))
    assert found.cells["a", "far"].half == 5.5
    found = sets(line("a", 2.0, 0, halves={"far": 5.0}), line("a", 4.0, 1))
    assert math.isnan(found.cells["a", "far"].half)
    assert not found.halved


def test_a_frechet_distance_without_a_kernel_distance_beside_it_is_called_so(sets):
    found = sets(line("a", 2.0))
    far = found.columns[0]

    def lone(*contracts):
        columns = tuple(replace(far, contract={"metric": kind, "encoder": encoder}) for kind, encoder in contracts)
        return [reason.split(".")[0] for reason in replace(found, columns=columns).lone]

    assert lone(("Frechet", "vgg16")) == ["Far has no kernel distance beside it"]
    assert lone(("Frechet", "vgg16"), ("Kernel", "vgg19")) == ["Far has no kernel distance beside it"]
    assert lone(("Frechet", "vgg16"), ("Frechet", "vgg19"), ("Kernel", "vgg16"), ("Kernel", "vgg19")) == []
    assert lone(("FID", None), ("KID", None)) == []
    assert "kid" in replace(found, columns=(replace(far, contract={"metric": "FID"}),)).lone[0]
    assert found.lone == []
