"""What every command that computes sets before it does."""

from __future__ import annotations

import os


def enable_compilation_cache() -> None:
    """Keep compiled programs in the cache folder, so that the next run of a config starts at once.

    ``JAX_COMPILATION_CACHE_DIR`` takes precedence.
    """
    import jax

    from styleresearch.encoder.weights import cache

    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", str(cache.folder().parent / "xla"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
