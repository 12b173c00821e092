"""Variants of a method: columns, groups, fronts."""

from __future__ import annotations

import pytest

from styleresearch.report.variants import axes_of, groups, places, row_label
from styleresearch.store.record import MethodName
from styleresearch.store.variant import Variant


def variant(name: str, **values: float | str) -> MethodName:
    found = Variant(name, name.title(), tuple(values.items()))
    return MethodName(found.text, found.text, False, found)


METHODS = [
    variant("gram", weight=10.0, size=32),
    variant("gram", weight=0.5, size=32),
    variant("gram", weight=0.5, size=64),
    variant("mean", layers="deep"),
    MethodName("identity", "Content", True),
]


def test_axes_are_columns_and_a_method_without_a_place_has_a_dash():
    assert axes_of(METHODS) == ("weight", "size", "layers")
    assert [places(method, axes_of(METHODS)) for method in METHODS[2:]] == [
        ["0.5", "64", "–"],
        ["–", "–", "deep"],
        ["–", "–", "–"],
    ]
    assert [row_label(method) for method in METHODS[2:]] == ["Gram", "Mean", "Content"]
    assert axes_of(METHODS[4:]) == ()


def test_variants_that_differ_on_one_axis_alone_are_one_line_in_its_order():
    [line] = groups(METHODS, "weight")
    assert line.label == "Gram, size 32"
    assert line.members == (METHODS[1], METHODS[0])
    assert groups(METHODS, "layers") == []


def test_a_variant_is_the_same_once_written_and_read():
    found = METHODS[0].variant
    assert found is not None
    assert Variant.from_json(found.to_json()) == found
    with pytest.raises(ValueError, match="'variant' is"):
        Variant.from_json({"method": "a", "label": "A", "values": {"weight": None}})
