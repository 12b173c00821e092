"""``--config.KEY=VALUE`` among the arguments of a command, in all forms that absl's flags have."""

from __future__ import annotations

from collections.abc import Sequence


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
