"""A registry maps a name in a config to the class that a method, loss, metric ... is built from."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from styleresearch.errors import InputError
from styleresearch.options import Entry, checked, shown, unfit

T = TypeVar("T")


registrations: list[str] = []
"""The module of each registration, in order: so that a config can tell which of its imports registered something."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the known name closest to ``name``, or an empty string."""
    match = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.5)
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

        Its arguments are checked from then on (see ``options``), whether a config gives them or a program.

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
            self._entries[name] = entry = checked(f"{self.kind} {name!r}")(entry)
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
                f"unknown {self.kind} {shown(name)}.{nearest(name, self)} Registered: {', '.join(self) or 'none'}"
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
                f"{self.kind} spec {shown(dict(spec))} needs a 'name', a string. "
                f"Registered: {', '.join(self) or 'none'}"
            ]
        try:
            options = self.options(spec["name"])
        except InputError as error:
            return [str(error)]
        found = [
            f"{self.kind} {spec['name']!r} has no option {shown(key)}.{nearest(key, options)} "
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
        given = {key: spec[key] for key in options if key in spec and key not in unchecked}
        return found + unfit(f"{self.kind} {spec['name']!r}", self.get(spec["name"]), given)

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
