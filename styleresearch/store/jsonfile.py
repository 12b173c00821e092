"""One reader for all JSON: whatever stands in a file, it is a value that was checked or one ``ValueError``."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from types import NoneType
from typing import Any, TypeAlias

from styleresearch.store import atomic

Shape: TypeAlias = "type | tuple[type, ...] | Mapping[str, Shape]"
"""What a value must be: a type, one of several, or an object whose named fields have shapes of their own."""

NUMBER = (int, float)
TEXT_OR_NONE = (str, NoneType)


def parse(text: str | bytes, names: bool = False) -> Any:
    """Return the value of a JSON text.

    Args:
        text: the text.
        names: whether it holds names of files, whose bytes need not be UTF-8: Python holds such bytes as lone
            surrogates, which are refused otherwise.

    Raises:
        ValueError: if it is no JSON in UTF-8, nests too deeply, or holds text that cannot be written again.
    """
    try:
        value = json.loads(text)
        if not names and _may_hold_half(text):
            # A lone half of a surrogate pair is legal in JSON and in str, and fails later wherever the text is shown.
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    except UnicodeEncodeError:
        raise ValueError("it holds half a character (a lone surrogate)") from None
    return value


def _may_hold_half(text: str | bytes) -> bool:
    """Return whether a text can hold half a character: escaped, in bytes of UTF-8, or in UTF-16 and UTF-32."""
    if isinstance(text, str):
        return "\\u" in text or not text.isascii()
    return any(part in text for part in (b"\\u", b"\xed", b"\0"))


def read(path: Path, names: bool = False) -> Any:
    """Return the value in a JSON file; see ``parse``.

    Raises:
        OSError: if it cannot be read.
        ValueError: as ``parse``.
    """
    return parse(path.read_bytes(), names)


def shared(fields: dict[str, Any], names: Collection[str], known: dict[str, Any]) -> dict[str, Any]:
    """Return fields in which the objects under some names are those of ``known``, where it has equal ones.

    A file has the same versions, devices and settings in every line: as objects of their own they are most of the
    memory of a long one. Nobody may change them.
    """
    for name in names:
        value = fields.get(name)
        if isinstance(value, dict):
            fields[name] = known.setdefault(repr(value), value)
    return fields


def short(value: Any) -> str:
    """Return a value as a message of one line can hold it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def write(path: Path, value: Any) -> None:
    """Write a value as a JSON file that people read too; what JSON does not know is written as its text."""
    atomic.write(path, json.dumps(value, indent=2, default=str) + "\n")


def conforms(value: Any, shape: Shape) -> bool:
    """Return whether a value is of a shape. Fields that an object has beside the named ones do not matter.

    A bool is no number here, and neither is NaN or an infinity (which Python's JSON lets through).
    """
    if isinstance(shape, Mapping):
        return isinstance(value, dict) and all(
            name in value and conforms(value[name], inner) for name, inner in shape.items()
        )
    allowed = shape if isinstance(shape, tuple) else (shape,)
    if isinstance(value, bool):
        return bool in allowed
    if isinstance(value, float) and not abs(value) < float("inf"):
        return False
    return isinstance(value, allowed)
