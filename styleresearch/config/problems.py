"""What is wrong with a config: collected, and told together before anything is downloaded or compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from styleresearch.config.file import ORIGIN, import_modules
from styleresearch.errors import InputError, nearest
from styleresearch.options import shown


class Problems:
    """Collects what is wrong with a config, so that one message can say all of it."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Note an InputError of the block under the config key ``place`` and go on."""
        try:
            yield
        except RecursionError:
            self.found.append(f"{place}: it is nested too deeply")
        except InputError as error:
            self.found += [line if line.startswith(place) else f"{place}: {line}" for line in str(error).split("\n")]

    def raise_lines(self) -> None:
        """Raise one InputError with a line for each problem, for whoever collects those of the whole config.

        Raises:
            InputError: if there were any.
        """
        if self.found:
            raise InputError("\n".join(self.found))

    def raise_if_any(self) -> None:
        """Raise one InputError that lists all problems.

        Raises:
            InputError: if there were any.
        """
        if len(self.found) == 1:
            raise InputError(f"the config cannot be used: {self.found[0]}")
        if self.found:
            lines = "\n".join(f"  {number}. {text}" for number, text in enumerate(self.found, 1))
            raise InputError(f"the config cannot be used, for {len(self.found)} reasons:\n{lines}")


def check_keys(config: Mapping[str, Any], required: Sequence[str], optional: Sequence[str] = ()) -> list[str]:
    """Return what is wrong with the top-level keys of a config."""
    known = (*required, *optional, ORIGIN)
    missing = [f"the key {key!r} is missing" for key in required if key not in config]
    return missing + [f"unknown key {key!r}.{_hint(key, known)}" for key in config if key not in known]


def _hint(key: str, known: Sequence[str]) -> str:
    return " It is for the command styleresearch sweep" if key in ("sweep", "match") else nearest(key, known)


def begin(config: Mapping[str, Any], required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
    """Import the modules that a config names and check its top-level keys, before anything is built from it.

    Returns:
        Module name -> sha256 of its file.

    Raises:
        InputError: listing what is wrong with them.
    """
    problems, modules = Problems(), {}
    with problems.at("imports"):
        modules = import_modules(config)
    problems.found += check_keys(config, required, optional)
    problems.raise_if_any()
    return modules


def check_named(config: Mapping[str, Any], keys: Sequence[str]) -> None:
    """Raise InputError unless these keys of a config hold named specs, at least one each."""
    problems = Problems()
    for key in keys:
        if not isinstance(config[key], Mapping) or not config[key]:
            problems.found.append(f"{key} must be dict(NAME=dict(name=..., **options), ...), got {shown(config[key])}")
    problems.raise_if_any()
