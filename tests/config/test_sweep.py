"""A sweep's axes, expanded to comparisons with a method for each variant."""

from __future__ import annotations

from typing import Any

import pytest

from styleresearch.config.sweep import Sweep
from styleresearch.errors import InputError

GATYS = {
    "name": "gatys",
    "label": "Gatys",
    "evaluations": 4,
    "objective": {"style": {"name": "gram", "layers": ("relu1_1",), "weight": 2.0}},
}
CONFIG: dict[str, Any] = {
    "encoder": {"name": "vgg16", "weights": "random"},
    "size": 32,
    "methods": {"gatys": GATYS, "other": {**GATYS, "label": "Other"}, "identity": {"name": "identity"}},
}
WEIGHT = "methods.gatys.objective.style.weight"


def parts(**axes: dict[str, Any]) -> list[Any]:
    return Sweep.of({**CONFIG, "sweep": axes}).parts()


def test_a_grid_gives_a_method_for_each_combination_and_leaves_what_it_does_not_touch():
    [part] = parts(
        weight={"field": WEIGHT, "values": (0.1, 1.0)}, length={"field": "methods.gatys.evaluations", "values": (5, 6)}
    )
    assert list(part.config["methods"]) == [
        "gatys@weight=0.1,length=5",
        "gatys@weight=0.1,length=6",
        "gatys@weight=1.0,length=5",
        "gatys@weight=1.0,length=6",
        "other",
        "identity",
    ]
    spec = part.config["methods"]["gatys@weight=0.1,length=6"]
    assert (spec["objective"]["style"]["weight"], spec["evaluations"]) == (0.1, 6)
    assert spec["label"] == "Gatys, weight 0.1, length 6"
    variant = part.variants["gatys@weight=0.1,length=6"]
    assert (variant.method, variant.label, dict(variant.values)) == ("gatys", "Gatys", {"weight": 0.1, "length": 6})
    assert set(part.variants) == set(part.config["methods"]) - {"other", "identity"}
    assert CONFIG["methods"]["gatys"] is GATYS


def test_several_fields_of_an_axis_take_their_values_together():
    [part] = parts(
        pair={"field": (WEIGHT, "methods.gatys.evaluations"), "values": {"small": (0.1, 5), "big": (1.0, 6)}}
    )
    specs = [part.config["methods"][f"gatys@pair={name}"] for name in ("small", "big")]
    assert [(spec["objective"]["style"]["weight"], spec["evaluations"]) for spec in specs] == [(0.1, 5), (1.0, 6)]


def test_a_star_is_every_method_that_has_the_field_and_factors_multiply_its_own_value():
    [part] = parts(weight={"field": "methods.*.objective.style.weight", "factors": (0.5, 10.0)})
    names = ["gatys@weight=1.0", "gatys@weight=20.0", "other@weight=1.0", "other@weight=20.0", "identity"]
    assert list(part.config["methods"]) == names


def test_an_encoder_is_what_methods_see_through_and_metrics_keep_the_configs():
    [part] = parts(encoder={"field": "encoder.pooling", "values": ("max", "average")})
    assert part.config["encoder"] == CONFIG["encoder"]
    seen = {name: spec.get("encoder") for name, spec in part.config["methods"].items()}
    assert seen["gatys@encoder=average"] == {**CONFIG["encoder"], "pooling": "average"}
    assert seen["identity"] is None


def test_what_is_not_of_methods_makes_comparisons_of_their_own_whose_pictures_are_told_apart():
    small, large = parts(size={"field": "size", "values": (32, 48)}, weight={"field": WEIGHT, "values": (0.1,)})
    assert (small.config["size"], large.config["size"]) == (32, 48)
    assert (small.suffix, large.suffix) == (",size=32", ",size=48")
    assert "gatys@size=32,weight=0.1" in small.config["methods"]
    assert "identity@size=48" in large.config["methods"]
    assert dict(large.variants["identity@size=48"].values) == {"size": 48}


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ({"field": WEIGHT}, "give values, or factors"),
        ({"field": WEIGHT, "values": ()}, "values must be a tuple"),
        ({"field": "methods.gatis.evaluations", "values": (1,)}, "no 'gatis'. Did you mean 'gatys'"),
        ({"field": "methods.*.strength", "values": (1,)}, "no method has the field 'methods.*.strength'"),
        ({"field": "siez", "values": (1,)}, "no field 'siez' of a comparison can be swept. Did you mean 'size'"),
        ({"field": WEIGHT, "values": ({"name": "a"}, {"name": "a", "b": 1})}, "give values=dict(NAME=value, ...)"),
        ({"field": ("size", WEIGHT), "values": ((1, 2),)}, "do not go together in one axis"),
        ({"field": ("size", "style_size"), "values": (1,)}, "each value is a tuple of 2"),
        ({"field": WEIGHT, "values": (1,), "vlaues": (2,)}, "no option 'vlaues'. Did you mean 'values'"),
    ],
)
def test_what_is_wrong_with_an_axis_is_told_with_its_name(axis, message):
    with pytest.raises(InputError) as caught:
        parts(mine=axis)
    assert "sweep.mine" in str(caught.value)
    assert message in str(caught.value)


def test_factors_of_what_is_no_number_are_refused():
    with pytest.raises(InputError, match="no number at name to multiply"):
        parts(mine={"field": "methods.gatys.name", "factors": (2.0,)})
