"""A registry maps a name in a config to the class that a method, loss, metric ... is built from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from styleresearch import plugins
from styleresearch.errors import InputError, nearest
from styleresearch.options import Entry, checked, options_of, problems_of, shown

T = TypeVar("T")


_every: list[Registry[Any]] = []
"""All registries, also those whose entries are looked up and not built from specs."""
registrations: list[str] = []
"""The module of each registration, in order: so that a config can tell which of its imports registered something."""


class Registry(Generic[T]):
    """Named constructors of one kind of object.

    A *spec* is ``dict(name=..., **constructor_keywords)``: the form in which configs name registered things. A name
    that is not registered may be that of a plug-in: they are loaded before it counts as unknown.

    Args:
        kind: what is registered, in the singular, for messages ("loss", "method").
        base: the type of what it builds, a class or a protocol: an option annotated with it, or with a class that
            derives from it, may be given as a spec. None for entries that are looked up and not built from specs.

    Raises:
        InputError: if there is a registry of another kind for the same type.
    """

    def __init__(self, kind: str, base: type | None = None) -> None:
        self.kind, self.base = kind, base
        self._entries: dict[str, Callable[..., T]] = {}
        _every.append(self)
        if base is None:
            return
        # Of the same kind it is the same module, imported again.
        if base in _registries and _registries[base].kind != kind:
            raise InputError(f"{base.__name__} is what the registry of a {_registries[base].kind} builds already")
        _registries[base] = self

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
        plugins.load(_whole)
        return iter(sorted(self._entries))

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        if name not in self._entries:
            plugins.load(_whole)
        return name in self._entries

    def get(self, name: str) -> Callable[..., T]:
        """Return the constructor registered as ``name``.

        Raises:
            InputError: if there is none, with the nearest match.
        """
        if name not in self:
            raise InputError(
                f"unknown {self.kind} {shown(name)}.{nearest(name, self)} Registered: {', '.join(self) or 'none'}"
            )
        return self._entries[name]

    def options(self, name: str) -> dict[str, inspect.Parameter]:
        """Return the constructor's named parameters: the options that a spec may set."""
        return options_of(self.get(name))

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
            entry = self.get(spec["name"])
        except InputError as error:
            return [str(error)]
        options = {key: value for key, value in spec.items() if key != "name"}
        return problems_of(f"{self.kind} {spec['name']!r}", entry, options, unchecked)

    def build(self, spec: Mapping[str, Any]) -> T:
        """Build the object that ``spec`` describes.

        Raises:
            InputError: for an unknown name or option (with the nearest match), a missing option, a value of the wrong
                type, one that the constructor refuses, or an object of another type than the registry is for.
        """
        found = self.problems(spec)
        if found:
            raise InputError("; ".join(found))
        options = {key: value for key, value in spec.items() if key != "name"}
        made = self.get(spec["name"])(**options)
        if self.base is not None and not isinstance(made, self.base):
            raise InputError(
                f"{self.kind} {spec['name']!r} makes a {type(made).__name__}, which is no {self.base.__name__}; derive "
                f"it from {self.base.__module__}.{self.base.__name__}"
            )
        return made


_registries: dict[type, Registry[Any]] = {}
"""Base -> the registry that builds it."""


def registry_of(hint: Any) -> Registry[Any] | None:
    """Return the registry of what an option is annotated with, or of the nearest class that this derives from."""
    return next((_registries[base] for base in getattr(hint, "__mro__", ()) if base in _registries), None)


def registries() -> tuple[Registry[Any], ...]:
    """Return all registries whose entries are built from specs."""
    return tuple(_registries.values())


@contextmanager
def _whole() -> Iterator[None]:
    """Take back what is registered in the block if that fails: nothing of a broken plug-in is used."""
    before = [(registry, dict(registry._entries)) for registry in _every]
    try:
        yield
    except BaseException:
        for registry, entries in before:
            registry._entries = entries
        raise


def plugins_of(names: Collection[str]) -> dict[str, plugins.Plugin]:
    """Return top-level module -> plug-in, of the plug-ins that registered something under one of these names."""
    entries = (entry for registry in _every for name, entry in registry._entries.items() if name in names)
    found = (plugins.of_module(entry.__module__) for entry in entries) if plugins.known() else ()
    return {plugin.module: plugin for plugin in found if plugin is not None}
