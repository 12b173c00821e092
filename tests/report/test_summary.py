"""From records to numbers: means, intervals, differences, and who is best."""

from __future__ import annotations

import math

import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.evaluation.statistics import holm, mean_interval, sign_flip_p
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
    assert loss.difference.estimate.mean == pytest.approx(-1.5)
    # Differences -1 -2 / 0 -3: wins on three, one tie.
    assert loss.difference.win_rate == pytest.approx(3.5 / 4)
    assert loss.difference.p == max(sign_flip_p(np.array([-1.5, -1.5])), sign_flip_p(np.array([-0.5, -2.5]))) == 0.5
    assert summary.cells["b", "loss"].difference is None
    score = summary.cells["a", "score"]
    assert score.difference is not None
    assert score.difference.estimate.n == 3
    assert [loss.p_holm, score.p_holm] == holm([loss.difference.p, score.difference.p])
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
    assert summary.caveat == "One image: nothing to resample, so no interval."


def test_seeds_of_one_pair_count_as_one_image(records_in, make_record):
    lines = [
        make_record("a", "A", False, "c", style, pair=f"c__{style}__s{seed}", seed=seed, metrics={"m": value})
        for style, seed, value in [("x", 0, 1.0), ("x", 1, 3.0), ("y", 0, 5.0), ("y", 1, 5.0)]
    ]
    summary = summarise(read_run(records_in(*lines)))
    estimate = summary.cells["a", "m"].estimate
    assert (estimate.mean, estimate.n) == (3.5, 2)
    assert summary.design == "1 content × 2 styles × 2 seeds"
