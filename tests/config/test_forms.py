"""Options are built by their annotation: parts of any name and kind, at any depth, also those of a user's module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import jax.numpy as jnp
import pytest

from styleresearch.config import build
from styleresearch.config.forms import part
from styleresearch.errors import InputError
from styleresearch.losses import Loss, Objective
from styleresearch.losses.adversarial import Adversarial
from styleresearch.losses.content import Feature
from styleresearch.losses.style import Gram
from styleresearch.methods.color import PreserveColor
from styleresearch.nets import DECODERS, Decoder, Discriminator, Net
from styleresearch.optim.optimizers import Adam, Optimizer
from styleresearch.optim.schedules import Cosine, ScheduleFunction
from styleresearch.options import Length
from styleresearch.registry import Registry, registry_of
from styleresearch.tasks.comparison import Comparison
from styleresearch.types import Pictures

OWN = '''
import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from styleresearch.losses import Loss
from styleresearch.methods import METHODS
from styleresearch.methods.baselines import Identity
from styleresearch.nets import Net
from styleresearch.registry import Registry


class Teacher(abc.ABC):
    """A kind of part that the package has never heard of."""


TEACHERS = Registry("teacher", Teacher)


@TEACHERS.register("strict")
@dataclass(frozen=True)
class Strict(Teacher):
    examiner: Loss
    patience: float = 0.5


@METHODS.register("taught")
@dataclass(frozen=True, eq=False)
class Taught(Identity):
    teacher: Teacher | None = None
    staff: Sequence[Teacher] = ()
    student: Net | None = None
    anything: Any = None
'''
SAME = {"name": "gram", "layers": ("relu1_1",)}


def compared(**options: Any) -> Any:
    config = {
        "imports": ("own_teachers",),
        "encoder": {"name": "vgg16", "weights": "random", "width": 0.125},
        "size": 32,
        "contents": {"name": "photographs", "names": ("cat",)},
        "styles": {"name": "textures", "names": ("brick",)},
        "methods": {"taught": {"name": "taught", **options}},
        "metrics": {"colour": {"name": "color_histogram"}},
    }
    return Comparison.of(config).entries[0].method


@pytest.fixture
def own(own_folder: Path) -> None:
    (own_folder / "own_teachers.py").write_text(OWN)


@pytest.mark.usefixtures("own")
def test_a_part_of_an_unheard_of_kind_in_a_users_module_is_built():
    strict = {"name": "strict", "examiner": SAME, "patience": 1}
    method = compared(teacher=strict, staff=(strict, strict), student={"name": "transform", "widths": (4,)})
    assert method.teacher.patience == 1.0
    assert method.teacher.examiner == Gram(("relu1_1",))
    assert [type(each).__name__ for each in method.staff] == ["Strict", "Strict"]
    assert method.student.widths == (4,)


@pytest.mark.usefixtures("own")
def test_the_problems_of_such_parts_are_reported_together():
    with pytest.raises(InputError) as caught:
        compared(
            teacher={"name": "strikt"},
            staff=({"name": "strict", "examiner": {"name": "grm"}, "pathience": 1.0}, {"name": "strict"}),
            student={"name": "no_such_net", "widht": 4},
            anything={"name": "trnsform", "widht": 4},
        )
    message = str(caught.value)
    assert "for 6 reasons" in message
    for each in (
        "methods.taught: teacher: unknown teacher 'strikt'. Did you mean 'strict'?",
        "methods.taught: staff: [0]: examiner: unknown loss 'grm'. Did you mean 'gram'?",
        "methods.taught: staff: [0]: teacher 'strict' has no option 'pathience'. Did you mean 'patience'?",
        "methods.taught: staff: [1]: teacher 'strict' needs the option 'examiner'",
        "methods.taught: student: unknown network 'no_such_net'.",
        "methods.taught: anything: {'name': 'trnsform', 'widht': 4} names something to build, but the option is "
        "annotated Any, which no registry builds",
        "Did you mean 'transform' (network, Net)?",
    ):
        assert each in message, message


@dataclass(frozen=True)
class Plain:
    first: Mapping[str, Any] | None = None
    second: dict | None = None


def test_a_dict_with_a_name_is_left_alone_only_where_the_annotation_says_dict():
    spec = {"name": "anything"}
    assert part(spec, dict | None) == part(spec, Mapping[str, str]) == part(spec, dict) == spec
    for hint in (Any, object, int, str | None, Sequence[str], Mapping[str, Any]):
        given = {"it": spec} if hint == Mapping[str, Any] else spec
        with pytest.raises(InputError, match="names something to build, but the option is annotated"):
            part(given, hint)
    tools: Registry[Plain] = Registry("tool")
    tools.register("plain")(Plain)
    assert build.resolve(tools, {"name": "plain", "second": spec}).second == spec


@pytest.mark.parametrize(
    ("hint", "given", "made"),
    [
        (Loss, SAME, Gram(("relu1_1",))),
        (Loss | None, SAME, Gram(("relu1_1",))),
        (Annotated[tuple[Loss, ...], Length(1, 3)], (SAME,), (Gram(("relu1_1",)),)),
        (tuple[Loss, Optimizer], (SAME, {"name": "adam"}), (Gram(("relu1_1",)), Adam())),
        (Mapping[str, Loss] | None, {"a": SAME}, {"a": Gram(("relu1_1",))}),
        (Gram, SAME, Gram(("relu1_1",))),
        (Optimizer | Loss, {"name": "feature"}, Feature()),
        (str | Loss, "text", "text"),
        (Loss | None, None, None),
        (PreserveColor, {"how": "histogram"}, PreserveColor("histogram")),
        (ScheduleFunction, {"name": "cosine", "steps": 5}, Cosine(5)),
        (Optimizer, {"name": "adam", "schedule": {"name": "cosine"}}, Adam(schedule=Cosine())),
    ],
)
def test_the_annotation_says_what_is_built(hint, given, made):
    assert part(given, hint) == made


def test_objectives_pictures_and_functions_are_parts_too():
    objective = part({"style": {**SAME, "weight": 2.0}}, Objective)
    assert (objective.layers, float(objective.weights["style"])) == (("relu1_1",), 2.0)
    pictures = part({"name": "painter", "names": ("mosaic",), "size": 16}, Pictures | None)
    assert [each.shape for each in pictures] == [(16, 21, 3)]
    assert float(part({"name": "hinge"}, Adversarial)(jnp.float32(-1.0), "fake")) == 0
    with pytest.raises(InputError, match=r"style: unknown loss 'grm'"):
        part({"style": {"name": "grm"}}, Objective)


def test_a_text_where_a_part_belongs_says_how_to_write_one():
    for hint in (Net, Net | None, Objective, Pictures):
        with pytest.raises(InputError, match=r"must be dict\(.*, got 'unet'"):
            part("unet", hint)


def test_a_network_of_another_kind_is_refused_by_its_registry():
    assert {each.base for each in map(registry_of, (Net, Decoder, Discriminator)) if each} == {
        *(Net, Decoder, Discriminator)
    }
    with pytest.raises(InputError, match=r"unknown decoder 'transform'\. Registered: decoder"):
        part({"name": "transform"}, Decoder)


def test_a_registry_refuses_what_it_is_not_for(monkeypatch):
    monkeypatch.setattr(DECODERS, "_entries", {**DECODERS._entries, "odd": Plain})
    with pytest.raises(InputError, match=r"decoder 'odd' makes a Plain, which is no Decoder; derive it from"):
        build.resolve(DECODERS, {"name": "odd"})
    with pytest.raises(InputError, match="Loss is what the registry of a loss builds already"):
        Registry("cost", Loss)
