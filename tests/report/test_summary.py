"""From records to numbers: means, intervals, differences, and who is best."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.evaluation.statistics.holm import holm
from styleresearch.evaluation.statistics.interval import mean_interval
from styleresearch.report.reading import read_run
from styleresearch.report.summary import summarise


def test_summary_by_hand(small):
    summary = summarise(small, reference="b")
    loss = summary.cells["a", "loss"]
    assert (loss.estimate.mean, loss.estimate.n, loss.in_sample, loss.comparable) == (3.0, 4, True, True)
    assert not summary.cells["zero", "loss"].best, "a floor baseline does not compete"
    table = np.array([[1.0, 2.0], [3.0, 6.0]])
    assert loss.estimate == mean_interval(table)
    assert loss.difference is not None
    assert loss.difference.ratio, "a loss above 0 is compared by ratio"
    assert loss.difference.plain == pytest.approx(-1.5)
    reference = np.array([[2.0, 4.0], [3.0, 9.0]])
    by_hand = mean_interval(np.log(table / reference))
    found = loss.difference.estimate
    assert (found.mean, found.lo, found.hi, found.p) == pytest.approx((by_hand.mean, by_hand.lo, by_hand.hi, by_hand.p))
    # Differences -1 -2 / 0 -3: wins on three, one tie.
    assert loss.difference.wins is not None
    assert loss.difference.wins.mean == pytest.approx(3.5 / 4)
    assert summary.cells["b", "loss"].difference is None
    score = summary.cells["a", "score"]
    assert score.difference is not None
    assert score.difference.estimate.n == 3
    assert not score.difference.ratio
    assert [loss.p_holm, score.p_holm] == holm([loss.difference.estimate.p, score.difference.estimate.p])
    assert math.isnan(summary.cells["zero", "loss"].p_holm)
    assert summary.design == "2 contents × 2 styles"


def test_reference_defaults_to_the_first_method_and_must_exist(small):
    reference = summarise(small, resamples=10).reference
    assert reference is not None
    assert reference.name == "a"
    with pytest.raises(InputError, match=r"no method 'zerro'.*Did you mean 'zero'"):
        summarise(small, reference="zerro")


def test_one_method_has_no_reference_and_no_best(records_in, make_record):
    summary = summarise(read_run(records_in(make_record("a", "A", False, "c", "s"))))
    assert summary.reference is None
    assert not any(cell.best for cell in summary.cells.values())
    assert summary.caveat == "One image: no spread to judge by, so no interval."


def test_seeds_of_one_pair_count_as_one_image(records_in, make_record):
    lines = [
        make_record("a", "A", False, "c", style, pair=f"c__{style}__s{seed}", seed=seed, metrics={"m": value})
        for style, seed, value in [("x", 0, 1.0), ("x", 1, 3.0), ("y", 0, 5.0), ("y", 1, 5.0)]
    ]
    summary = summarise(read_run(records_in(*lines)))
    estimate = summary.cells["a", "m"].estimate
    assert (estimate.mean, estimate.n) == (3.5, 2)
    assert summary.design == "1 content × 2 styles × 2 seeds"


def _run(records_in, make_record, values, better="lower"):
    """Methods with a value for each cell of a table; floors are named so."""
    lines = [
        make_record(name, name, name.startswith("floor"), f"c{i}", f"s{j}", metrics={"m": float(value)})
        for name, table in values.items()
        for (i, j), value in np.ndenumerate(np.asarray(table))
    ]
    directory = records_in(*lines)
    (directory / "contracts.json").write_text(json.dumps({"m": {"label": "M", "better": better}}))
    return read_run(directory)


def test_the_mark_the_verdict_and_the_interval_agree(records_in, make_record):
    rng = np.random.default_rng(0)
    table = rng.lognormal(0, 0.5, (5, 6))
    noise = rng.lognormal(0, 0.05, (3, 5, 6))
    values = {
        "a": table,
        "near": table * noise[0] * 1.001,
        "far": 1.5 * table * noise[1],
        "floor": 3 * table * noise[2],
    }
    summary = summarise(_run(records_in, make_record, values))
    best, tied, worse, floor = (summary.cells[name, "m"] for name in values)
    assert (best.best, best.tied) == (True, False)
    assert (tied.best, tied.tied) == (False, True)
    assert (worse.best, worse.tied) == (False, False)
    assert not floor.tied
    assert tied.verdict("lower") == "unclear"
    assert worse.verdict("lower") == "worse"
    assert worse.verdict("higher") == "better"
    assert worse.verdict(None) == ""
    assert floor.verdict("lower") == "worse", "by its interval, for nothing is claimed of it"
    for cell in (tied, worse, floor):
        assert cell.difference is not None
        estimate = cell.difference.estimate
        assert (estimate.lo <= 0 <= estimate.hi) == (estimate.p >= 0.05)


def test_the_corrected_p_decides(records_in, make_record):
    cell = summarise(_run(records_in, make_record, {"a": [[1.0, 2.0]], "b": [[2.0, 3.1]]}, "higher")).cells["b", "m"]
    assert cell.difference is not None
    assert cell.difference.estimate.p < 0.05
    assert cell.verdict("higher") == "better"
    assert dataclasses.replace(cell, p_holm=0.2).verdict("higher") == "unclear after correction"


def test_nobody_is_best_where_mean_and_ratio_point_at_different_methods(records_in, make_record):
    # One style on which the second fails badly: the higher mean, the lower geometric mean.
    values = {"a": [[1.0, 1.0, 1.0, 10.0]] * 2, "b": [[0.1, 0.1, 0.1, 20.0]] * 2}
    summary = summarise(_run(records_in, make_record, values))
    assert not any(cell.best for cell in summary.cells.values())
    assert (
        "M: nobody is best, for the best mean and the best geometric mean are of different methods." in summary.remarks
    )


def test_a_column_with_a_zero_of_a_method_is_compared_by_difference(records_in, make_record):
    values = {"a": [[1.0, 2.0]], "b": [[0.0, 1.5]], "floor": [[3.0, 4.0]]}
    assert summarise(_run(records_in, make_record, values)).ratios == frozenset()
    values["b"] = [[0.5, 1.5]]
    values["floor"] = [[0.0, 0.0]]
    summary = summarise(_run(records_in, make_record, values))
    assert summary.ratios == {"m"}
    floor = summary.cells["floor", "m"].difference
    assert floor is not None
    assert floor.estimate.n == 0, "a floor of 0 has no ratio"
    assert summarise(_run(records_in, make_record, values), reference="floor").ratios == frozenset()


def _with_twin(records_in, make_record, own, twin, optimised):
    """Methods with a value under the encoder that some optimised, and one under another."""
    noise = np.random.default_rng(0).lognormal(0, 0.05, (2, 3, 4))
    lines = [
        make_record(
            name,
            name,
            False,
            f"c{i}",
            f"s{j}",
            metrics={"gram": own[name] * noise[0, i, j], "gram_twin": twin[name] * noise[1, i, j]},
            in_sample=["gram"] if name in optimised else [],
        )
        for name in own
        for i, j in np.ndindex(3, 4)
    ]
    contracts = {"gram": {"label": "Gram", "better": "lower"}}
    contracts["gram_twin"] = {"label": "Gram, held out", "better": "lower", "twin_of": "gram"}
    directory = records_in(*lines)
    (directory / "contracts.json").write_text(json.dumps(contracts))
    return summarise(read_run(directory))


def _best(summary):
    return [key for key, cell in summary.cells.items() if cell.best]


def test_a_method_that_wins_only_under_the_encoder_it_optimised_has_no_bold(records_in, make_record):
    own, twin = {"gram": 1.0, "other": 2.0}, {"gram": 2.0, "other": 1.0}
    summary = _with_twin(records_in, make_record, own, twin, ("gram", "other"))
    assert _best(summary) == [("other", "gram_twin")]
    assert not summary.cells["other", "gram"].tied
    assert (
        "Gram: nobody is best, for the best mean is of a method that optimised this metric itself (†) and is not best "
        "under the held-out encoder."
    ) in summary.remarks


def test_a_method_that_wins_under_the_held_out_encoder_too_keeps_its_bold(records_in, make_record):
    own = {"gram": 1.0, "other": 2.0}
    assert _best(_with_twin(records_in, make_record, own, own, ("gram", "other"))) == [
        ("gram", "gram"),
        ("gram", "gram_twin"),
    ]


def test_a_method_that_did_not_optimise_the_metric_needs_no_confirmation(records_in, make_record):
    own, twin = {"gram": 2.0, "other": 1.0}, {"gram": 1.0, "other": 2.0}
    assert _best(_with_twin(records_in, make_record, own, twin, ("gram",))) == [
        ("other", "gram"),
        ("gram", "gram_twin"),
    ]
