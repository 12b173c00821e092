"""The options of a class or function: what it takes, and what is wrong with what it is given."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, get_type_hints

from styleresearch.errors import InputError, nearest
from styleresearch.options.values import Unfit, settled, shown

Entry = TypeVar("Entry", bound=Callable[..., Any])

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_signature = functools.cache(inspect.signature)


@functools.cache
def hints_of(entry: Callable[..., Any]) -> dict[str, Any]:
    """Return option -> type, with bounds, of a class or function."""
    settings = not isinstance(entry, type) or dataclasses.is_dataclass(entry)
    return get_type_hints(entry if settings else entry.__init__, include_extras=True)


def options_of(entry: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the named parameters of a class or function: the options that a config may set."""
    return {key: each for key, each in _signature(entry).parameters.items() if each.kind in _NAMED}


def problems_of(who: str, entry: Callable[..., Any], given: Mapping[str, Any], unchecked: Collection[str]) -> list[str]:
    """Return what is wrong with the names and values of options, as messages; empty when there is nothing.

    Args:
        who: what has the options, for messages.
        entry: the class or function that takes them.
        given: option -> value.
        unchecked: options whose values are known to be wrong already.
    """
    options = options_of(entry)
    found = [
        f"{who} has no option {shown(key)}.{nearest(key, options)} Options: {', '.join(options) or 'none'}"
        for key in given
        if key not in options
    ]
    found += [
        f"{who} needs the option {key!r}"
        for key, each in options.items()
        if each.default is inspect.Parameter.empty and key not in given
    ]
    values = {key: given[key] for key in options if key in given and key not in unchecked}
    return found + settle(who, entry, values)[1]


def settle(who: str, entry: Callable[..., Any], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of options as their types take them, and what is wrong with those that do not fit.

    Args:
        who: what has the options, for messages.
        entry: the class or function that takes them.
        given: option -> value.
    """
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
            values, found = settle(who, entry, {name: bound.arguments[name] for name in named})
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
