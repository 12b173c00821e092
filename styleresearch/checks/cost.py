"""What a call costs: value and gradient for one image, the target summarised before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import jax

from styleresearch.checks import probes
from styleresearch.checks.finding import Finding
from styleresearch.checks.subject import Subject

_RUNS, _SECONDS = 5, 1.0


def cost(subject: Subject) -> Iterator[Finding]:
    """Cost of a call."""
    loss, side = subject.loss, subject.size
    image, reference = (probes.features(loss.layers, seed, size=(side, side), width=64, most=512) for seed in (0, 1))
    target = None if loss.target == "none" else jax.jit(lambda x: loss.summarise(x))(reference)
    step = jax.jit(jax.value_and_grad(lambda x, target: loss.compare(loss.summarise(x), target).sum()))
    yield from measured(step, (image, target), f"features of VGG at {side} x {side} px, value and gradient")


def measured(function: Any, arguments: tuple[Any, ...], of: str) -> Iterator[Finding]:
    """Yield time, arithmetic and memory of a compiled function, the last two as XLA counts them.

    Args:
        function: what ``jax.jit`` returned.
        arguments: its arguments.
        of: what is measured.
    """
    compiled = function.lower(*arguments).compile()
    yield Finding("Cost", "time of a call", "fact", f"{_shown(_time(compiled, arguments))} ({of})")
    analysis = compiled.cost_analysis() or {}
    flops = float(analysis.get("flops", -1.0))
    yield Finding("Cost", "arithmetic", "fact", f"{flops / 1e9:.3g} GFLOP" if flops >= 0 else "not counted here")
    memory = compiled.memory_analysis()
    if memory is not None:
        text = f"{memory.temp_size_in_bytes / 2**20:.3g} MiB beside its arguments and results"
        yield Finding("Cost", "memory", "fact", text)


def _time(compiled: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    """Return the median seconds of a few calls, after one that is not counted."""
    taken: list[float] = []
    jax.block_until_ready(compiled(*arguments))
    while len(taken) < _RUNS and sum(taken) < _SECONDS:
        start = time.perf_counter()
        jax.block_until_ready(compiled(*arguments))
        taken.append(time.perf_counter() - start)
    return sorted(taken)[len(taken) // 2]


def _shown(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"
