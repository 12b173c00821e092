"""Whether a value is what an option's type says, and what is said where it is not."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from beartype import BeartypeConf
from beartype.door import is_bearable

from styleresearch.errors import InputError
from styleresearch.options.bounds import Between, Length

_NUMERIC_TOWER = BeartypeConf(is_pep484_tower=True)  # an int is fine where a float is asked for
_LARGEST = float(np.finfo(np.float32).max)
_SHOWN = 200


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
