"""Where values come from: the config, machine, versions and encoder that a record or a training run was made with."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import jax

from styleresearch import __version__, plugins
from styleresearch.config.file import modules_of, settings_of
from styleresearch.encoder.encoder import Encoder
from styleresearch.store import digests

_DRAWN = ("plane", "reference")
"""Keys of a config that say how results are shown."""


def provenance(
    config: Mapping[str, Any], encoder: Encoder, precision: str, modules: Mapping[str, str]
) -> dict[str, Any]:
    """Return what a record must say of how it came about.

    Args:
        config: of the run.
        encoder: of the run.
        precision: of the run.
        modules: name -> sha256 of the code of the user's own modules and of the plug-ins that the run uses.
    """
    packages = ("jax", "jaxlib", "flax", "optax", "numpy", "pillow")
    return {
        "config_hash": hash_of(config),
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "device": device(),
        "precision": precision,
        "packages": {
            "styleresearch": __version__,
            **{name: metadata.version(name) for name in packages},
            **{plugin.package: plugin.version for name in modules if (plugin := plugins.known().get(name))},
        },
        "encoder": encoder.describe(),
        "modules": {**modules_of(config), **modules},
    }


def hash_of(config: Mapping[str, Any]) -> str:
    """Return the digest of a config's settings, but for how results are drawn, which changes none of them."""
    return digests.of_json({key: each for key, each in settings_of(config).items() if key not in _DRAWN})


def version_of(package: str) -> str | None:
    """Return the version of a package that is installed here; None where it is not."""
    try:
        return __version__ if package == "styleresearch" else metadata.version(package)
    except (metadata.PackageNotFoundError, ValueError):  # ValueError: a file may name it ""
        return None


def device() -> str:
    """Return what computes here, in words; of a processor, those of its cores that this process may use."""
    first = jax.local_devices()[0]
    if first.platform != "cpu":
        return f"{first.platform} ({first.device_kind})"
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return f"cpu ({cores} cores, {_cpu()})"


def of_config(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``provenance`` says of the config: it is renewed also where nothing is computed again."""
    return {name: facts[name] for name in ("config_hash", "modules")}


def _cpu() -> str:
    """Return the processor's name, its kind where it has none: times of two machines are not comparable."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next((name for name in names if name), platform.processor() or platform.machine())
