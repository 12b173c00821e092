"""What every command that computes sets before it does."""

from __future__ import annotations

import os


def enable_compilation_cache() -> None:
    """Keep compiled programs in the cache folder, so that the next run of a config starts at once.

    ``JAX_COMPILATION_CACHE_DIR`` takes precedence.
    """
    import jax

    from styleresearch.store.cachedir import cachedir

    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", str(cachedir("xla")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def join_processes(which: str) -> None:
    """Make this process one of several that train together.

    Args:
        which: "ADDRESS,PROCESSES,INDEX" or "auto"; see ``styleresearch train --help``.

    Raises:
        InputError: if it is neither, or the others cannot be reached.
    """
    import jax

    from styleresearch.errors import InputError

    parts = which.split(",")
    if which != "auto" and (len(parts) != 3 or not parts[1].isdecimal() or not parts[2].isdecimal()):
        raise InputError(f"--distributed {which}: give HOST:PORT,PROCESSES,INDEX, e.g. localhost:9000,2,0; or auto")
    try:
        if which == "auto":
            jax.distributed.initialize()
        else:
            jax.distributed.initialize(parts[0], int(parts[1]), int(parts[2]))
    except (RuntimeError, ValueError) as error:
        raise InputError(f"--distributed {which}: {error}") from error
