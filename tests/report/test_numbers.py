"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from styleresearch.report.numbers import Scale, column_scale, p_text, plain


@pytest.mark.parametrize(
    ("value", "uncertainty", "text"),
    [
        (1.23456, math.nan, "1.23"),
        (123.456, math.nan, "123"),
        (12345.6, math.nan, "12346"),
        (0.0123456, math.nan, "0.0123"),
        (-0.5, math.nan, "−0.500"),
        (0.98765, 0.0002, "0.98765"),
        (5.0, 3.0, "5.00"),
        # Known to 0.5 only: no digit of 0.001 means anything, nor does its sign.
        (0.001, 0.5, "0.00"),
        (-0.001, 0.5, "0.00"),
        (0.0, math.nan, "0"),
        (math.nan, math.nan, "–"),
        (1.5e7, math.nan, "1.50e7"),
        (1.5e-9, math.nan, "1.50e−9"),
    ],
)
def test_significant_digits(value, uncertainty, text):
    assert Scale().text(value, uncertainty) == text


def test_interval_shares_decimals():
    assert Scale().interval(1.234, 1.1, 1.361) == ("1.23", "1.10", "1.36")
    assert Scale(-6).interval(2.449e-5, 1.308e-5, 3.686e-5) == ("24.5", "13.1", "36.9")
    assert Scale().interval(2.5, math.nan, math.nan) == ("2.50", "–", "–")


@pytest.mark.parametrize(
    ("means", "exponent"),
    [
        ([], 0),
        ([0.0, math.nan], 0),
        ([1.0, 20.0], 0),
        ([0.02, 0.9], 0),
        ([2.1e-5, 4.4e-5, 3.9e-3], -6),
        ([3e7, 4e7], 6),
        ([2e-3], -3),
        ([9999.0], 0),
    ],
)
def test_column_scale(means, exponent):
    assert column_scale(means).exponent == exponent


def test_p_text():
    assert [p_text(p) for p in (0.25, 0.0312, 0.0004, 1.0, math.nan)] == ["0.25", "0.031", "<0.001", "1.00", "–"]


def test_plain():
    values = [0.0, 200.0, 2.80123e-5, 0.38051, 11.94, 123456.7, 1.5e8, None, math.nan, -0.25]
    assert [plain(v) for v in values] == [
        "0", "200", "2.80e−5", "0.3805", "11.94", "123457", "1.50e8", "–", "–", "−0.25",
    ]  # fmt: skip
