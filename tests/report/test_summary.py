"""From records to numbers: means, intervals, differences, and who is best."""

from __future__ import annotations

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
    # Losses are compared by their ratio: 1/2, 2/4, 3/3, 6/9.
    logs = np.log([[1 / 2, 2 / 4], [3 / 3, 6 / 9]])
    assert loss.difference.ratio
    expected = mean_interval(logs)
    assert loss.difference.estimate.p == pytest.approx(expected.p)
    assert loss.difference.shown == pytest.approx(tuple(np.exp([expected.mean, expected.lo, expected.hi])))
    assert loss.difference.shown[0] == pytest.approx((1 / 6) ** 0.25)
    assert loss.difference.plain == pytest.approx(-1.5)
    # Wins on three, one tie.
    assert loss.difference.wins is not None
    assert loss.difference.wins.mean == pytest.approx(3.5 / 4)
    assert summary.cells["b", "loss"].difference is None
    score = summary.cells["a", "score"]
    assert score.difference is not None
    assert score.difference.estimate.n == 3
    assert not score.difference.ratio, "a score is no loss"
    assert [loss.p_holm, score.p_holm] == holm([loss.difference.estimate.p, score.difference.estimate.p])
    assert math.isnan(summary.cells["zero", "loss"].p_holm)
    assert summary.design == "2 contents × 2 styles"


def test_reference_defaults_to_the_first_method_and_must_exist(small):
    reference = summarise(small).reference
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
