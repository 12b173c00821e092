"""How much the forms that ``styleresearch.ops.conv`` chose gain over the plain ones, on this machine.

    python benchmarks/frozen_convolution.py [--size 192] [--rounds 7] [--steps 4]

Times a VGG16 with random weights (time does not depend on them) to relu5_1: its value and gradient to the image, or its
forward pass alone; and single layers.
The two forms of a comparison differ in one thing only; they run in one process, in turns (A B A B ...), and the medians
are compared. Results are quoted in ``docs/decisions/0002-frozen-convolution.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from styleresearch.encoder.encoder import vgg16
from styleresearch.ops.conv import frozen_conv, max_pool

Form = tuple[Callable[[Any, Any, Any], Any], Callable[[Any], Any]]
"""(image or activations, kernel, adjoint) -> activations, and the pooling."""


def plain_conv(x: Array, kernel: Array, adjoint: Array) -> Array:
    """SAME convolution with the gradient that autodiff makes."""
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def reflect_valid(x: Array, kernel: Array, adjoint: Array) -> Array:
    """Reflection padding, then a VALID convolution."""
    border = kernel.shape[0] // 2
    padded = jnp.pad(x, ((0, 0), (border, border), (border, border), (0, 0)), mode="reflect")
    return lax.conv_general_dilated(padded, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def reflect_same(x: Array, kernel: Array, adjoint: Array) -> Array:
    """Reflection padding, a SAME convolution, then a crop; the gradient is autodiff's, as in ``reflect_valid``."""
    border = kernel.shape[0] // 2
    padded = jnp.pad(x, ((0, 0), (border, border), (border, border), (0, 0)), mode="reflect")
    return plain_conv(padded, kernel, adjoint)[:, border:-border, border:-border]


def window_pool(x: Array) -> Array:
    """2x2 maximum by ``reduce_window``, as ``flax.linen.max_pool`` writes it."""
    return nn.max_pool(x, (2, 2), (2, 2))


def energy(form: Form, weights: Any, image: Array) -> Array:
    """Return the mean square of relu1_1 ... relu5_1, summed: a scalar that reads every layer as style losses do."""
    conv, pool = form
    total, x = jnp.zeros(()), image - 0.5
    for name, layer in weights["params"].items():
        if name.endswith("_1") and name != "conv1_1":
            x = pool(x)
        x = conv(x, layer["kernel"], weights["adjoint"][name]["kernel"]) + layer["bias"][None, None, None]
        x = nn.relu(x)
        if name.endswith("_1"):
            total += (x**2).mean()
        if name == "conv5_1":
            break
    return total


def forward(form: Form, steps: int) -> Callable[..., Any]:
    """Return a jitted forward pass, ``steps`` calls from Python."""
    one = jax.jit(lambda weights, image: energy(form, weights, image))
    return lambda weights, image: [one(weights, image) for _ in range(steps)]


def wide(form: Form, steps: int) -> Callable[..., Any]:
    """Return a jitted 9x9 convolution from 32 to 3 channels, the last layer of feed-forward networks."""
    kernel = jax.random.normal(jax.random.key(1), (9, 9, 32, 3))
    one = jax.jit(lambda image: form[0](jnp.tile(image, (1, 1, 1, 11))[..., :32], kernel, None))
    return lambda weights, image: [one(image) for _ in range(steps)]


def pool_alone(form: Form, steps: int) -> Callable[..., Any]:
    """Return a jitted pooling of 64 channels, the first of a VGG."""
    one = jax.jit(lambda image: form[1](jnp.tile(image, (1, 1, 1, 22))[..., :64]))
    return lambda weights, image: [one(image) for _ in range(steps)]


def pool_gradient(form: Form, steps: int) -> Callable[..., Any]:
    """Return the jitted gradient through that pooling."""
    one = jax.jit(jax.grad(lambda image: (form[1](jnp.tile(image, (1, 1, 1, 22))[..., :64]) ** 2).sum()))
    return lambda weights, image: [one(image) for _ in range(steps)]


def loop(form: Form, steps: int) -> Callable[..., Any]:
    """Return a jitted value-and-gradient, ``steps`` calls from Python."""
    one = jax.jit(jax.value_and_grad(lambda image, weights: energy(form, weights, image)))
    return lambda weights, image: [one(image, weights) for _ in range(steps)]


def scan(form: Form, steps: int) -> Callable[..., Any]:
    """Return ``steps`` steps of gradient descent in one ``lax.scan``."""

    def run(weights: Any, image: Array) -> Array:
        def step(x: Array, _: None) -> tuple[Array, Array]:
            value, grad = jax.value_and_grad(lambda x: energy(form, weights, x))(x)
            return x - 1e-3 * grad, value

        return lax.scan(step, image, None, length=steps)[1]

    return jax.jit(run)


COMPARISONS: tuple[tuple[str, Callable[[Form, int], Callable[..., Any]], Form, Form], ...] = (
    ("gradient: autodiff / flipped kernel, in scan", scan, (plain_conv, max_pool), (frozen_conv, max_pool)),
    ("gradient: autodiff / flipped kernel, a call a step", loop, (plain_conv, max_pool), (frozen_conv, max_pool)),
    ("reflection: VALID / SAME + crop, forward", forward, (reflect_valid, max_pool), (reflect_same, max_pool)),
    ("reflection: VALID / SAME + crop, value and gradient", loop, (reflect_valid, max_pool), (reflect_same, max_pool)),
    ("reflection: VALID / SAME + crop, one 9x9 layer", wide, (reflect_valid, max_pool), (reflect_same, max_pool)),
    ("pooling: reduce_window / reshape, one layer", pool_alone, (frozen_conv, window_pool), (frozen_conv, max_pool)),
    ("pooling: reduce_window / reshape, gradient", pool_gradient, (frozen_conv, window_pool), (frozen_conv, max_pool)),
    ("pooling: reduce_window / reshape, VGG in scan", scan, (frozen_conv, window_pool), (frozen_conv, max_pool)),
)  # fmt: skip


def measure(plain: Callable[[], Any], ours: Callable[[], Any], rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each call, after one of each that compiles, in the order A B A B ..."""
    times: tuple[list[float], list[float]] = ([], [])
    for call in (plain, ours):
        jax.block_until_ready(call())
    for _ in range(rounds):
        for call, seconds in zip((plain, ours), times, strict=True):
            start = time.perf_counter()
            jax.block_until_ready(call())
            seconds.append(time.perf_counter() - start)
    return times


def main() -> None:
    """Measure every comparison and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=192, help="side of the image, px (default 192)")
    parser.add_argument("--rounds", type=int, default=7, help="timings of each form (default 7)")
    parser.add_argument("--steps", type=int, default=4, help="gradient steps in one timing (default 4)")
    args = parser.parse_args()
    weights = vgg16(weights="random").variables
    image = jax.random.uniform(jax.random.key(0), (1, args.size, args.size, 3))
    device = jax.devices()[0]
    print(
        f"jax {jax.__version__}, {device.platform} ({device.device_kind}, {os.cpu_count()} cores, {platform.machine()})"
    )
    print(f"VGG16 to relu5_1, {args.size} px, batch 1, float32; {args.rounds} rounds of {args.steps} steps")
    print(f"load average before: {' '.join(f'{value:.2f}' for value in os.getloadavg())}")
    print("\n| what | plain, ms a step | ours, ms a step | plain / ours |\n|---|---|---|---|")
    for label, drive, plain, ours in COMPARISONS:
        calls = [drive(form, args.steps) for form in (plain, ours)]
        times = measure(lambda c=calls[0]: c(weights, image), lambda c=calls[1]: c(weights, image), args.rounds)
        a, b = (1e3 * statistics.median(seconds) / args.steps for seconds in times)
        print(f"| {label} | {a:.1f} | {b:.1f} | {a / b:.2f} |", flush=True)
    print(f"\nload average after: {' '.join(f'{value:.2f}' for value in os.getloadavg())}")


if __name__ == "__main__":
    main()
