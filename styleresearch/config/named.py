"""The modules that data names: nothing imports them because a file says so.

A file of weights or of settings is data; a stranger's could name any module that Python finds. What a config may
import, being code that its user runs, is in ``config.modules``.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from styleresearch.config.modulefiles import find, shown
from styleresearch.config.modules import digest_of_code, file_of
from styleresearch.errors import InputError, Notice
from styleresearch.store import digests


class ModuleWarning(Notice):
    """The code of a module is another than when a method was trained."""


def require(names: Sequence[str], then: Mapping[str, str], source: str, places: Sequence[Path] = ()) -> None:
    """Make sure that the modules which a file of data names have been imported, by whoever uses the file.

    Nothing is imported here: a stranger's file could name any module that Python finds.

    Args:
        names: of the modules.
        then: module name -> sha256 of its file when the file was made.
        source: the file, for messages.
        places: folders where they may lie too.

    Raises:
        InputError: if one has not been imported; says where it would be found and whether it is the same.

    Warns:
        ModuleWarning: if one is not what it was then.
    """
    for name in names:
        if name not in sys.modules:
            raise InputError(
                f"{source} needs the module {name!r}, and nothing is imported because a file says so. "
                f"{_what_to_do(name, then.get(name), places)}"
            )
    for name, digest in then.items():
        now = digest_of_code(name, file_of(sys.modules.get(name)))
        if digest and now and now != digest:
            warnings.warn(
                f"the module {name!r} is another than when {source} was made (sha256 {digest[:12]} then, {now[:12]} "
                "now); what it paints may differ",
                ModuleWarning,
                stacklevel=2,
            )


def _what_to_do(name: str, then: str | None, places: Sequence[Path]) -> str:
    searched = find(name, [Path.cwd(), *map(Path, sys.path)])
    file = searched or find(name, places)
    if file is None:
        return f"It cannot be found here; bring it, and if you trust it, name it: --import {name}"
    now = digests.of_file(file)
    same = "whose digest is not known" if not then else "the same as then" if now == then else "not the same as then"
    told = name if searched is not None or "." in name else shown(file)
    return (
        f"Here it is {shown(file)}, {same}; if you trust it, name it: --import {told}, or imports=({name!r},) in the "
        "config of a comparison"
    )
