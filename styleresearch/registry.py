"""A registry maps a name in a config to the class that a method, loss, metric ... is built from."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

from beartype import BeartypeConf
from beartype.door import is_bearable

from styleresearch.errors import InputError

T = TypeVar("T")
Entry = TypeVar("Entry", bound=Callable[..., Any])

_NUMERIC_TOWER = BeartypeConf(is_pep484_tower=True)  # an int is fine where a float is asked for


registrations: list[str] = []
"""The module of each registration, in order: so that a config can tell which of its imports registered something."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the known name closest to ``name``, or an empty string."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {match[0]!r}?" if match else ""


class Registry(Generic[T]):
    """Named constructors of one kind of object.

    A *spec* is ``dict(name=..., **constructor_keywords)``: the form in which configs name registered things.

    Args:
        kind: what is registered, in the singular, for messages ("loss", "method").
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Callable[..., T]] = {}

    def register(self, name: str) -> Callable[[Entry], Entry]:
        """Return a decorator that registers a class (or function) under ``name``.

        Raises:
            InputError: if another object already has this name.
        """

        def decorate(entry: Entry) -> Entry:
            known = self._entries.get(name)
            # The same file imported twice (a config's own module, a reload) registers itself again: not a conflict.
            if known is not None and (known.__module__, known.__qualname__) != (entry.__module__, entry.__qualname__):
                raise InputError(
                    f"{self.kind} {name!r} is already registered by {known.__module__}.{known.__qualname__}; "
                    f"choose another name for {entry.__module__}.{entry.__qualname__}"
                )
            self._entries[name] = entry
            registrations.append(entry.__module__)
            return entry

        return decorate

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def get(self, name: str) -> Callable[..., T]:
        """Return the constructor registered as ``name``.

        Raises:
            InputError: if there is none, with the nearest match.
        """
        if name not in self._entries:
            raise InputError(
                f"unknown {self.kind} {name!r}.{nearest(name, self)} Registered: {', '.join(self) or 'none'}"
            )
        return self._entries[name]

    def options(self, name: str) -> dict[str, inspect.Parameter]:
        """Return the constructor's named parameters: the options that a spec may set."""
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        parameters = inspect.signature(self.get(name)).parameters
        return {key: parameter for key, parameter in parameters.items() if parameter.kind in named}

    def problems(self, spec: Mapping[str, Any], unchecked: Collection[str] = ()) -> list[str]:
        """Return what is wrong with the names and types in ``spec``, as messages; empty when it can be built.

        Args:
            spec: the spec.
            unchecked: options whose values are known to be wrong already.
        """
        if not isinstance(spec.get("name"), str):
            return [
                f"{self.kind} spec {dict(spec)!r} needs a 'name', a string. Registered: {', '.join(self) or 'none'}"
            ]
        try:
            options = self.options(spec["name"])
        except InputError as error:
            return [str(error)]
        found = [
            f"{self.kind} {spec['name']!r} has no option {key!r}.{nearest(key, options)} "
            f"Options: {', '.join(options) or 'none'}"
            for key in spec
            if key != "name" and key not in options
        ]
        missing = [
            key
            for key, parameter in options.items()
            if parameter.default is inspect.Parameter.empty and key not in spec
        ]
        found += [f"{self.kind} {spec['name']!r} needs the option {key!r}" for key in missing]
        hints = get_type_hints(self.get(spec["name"]))
        found += [
            f"{self.kind} {spec['name']!r}: {key} = {spec[key]!r} is not {_said(hints[key])}"
            for key in options
            if key in spec
            and key in hints
            and key not in unchecked
            and not is_bearable(spec[key], hints[key], conf=_NUMERIC_TOWER)
        ]
        return found

    def build(self, spec: Mapping[str, Any]) -> T:
        """Build the object that ``spec`` describes.

        Raises:
            InputError: for an unknown name or option (with the nearest match), a missing option, a value of the wrong
                type, or one that the constructor refuses.
        """
        found = self.problems(spec)
        if found:
            raise InputError("; ".join(found))
        options = {key: value for key, value in spec.items() if key != "name"}
        return self.get(spec["name"])(**options)


def _said(hint: Any) -> str:
    """Return a type as a message says it."""
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, get_args(hint)))
    return f"of type {getattr(hint, '__name__', None) or hint}" if get_origin(hint) is None else f"of type {hint}"
