"""How much the forms that ``styleresearch.ops.conv`` chose for trained weights gain over the plain ones.

    python benchmarks/trained_convolution.py [--size 128] [--batch 4] [--rounds 9]

Each row is one layer of a network in ``styleresearch.nets``, alone: forward, and with the gradients to its input and
kernel. The plain form pads, convolves without padding and leaves the gradients to autodiff. Both forms run in one
process, in turns (A B A B ...), and the medians are compared. Results are quoted in
``docs/decisions/0008-trained-convolution.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from styleresearch.ops.conv import conv, transposed_conv, upsample_conv, upsample_nearest

Form = Callable[[Array, Array], Array]


def plain_conv(x: Array, kernel: Array, stride: int = 1) -> Array:
    """Reflection padding, then a VALID convolution."""
    border = (kernel.shape[0] - 1) // 2
    padded = jnp.pad(x, ((0, 0), (border, border), (border, border), (0, 0)), mode="reflect")
    window = (stride, stride)
    return lax.conv_general_dilated(padded, kernel, window, "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def plain_upsample(x: Array, kernel: Array) -> Array:
    """Every pixel four times, then the plain convolution."""
    return plain_conv(upsample_nearest(x), kernel)


def plain_transposed(x: Array, kernel: Array) -> Array:
    """A convolution of the input with zeros between its pixels."""
    size = kernel.shape[0]
    border = (size - 2, size - 2 + size % 2)
    return lax.conv_general_dilated(
        x,
        jnp.flip(kernel, (0, 1)),
        (1, 1),
        (border, border),
        lhs_dilation=(2, 2),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


# label, plain, ours, size of the kernel, channels in, channels out, what the image's side is divided by at the input.
LAYERS: tuple[tuple[str, Form, Form, int, int, int, int], ...] = tuple(
    (label, plain, ours, *rest)
    for label, plain, ours, *rest in (
        ("9x9, 3 to 32", plain_conv, "conv", 9, 3, 32, 1),
        ("3x3 stride 2, 32 to 64", lambda x, k: plain_conv(x, k, 2), "stride", 3, 32, 64, 1),
        ("3x3, 128 to 128", plain_conv, "conv", 3, 128, 128, 4),
        ("nearest + 3x3, 128 to 64", plain_upsample, "up", 3, 128, 64, 4),
        ("transposed 3x3, 128 to 64", plain_transposed, "transposed", 3, 128, 64, 4),
        ("transposed 4x4, 128 to 64", plain_transposed, "transposed", 4, 128, 64, 4),
        ("nearest + 3x3, 64 to 32", plain_upsample, "up", 3, 64, 32, 2),
        ("9x9, 32 to 3", plain_conv, "conv", 9, 32, 3, 1),
        ("3x3, 256 to 256", plain_conv, "conv", 3, 256, 256, 4),
        ("nearest + 3x3, 256 to 256", plain_upsample, "up", 3, 256, 256, 8),
        ("3x3, 128 to 64", plain_conv, "conv", 3, 128, 64, 2),
        ("3x3, 64 to 32", plain_conv, "conv", 3, 64, 32, 1),
        ("3x3, 32 to 32", plain_conv, "conv", 3, 32, 32, 1),
        ("3x3, 16 to 16", plain_conv, "conv", 3, 16, 16, 1),
        ("3x3, 64 to 3", plain_conv, "conv", 3, 64, 3, 1),
    )
)
OURS: dict[str, Form] = {
    "conv": lambda x, kernel: conv(x, kernel, 1, "reflect"),
    "stride": lambda x, kernel: conv(x, kernel, 2, "reflect"),
    "up": lambda x, kernel: upsample_conv(x, kernel, "reflect"),
    "transposed": transposed_conv,
}


def gradients(form: Form) -> Callable[[Array, Array], Any]:
    """Return what computes the gradients of the result's half square sum to input and kernel, forward included."""
    return jax.grad(lambda x, kernel: 0.5 * (form(x, kernel) ** 2).sum(), (0, 1))


def compare(plain: Any, ours: Any, rounds: int, *args: Array) -> tuple[float, float]:
    """Return the median milliseconds of each, after one call that compiles, in the order A B A B ..."""
    times: tuple[list[float], list[float]] = ([], [])
    calls = (jax.jit(plain), jax.jit(ours))
    for call in calls:
        jax.block_until_ready(call(*args))
    for _ in range(rounds):
        for call, mine in zip(calls, times, strict=True):
            start = time.perf_counter()
            jax.block_until_ready(call(*args))
            mine.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[0]), statistics.median(times[1])


def main() -> None:
    """Measure every layer and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=128, help="side of the image, px (default 128)")
    parser.add_argument("--batch", type=int, default=4, help="images (default 4)")
    parser.add_argument("--rounds", type=int, default=9, help="timings of each form (default 9)")
    args = parser.parse_args()
    device = jax.devices()[0]
    print(
        f"jax {jax.__version__}, {device.platform} ({device.device_kind}, {os.cpu_count()} cores, {platform.machine()})"
    )
    print(f"{args.size} px, batch {args.batch}, float32, {args.rounds} rounds; forward + gradients to input and kernel")
    print(f"load average before: {' '.join(f'{value:.2f}' for value in os.getloadavg())}")
    print("\n| layer | forward: plain, ms | ours, ms | plain / ours | with gradients: plain | ours | plain / ours |")
    print("|---|---|---|---|---|---|---|")
    for label, plain, name, size, channels, features, shrink in LAYERS:
        ours = OURS[name]
        side = args.size // shrink
        x = jax.random.normal(jax.random.key(0), (args.batch, side, side, channels))
        kernel = jax.random.normal(jax.random.key(1), (size, size, channels, features)) / size / channels**0.5
        a, b = compare(plain, ours, args.rounds, x, kernel)
        c, d = compare(gradients(plain), gradients(ours), args.rounds, x, kernel)
        print(f"| {label} | {a:.1f} | {b:.1f} | {a / b:.2f} | {c:.1f} | {d:.1f} | {c / d:.2f} |", flush=True)
    print(f"\nload average after: {' '.join(f'{value:.2f}' for value in os.getloadavg())}")


if __name__ == "__main__":
    main()
