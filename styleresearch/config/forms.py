"""What a config says for an option that takes no plain value: one form for each kind of annotation.

The annotation of an option decides its form, at any depth of ``| None``, ``Sequence``, ``Mapping`` and ``Annotated``.
"""

from __future__ import annotations

import abc
import dataclasses
import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from styleresearch.config.problems import Problems
from styleresearch.data.framing import Side
from styleresearch.data.pictures import SOURCES, PictureSource
from styleresearch.errors import InputError, nearest
from styleresearch.losses import LOSSES, Objective
from styleresearch.options import hints_of, options_of, problems_of, setting, settle, shown
from styleresearch.registry import Registry, registries, registry_of
from styleresearch.types import Pictures


class Form(abc.ABC):
    """A dict in a config that stands for an object."""

    @abc.abstractmethod
    def build(self, given: Any, dry: bool = False) -> Any:
        """Return what a config describes.

        Args:
            given: what it says.
            dry: only check it, as far as can be told without reading or fetching anything, and return None.

        Raises:
            InputError: for anything wrong with it or within, all together, a line for each.
        """

    @abc.abstractmethod
    def completed(self, given: Mapping[str, Any]) -> Any:
        """Return it with the defaults of what it leaves out, at any depth; None counts as left out."""

    @abc.abstractmethod
    def keys(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return key -> annotation, or form, of what it may say."""


@dataclasses.dataclass(frozen=True)
class Named(Form):
    """``dict(name=..., **options)`` of a registry.

    Attributes:
        registry: what builds it.
        beside: key -> annotation of what a config may say too, which is no option.
    """

    registry: Registry[Any]
    beside: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def build(self, given: Any, dry: bool = False) -> Any:
        """Return the object; see ``Form``."""
        if not isinstance(given, Mapping):
            raise InputError(f"{self.registry.kind} must be dict(name=..., **options), got {shown(given)}")
        entry = self.registry.get(given["name"]) if given.get("name") in self.registry else None
        options, found, unchecked = _inside(given, entry, dry)
        if found or dry:
            found += self.registry.problems(options, unchecked)
        if found:
            raise InputError("\n".join(found))
        return None if dry else self.registry.build(options)

    def completed(self, given: Mapping[str, Any]) -> Any:
        """Return it with its defaults; as it is if its name is not registered."""
        if given.get("name") not in self.registry:
            return given
        return _completed(given, self.registry.get(given["name"]))

    def keys(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of what it names; those of all that are registered if it names none of them."""
        names = [given["name"]] if given.get("name") in self.registry else list(self.registry)
        entries = [self.registry.get(name) for name in names]
        options = {key: hint for entry in entries for key, hint in annotations_of(entry).items()}
        return {"name": str, **options, **self.beside}


@dataclasses.dataclass(frozen=True)
class Options(Form):
    """``dict(**options)`` of a class that needs no name.

    Attributes:
        kind: the class.
        who: what it is called in messages.
    """

    kind: type
    who: str

    def build(self, given: Any, dry: bool = False) -> Any:
        """Return the object; see ``Form``."""
        if not isinstance(given, Mapping):
            known = ", ".join(options_of(self.kind))
            raise InputError(f"must be dict(**options), got {shown(given)}. Options: {known}")
        options, found, unchecked = _inside(given, self.kind, dry)
        found += problems_of(self.who, self.kind, options, unchecked)
        if found:
            raise InputError("\n".join(found))
        return None if dry else self.kind(**settle(self.who, self.kind, options)[0])

    def completed(self, given: Mapping[str, Any]) -> Any:
        """Return it with its defaults."""
        return _completed(given, self.kind)

    def keys(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return its options."""
        return annotations_of(self.kind)


class Terms(Form):
    """``{term: dict(name=..., weight=1.0, **options)}``: an objective."""

    def build(self, given: Any, dry: bool = False) -> Any:
        """Return the objective; see ``Form``."""
        if not isinstance(given, Mapping):
            raise InputError(f"must be dict(TERM=dict(name=..., weight=..., **options), ...), got {shown(given)}")
        problems, terms = Problems(), {}
        for term, spec in given.items():
            with problems.at(term):
                if not isinstance(spec, Mapping):
                    raise InputError(f"a term must be dict(name=..., weight=..., **options), got {shown(spec)}")
                options = dict(spec)
                weight = setting("weight", options.pop("weight", 1.0), float)
                terms[term] = (weight, Named(LOSSES).build(options, dry))
        problems.raise_lines()
        return None if dry else Objective.of(terms)

    def completed(self, given: Mapping[str, Any]) -> Any:
        """Return the terms with their defaults."""
        return {
            term: {"weight": 1.0, **Named(LOSSES).completed(each)} if isinstance(each, Mapping) else each
            for term, each in given.items()
        }

    def keys(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the terms that there are."""
        return dict.fromkeys(given, Named(LOSSES, {"weight": float}))


class PicturesOf(Form):
    """``dict(name=..., size=256, **options)``: the pictures of a source, ``size`` px their short sides."""

    def build(self, given: Any, dry: bool = False) -> Any:
        """Return the pictures, each (h, w, 3) in [0, 1]; see ``Form``."""
        if not isinstance(given, Mapping):
            raise InputError(f"must be a picture source, dict(name=..., **options), got {shown(given)}")
        source, size = self.source(given)
        return None if dry else tuple(source.picture(name, size) for name in source.names())

    def source(self, given: Mapping[str, Any]) -> tuple[PictureSource, int]:
        """Return the source and the size."""
        options = dict(given)
        size = setting("size", options.pop("size", 256), Side)
        return Named(SOURCES).build(options), size

    def completed(self, given: Mapping[str, Any]) -> Any:
        """Return it as it is: pictures have digests of their own."""
        return given

    def keys(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of the source, and ``size``."""
        return Named(SOURCES, {"size": Side}).keys(given)


def form_of(hint: Any) -> Form | None:
    """Return the form of what is annotated so; None for plain values and for what holds others."""
    if isinstance(hint, Form):
        return hint
    if hint == Pictures:
        return PicturesOf()
    if get_origin(hint) is Annotated:
        return form_of(get_args(hint)[0])
    if hint is Objective:
        return Terms()
    if (registry := registry_of(hint)) is not None:
        return Named(registry)
    return Options(hint, hint.__name__) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else None


def member_of(hint: Any, given: Any) -> Any:
    """Return the member of a union that something in a config is meant for; None if there is none that says so."""
    members = get_args(hint)
    forms = {member: form for member in members if (form := form_of(member)) is not None}
    if isinstance(given, Mapping):
        named = [each for each, form in forms.items() if isinstance(form, Named) and given.get("name") in form.registry]
        fit = [*named, *forms, *(each for each in members if (get_origin(each) or each) in (Mapping, dict))]
    elif isinstance(given, (tuple, list)):
        fit = [each for each in members if get_origin(each) in (Sequence, tuple, list)]
    else:
        texts = any(each in (str, Path) or get_origin(each) is Literal for each in members)
        fit = list(forms) if isinstance(given, str) and not texts else []
    return fit[0] if fit else None


def annotations_of(entry: Callable[..., Any]) -> dict[str, Any]:
    """Return option -> annotation of a class or function."""
    hints = hints_of(entry)
    return {key: hints.get(key, Any) for key in options_of(entry)}


def defaults(constructor: Callable[..., Any]) -> dict[str, Any]:
    """Return option -> default of a constructor, without those that are None."""
    parameters = inspect.signature(constructor).parameters.items()
    return {key: each.default for key, each in parameters if each.default not in (each.empty, None)}


def part(given: Any, hint: Any, dry: bool = False) -> Any:
    """Return what a config gives for an annotation, with objects in place of what describes them.

    Raises:
        InputError: for anything wrong with a description, all together; for one of which the annotation says no kind.
    """
    # A form's own problems are told by it; a plain value is checked with the other options.
    return _through(given, hint, lambda form, each: form.build(each, dry), strict=True)


def _through(given: Any, hint: Any, visit: Callable[[Form, Any], Any], strict: bool) -> Any:
    """Return a value with what ``visit`` returns for each description in it; ``strict`` refuses what is none."""
    if (form := form_of(hint)) is not None:
        if isinstance(given, Mapping):
            return visit(form, given)
        if strict and isinstance(given, str):
            raise InputError(f"must be dict(name=..., **options), got {shown(given)}")
        return given
    origin, members = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _through(given, members[0], visit, strict)
    if origin in (Union, types.UnionType) and (member := member_of(hint, given)) is not None:
        return _through(given, member, visit, strict)
    if origin in (Mapping, dict) and isinstance(given, Mapping):
        values = _each([(str(key), each, members[1]) for key, each in given.items()], visit, strict)
        return dict(zip(given, values, strict=True))
    if origin in (Sequence, tuple, list) and isinstance(given, (tuple, list)):
        kinds = members if origin is tuple and members[-1:] != (...,) else members[:1] * len(given)
        if len(kinds) == len(given):
            return tuple(_each([(f"[{i}]", each, kinds[i]) for i, each in enumerate(given)], visit, strict))
    if strict and isinstance(given, Mapping) and isinstance(given.get("name"), str) and hint not in (dict, Mapping):
        raise InputError(_of_no_kind(given, hint))
    return given


def _each(parts: list[tuple[str, Any, Any]], visit: Callable[[Form, Any], Any], strict: bool) -> list[Any]:
    problems, values = Problems(), []
    for place, given, hint in parts:
        with problems.at(place):
            values.append(_through(given, hint, visit, strict))
    problems.raise_lines()
    return values


def _of_no_kind(given: Mapping[str, Any], hint: Any) -> str:
    known = {name: registry for registry in registries() for name in registry}
    near = nearest(given["name"], known)
    of = next((registry for name, registry in known.items() if repr(name) in near), None)
    kind = "" if of is None or of.base is None else f" ({of.kind}, {of.base.__name__})"
    bases = ", ".join(sorted(each.base.__name__ for each in registries() if each.base is not None))
    return (
        f"{shown(dict(given))} names something to build, but the option is annotated "
        f"{getattr(hint, '__name__', hint)}, which no registry builds: annotate it with the class of what it takes "
        f"({bases}), or dict.{near.removesuffix('?')}{kind}{'?' if near else ''}"
    )


def _inside(
    given: Mapping[str, Any], entry: Callable[..., Any] | None, dry: bool
) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return options with what they describe built, what is wrong with that, and whose values are not to be checked."""
    options, problems, unchecked = dict(given), Problems(), []
    for key, hint in {} if entry is None else annotations_of(entry).items():
        if key not in options:
            continue
        before = len(problems.found)
        with problems.at(key):
            options[key] = part(given[key], hint, dry)
        if len(problems.found) > before or (dry and options[key] is not given[key]):
            unchecked.append(key)
    return options, problems.found, unchecked


def _completed(given: Mapping[str, Any], entry: Callable[..., Any]) -> dict[str, Any]:
    hints = annotations_of(entry)
    whole = defaults(entry) | {key: value for key, value in given.items() if value is not None}
    return {
        key: _through(value, hints.get(key, Any), lambda form, each: form.completed(each), strict=False)
        for key, value in whole.items()
    }
