"""``--config.KEY=VALUE`` among the arguments of a command, in all forms that absl's flags have; options of a method."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the overrides among arguments, ``--config.KEY VALUE`` as ``--config.KEY=VALUE``, and the rest."""
    overrides, rest, left = [], [], list(arguments)
    while left:
        argument = left.pop(0)
        if not argument.startswith(("--config.", "--noconfig.")):
            rest.append(argument)
        elif argument.startswith("--config.") and "=" not in argument and left and not left[0].startswith("--"):
            overrides.append(f"{argument}={left.pop(0)}")
        else:
            overrides.append(argument)
    return overrides, rest


def options(arguments: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return ``--OPTION=VALUE`` and ``--OPTION VALUE`` among arguments as option -> Python value, and the rest."""
    found, rest, left = {}, [], list(arguments)
    while left:
        argument = left.pop(0)
        name, given, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or not (given or (left and not left[0].startswith("--"))):
            rest.append(argument)
            continue
        value = value if given else left.pop(0)
        try:
            found[name.replace("-", "_")] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name.replace("-", "_")] = value
    return found, rest
