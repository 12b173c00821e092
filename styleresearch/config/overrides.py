"""What ``--config.KEY=VALUE`` means where the config does not write the key: what the annotation of the option says."""

from __future__ import annotations

import ast
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from styleresearch.config.file import plain
from styleresearch.config.forms import form_of, member_of
from styleresearch.config.keys import KEYS
from styleresearch.errors import InputError, nearest
from styleresearch.options import Unfit, settled, shown


def value_of(config: Mapping[str, Any], key: str, text: str | None, no: bool = False) -> Any:
    """Return what an override sets.

    Args:
        config: what the config says so far.
        key: where, "a.b".
        text: the value as it stands on the command line; None for none, which means True.
        no: whether it stands there as ``--noconfig.KEY``, which means False.

    Raises:
        InputError: for a key that neither the config nor anything registered has, with the nearest that there is; for
            a value that the option does not take.
    """
    hint: Any = KEYS
    node: Any = config
    seen = "config"
    for part in key.split("."):
        known = _below(hint, node)
        there = [str(each) for each in node] if isinstance(node, Mapping) else []
        if part not in known and part not in there:
            names = list(dict.fromkeys([*there, *known]))
            has = f"It has: {', '.join(names)}" if names else f"It is {shown(node)}, without keys"
            raise InputError(f"--config.{key}: {seen} has no key {shown(part)}.{nearest(part, names)} {has}")
        hint, node = known.get(part, Any), node.get(part) if isinstance(node, Mapping) else None
        seen += f".{part}"
    if hint is Any:
        raise InputError(
            f"--config.{key}: the config has None there, of no type; write {key.rpartition('.')[2]} = "
            "ml_collections.config_dict.placeholder(int) (or float, str, tuple) to have it set from outside"
        )
    if bool in _kinds(hint) and (no or text is None):
        return not no
    if no:
        raise InputError(f"--noconfig.{key} goes with True and False only, and takes no value")
    if text is None:
        raise InputError(f"--config.{key} needs a value: --config.{key}=VALUE")
    return _parsed(f"--config.{key}", text, hint, bool(_below(hint, node)))


def _below(hint: Any, node: Any) -> dict[str, Any]:
    """Return key -> annotation of what may stand below a place, given what does."""
    if isinstance(hint, dict):
        return hint
    if (form := form_of(hint)) is not None:
        return form.keys(node if isinstance(node, Mapping) else {})
    origin, members = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _below(members[0], node)
    if origin in (Union, types.UnionType):
        return _below(member_of(hint, node if isinstance(node, Mapping) else {}), node)
    if origin in (Mapping, dict) and isinstance(node, Mapping):
        return dict.fromkeys(node, members[1])
    return {}


def _parsed(flag: str, text: str, hint: Any, is_part: bool) -> Any:
    """Return a text of the command line as an annotation takes it, as ml_collections reads that of a value."""
    try:
        value = plain(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        value = text
    if is_part:
        if isinstance(value, Mapping):
            return value
        raise InputError(f"{flag} is a dict, got {shown(text)}; set its keys: {flag}.KEY=VALUE")
    kinds = _kinds(hint)
    if bool in kinds and text.lower() in ("true", "false"):
        return text.lower() == "true"
    texts = any(kind in (str, Path) or get_origin(kind) is Literal for kind in kinds)
    several = any(get_origin(kind) in (Sequence, tuple, list) for kind in kinds)
    tried = [value] if isinstance(value, tuple) or not texts else [text, value]
    reasons = []
    for each in [*tried, *([(value,), (text,)] if several and not isinstance(value, tuple) else [])]:
        try:
            return settled(each, hint)
        except Unfit as unfit:
            reasons.append(unfit)
    raise InputError(f"{flag}{next((each for each in reasons if each.near), reasons[0])}")


def _kinds(hint: Any) -> list[Any]:
    """Return the members of a union, at any depth, without bounds."""
    origin, members = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _kinds(members[0])
    return [kind for each in members for kind in _kinds(each)] if origin in (Union, types.UnionType) else [hint]
