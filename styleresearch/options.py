"""What values an option takes: its annotation says so, and whoever gives another is told in one line.

    patch: Annotated[int, Between(1, 32)] = 3
    widths: Annotated[tuple[Annotated[int, Between(1, 4096)], ...], Length(1, 8)] = (32, 64)

Bounds are there so that no value hangs or breaks the program; they are far from what anybody uses.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from beartype import BeartypeConf
from beartype.door import is_bearable

from styleresearch.errors import InputError

Entry = TypeVar("Entry", bound=Callable[..., Any])

_NUMERIC_TOWER = BeartypeConf(is_pep484_tower=True)  # an int is fine where a float is asked for
_LARGEST = float(np.finfo(np.float32).max)
_SHOWN = 200


@dataclasses.dataclass(frozen=True)
class Between:
    """The bounds of a number, in an ``Annotated`` type.

    Attributes:
        low: the lower one.
        high: the upper one.
        ends: which of them are allowed themselves, as intervals are written: "[)" means low but not high.
    """

    low: float | int
    high: float | int
    ends: Literal["[]", "(]", "[)", "()"] = "[]"

    def fits(self, value: float | int) -> bool:
        """Return whether a number is within them."""
        above = self.low <= value if self.ends[0] == "[" else self.low < value
        return above and (value <= self.high if self.ends[1] == "]" else value < self.high)

    def __str__(self) -> str:
        """Return them as a sentence says them: "from 1 to 32", "above 0 and below 1"."""
        low, high = (str(end) if isinstance(end, int) else f"{end:g}" for end in (self.low, self.high))
        if self.ends == "[]":
            return f"from {low} to {high}"
        above, below = {"[": "at least", "(": "above"}, {"]": "at most", ")": "below"}
        return f"{above[self.ends[0]]} {low} and {below[self.ends[1]]} {high}"


@dataclasses.dataclass(frozen=True)
class Length:
    """How many entries a tuple or sequence has, in an ``Annotated`` type.

    Attributes:
        least: at least so many.
        most: at most so many.
    """

    least: int
    most: int

    def fits(self, value: Sequence[Any]) -> bool:
        """Return whether a sequence has as many."""
        return self.least <= len(value) <= self.most

    def __str__(self) -> str:
        """Return them as a sentence says them."""
        return f"of {self.least} to {self.most} entries"


Seed = Annotated[int, Between(0, 2**32 - 1)]
"""What random numbers begin with."""

Layers = Annotated[tuple[str, ...], Length(1, 1000)]
"""Names of an encoder's layers."""

Weight = Annotated[float, Between(0, 1e30)]
"""How much a term of a loss counts."""

Epsilon = Annotated[float, Between(0, 1e6)]
"""What is added to a variance."""

Positive = Annotated[float, Between(0, 1e30, "(]")]
"""A learning rate, a temperature, a norm: anything but 0."""

Share = Annotated[float, Between(0, 1)]
"""From none to all."""

Decay = Annotated[float, Between(0, 1, "[)")]
"""Of a moving average."""

Channels = Annotated[int, Between(1, 4096)]
"""How wide a layer is."""

Count = Annotated[int, Between(1, 2**31 - 1)]
"""A number of steps, which arrays hold as int32."""


class Unfit(Exception):  # noqa: N818 - an answer, which becomes an InputError where it is known what the value is for
    """What is wrong with a value.

    Attributes:
        place: where in the option, e.g. "[1]"; empty for the option itself.
        value: what stands there.
        why: what it is not: "of type int", "from 1 to 32".
        near: whether the type was right, so that no other member of a union is what was meant.
    """

    def __init__(self, place: str, value: Any, why: str, near: bool = False) -> None:
        super().__init__(f"{place} = {shown(value)} is not {why}")
        self.place, self.value, self.why, self.near = place, value, why, near


def shown(value: Any) -> str:
    """Return a value as a message shows it, in one line and not too long."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply; a whole number of more than 4300 digits
        text = f"a {type(value).__name__} too large to show"
    text = " ".join(text.split()) if "\n" in text else text
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def said(hint: Any) -> str:
    """Return a type as a message says it, without bounds."""
    origin, members = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return said(members[0])
    if origin is Literal:
        return "one of " + ", ".join(map(repr, members))
    return f"of type {_text(hint)}"


def _text(hint: Any) -> str:
    origin, members = get_origin(hint), get_args(hint)
    if hint is Ellipsis:
        return "..."
    if hint is type(None):
        return "None"
    if origin is Annotated:
        return _text(members[0])
    if origin in (Union, types.UnionType):
        return " | ".join(map(_text, members))
    if origin in (tuple, Sequence, Mapping, dict, list):
        return f"{origin.__name__}[{', '.join(map(_text, members))}]"
    if origin is None:
        return getattr(hint, "__name__", str(hint))
    return str(hint).replace("typing.", "").replace("collections.abc.", "")


def settled(value: Any, hint: Any, place: str = "") -> Any:
    """Return a value as an option of a type takes it: whole numbers for a float as floats, NumPy's scalars as Python's.

    Args:
        value: what was given.
        hint: the type, with bounds.
        place: where in the option the value stands.

    Raises:
        Unfit: saying what is wrong with it.
    """
    origin, members = get_origin(hint), get_args(hint)
    if isinstance(value, np.generic):
        value = value.item()
    if origin is Annotated:
        value = settled(value, members[0], place)
        for bounds in members[1:]:
            if isinstance(bounds, (Between, Length)) and not bounds.fits(value):
                raise Unfit(place, value, str(bounds), near=True)
        return value
    if origin in (Union, types.UnionType):
        return _one_of(value, hint, members, place)
    if hint in _PLAIN:
        return _PLAIN[hint](value, place)
    if origin is Literal:
        fits = any(type(value) is type(each) and value == each for each in members)
    elif origin is tuple and members:
        return _entries(value, hint, members, place, tuple)
    elif origin is Sequence:
        return _entries(value, hint, (*members, ...), place, Sequence)
    elif origin in (Mapping, dict) and isinstance(value, Mapping):
        return {
            settled(key, members[0], place): settled(each, members[1], f"{place}[{shown(key)}]")
            for key, each in value.items()
        }
    else:
        fits = is_bearable(value, hint, conf=_NUMERIC_TOWER)
    if fits:
        return value
    raise Unfit(place, value, said(hint))


def setting(name: str, value: Any, hint: Any) -> Any:
    """Return a value that a config sets, and no class or function takes, as its type takes it (see ``settled``).

    Raises:
        InputError: if it does not.
    """
    try:
        return settled(value, hint)
    except Unfit as unfit:
        raise InputError(f"{name}{unfit}") from None


def _int(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit(place, value, said(int))
    if not -(2**63) <= value < 2**63:
        raise Unfit(place, value, "a whole number of 64 bits", near=True)
    return int(value)


def _float(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unfit(place, value, said(float))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not abs(number) <= _LARGEST:
        raise Unfit(place, value, "a finite number of 32 bits", near=True)
    return number


def _str(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise Unfit(place, value, said(str))
    # A name of a file may hold bytes that are no text: Python's stand-ins for those are the only lone surrogates.
    if "\0" in value or any("\ud800" <= letter < "\udc80" or "\udcff" < letter <= "\udfff" for letter in value):
        raise Unfit(place, value, "text that a file can hold", near=True)
    return str(value)


_PLAIN: dict[Any, Callable[[Any, str], Any]] = {int: _int, float: _float, str: _str}


def _entries(value: Any, hint: Any, members: tuple[Any, ...], place: str, kind: Any) -> tuple[Any, ...]:
    """Return a tuple or sequence as one of these types takes it, entry by entry."""
    if isinstance(value, str) and str in (members[0], *get_args(members[0])):
        # A text is a sequence of texts too, but never meant as one.
        raise Unfit(place, value, f"{said(hint)}; write ({shown(value)},) for one", near=True)
    if not isinstance(value, kind) or isinstance(value, (str, bytes)):
        raise Unfit(place, value, said(hint))
    members = (members[0],) * len(value) if members[-1] is Ellipsis else members
    if len(members) != len(value):
        raise Unfit(place, value, said(hint))
    return tuple(settled(value[i], member, f"{place}[{i}]") for i, member in enumerate(members))


def _one_of(value: Any, hint: Any, members: tuple[Any, ...], place: str) -> Any:
    """Return a value as the first member of a union takes it that does; that of its very type before all others."""
    reasons = []
    for member in sorted(members, key=lambda member: member is not type(value)):
        try:
            return settled(value, member, place)
        except Unfit as unfit:
            reasons.append(unfit)
    near = [unfit for unfit in reasons if unfit.near or unfit.place != place]
    raise near[0] if near else Unfit(place, value, said(hint))


def bounds_of(hint: Any) -> str:
    """Return the bounds of an option's number, or of each of its numbers; empty where it has none."""
    for member in get_args(hint):
        if isinstance(member, Between):
            return str(member)
        if get_origin(hint) is not Literal and (found := bounds_of(member)):
            return found
    return ""


@functools.cache
def hints_of(entry: Callable[..., Any]) -> dict[str, Any]:
    """Return option -> type, with bounds, of a class or function."""
    settings = not isinstance(entry, type) or dataclasses.is_dataclass(entry)
    return get_type_hints(entry if settings else entry.__init__, include_extras=True)


def unfit(who: str, entry: Callable[..., Any], given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the values of options, as messages; empty when there is nothing.

    Args:
        who: what has the options, for messages.
        entry: the class or function that takes them.
        given: option -> value.
    """
    return _settle(who, entry, given)[1]


def _settle(who: str, entry: Callable[..., Any], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    hints, values, found = hints_of(entry), {}, []
    for key, value in given.items():
        try:
            values[key] = settled(value, hints[key]) if key in hints else value
        except Unfit as unfit:
            found.append(f"{who}: {key}{unfit}")
    return values, found


def checked(who: str) -> Callable[[Entry], Entry]:
    """Return a decorator of a class or function that checks its arguments' values, whoever calls it.

    Args:
        who: what it is called in messages.
    """

    def decorate(entry: Any) -> Any:
        call = entry.__init__ if isinstance(entry, type) else entry
        if hasattr(call, "__checked__"):
            return entry

        @functools.wraps(call)
        def checking(*args: Any, **keywords: Any) -> Any:
            bound = _signature(call).bind(*args, **keywords)
            parameters = _signature(call).parameters
            named = [name for name in bound.arguments if parameters[name].kind in _NAMED]
            values, found = _settle(who, entry, {name: bound.arguments[name] for name in named})
            if found:
                raise InputError("; ".join(found))
            bound.arguments.update(values)
            return call(*bound.args, **bound.kwargs)

        checking.__checked__ = True  # pyright: ignore[reportAttributeAccessIssue]
        if call is entry:
            return checking
        entry.__init__ = checking
        return entry

    return decorate


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_signature = functools.cache(inspect.signature)
