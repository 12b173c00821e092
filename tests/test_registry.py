"""Names, options and types in specs, and what is said about the wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pytest

from styleresearch.errors import InputError
from styleresearch.registry import Registry, nearest


@dataclass(frozen=True)
class Brush:
    width: float
    kind: Literal["flat", "round"] = "flat"
    layers: tuple[str, ...] = ("under",)
    wet: bool | None = None
    count: int = 1
    shared: ClassVar[int] = 3

    def __post_init__(self) -> None:
        if self.width <= 0:
            raise InputError(f"brush: width={self.width} must be above 0")


def knife(angle: float = 0.0, **rest: Any) -> Any:
    return ("knife", angle)


@pytest.fixture
def tools() -> Registry[Any]:
    registry: Registry[Any] = Registry("tool")
    registry.register("brush")(Brush)
    registry.register("knife")(knife)
    return registry


def message(tools: Registry[Any], spec: dict[str, Any]) -> str:
    with pytest.raises(InputError) as error:
        tools.build(spec)
    return str(error.value)


def test_a_spec_builds_its_object(tools: Registry[Any]) -> None:
    assert tools.build({"name": "brush", "width": 2.0, "kind": "round"}) == Brush(2.0, "round")
    assert tools.build({"name": "knife"}) == ("knife", 0.0)
    assert list(tools) == ["brush", "knife"]
    assert "brush" in tools
    assert "paint" not in tools
    assert tools.get("brush") is Brush


def test_the_nearest_name_is_offered(tools: Registry[Any]) -> None:
    assert message(tools, {"name": "brsh"}) == "unknown tool 'brsh'. Did you mean 'brush'? Registered: brush, knife"
    assert message(tools, {"name": "xyz"}) == "unknown tool 'xyz'. Registered: brush, knife"
    assert message(Registry("tool"), {"name": "brush"}) == "unknown tool 'brush'. Registered: none"
    assert nearest("relu4_11", ["relu4_1", "conv1_1"]) == " Did you mean 'relu4_1'?"


@pytest.mark.parametrize("spec", [{"width": 1.0}, {"name": 3}, {"name": ["brush"]}, {"name": None}])
def test_a_name_must_be_a_string(tools: Registry[Any], spec: dict[str, Any]) -> None:
    assert message(tools, spec) == f"tool spec {spec!r} needs a 'name', a string. Registered: brush, knife"


def test_unknown_options(tools: Registry[Any]) -> None:
    assert message(tools, {"name": "brush", "width": 1.0, "widht": 2.0}) == (
        "tool 'brush' has no option 'widht'. Did you mean 'width'? Options: width, kind, layers, wet, count"
    )
    # Neither class variables nor catch-all keywords are options.
    assert "no option 'shared'" in message(tools, {"name": "brush", "width": 1.0, "shared": 4})
    assert message(tools, {"name": "knife", "rest": 1}) == "tool 'knife' has no option 'rest'. Options: angle"


def test_missing_options(tools: Registry[Any]) -> None:
    assert message(tools, {"name": "brush"}) == "tool 'brush' needs the option 'width'"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("width", "wide", "width = 'wide' is not of type float"),
        ("count", 1.5, "count = 1.5 is not of type int"),
        ("kind", "square", "kind = 'square' is not one of 'flat', 'round'"),
        ("layers", ["under"], "layers = ['under'] is not of type tuple[str, ...]"),
        ("layers", "under", "layers = 'under' is not of type tuple[str, ...]; write ('under',) for one"),
        ("wet", "yes", "wet = 'yes' is not of type bool | None"),
    ],
)
def test_wrong_types(tools: Registry[Any], option: str, value: Any, said: str) -> None:
    assert message(tools, {"name": "brush", "width": 1.0} | {option: value}) == f"tool 'brush': {said}"


def test_an_int_is_a_float(tools: Registry[Any]) -> None:
    assert tools.build({"name": "brush", "width": 2}).width == 2


def test_all_problems_are_said_together(tools: Registry[Any]) -> None:
    spec = {"name": "brush", "knd": "flat", "count": "many"}
    assert tools.problems(spec) == [
        "tool 'brush' has no option 'knd'. Did you mean 'kind'? Options: width, kind, layers, wet, count",
        "tool 'brush' needs the option 'width'",
        "tool 'brush': count = 'many' is not of type int",
    ]
    assert message(tools, spec) == "; ".join(tools.problems(spec))
    assert tools.problems({"name": "brush", "width": 1.0}) == []


def test_what_the_constructor_refuses_is_passed_on(tools: Registry[Any]) -> None:
    assert tools.problems({"name": "brush", "width": -1.0}) == []
    assert message(tools, {"name": "brush", "width": -1.0}) == "brush: width=-1.0 must be above 0"


def test_a_taken_name_is_refused_and_kept(tools: Registry[Any]) -> None:
    with pytest.raises(
        InputError, match=r"tool 'brush' is already registered by .*test_registry\.Brush; choose another"
    ):
        tools.register("brush")(knife)
    assert tools.get("brush") is Brush


def test_the_same_file_imported_again_registers_again(tools: Registry[Any]) -> None:
    def define() -> Callable[..., Any]:
        @tools.register("stamp")
        @dataclass(frozen=True)
        class Stamp:
            size: int = 1

        return Stamp

    first, second = define(), define()
    assert first is not second
    assert tools.get("stamp") is second


def test_options_show_defaults(tools: Registry[Any]) -> None:
    options = tools.options("brush")
    assert list(options) == ["width", "kind", "layers", "wet", "count"]
    assert options["kind"].default == "flat"
