"""Images a second of the learned methods, here and in plain PyTorch: a training step, and a picture painted.

    pip install 'styleresearch[bench]'
    python benchmarks/train_step.py [--size 128] [--batch 4] [--rounds 7] [--steps 2] [--dtype float32] [works]

The works: ``feedforward``, Johnson's network under the objective of the PyTorch examples (VGG16; content relu2_2, Gram
matrices of relu1_2, relu2_2, relu3_3, relu4_3); ``adain``, the decoder behind VGG16 to relu4_1, with means and
deviations of relu1_1 to relu4_1; ``cyclegan``, two generators of 9 residual blocks, two 70 px discriminators, pools of
50; ``cut``, one of each, antialiased, and PatchNCE at five layers; each with Adam, and each once more as ``paint_...``,
inference alone. Ours is the method's own ``step``, compiled and donated as the training loop does it, and its own
``stylize``'s network. The PyTorch side, in ``train_step_torch.py``, is written the usual way: NCHW, no compilation.
Weights are random; time does not depend on them.

Each side of each work is a process of its own, so that memory is its own: both start, warm up, and then work in turns
(A B A B ...), one idle while the other runs; the medians are compared, of wall time and of the processor time that each
process used, which other work on the machine disturbs less. Ours fails if anything compiles after step 2.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

TRAINED = ("feedforward", "adain", "cyclegan", "cut")
WORKS = (*TRAINED, *(f"paint_{name}" for name in TRAINED))
GRAM_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
MOMENT_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")

Work = tuple[Callable[[], None], Callable[[], None], Callable[[], int]]
"""One step (started), waiting until it is done, and the bytes that the device held at most (0: not a device's own)."""


GAN = {
    "adversarial": {"name": "lsgan"},
    "optimizer": {"name": "adam", "learning_rate": 2e-4, "b1": 0.5},
    "discriminator": {"name": "patch"},
}
SPECS: dict[str, dict[str, Any]] = {
    "feedforward": {
        "name": "feedforward",
        "net": {"name": "transform"},
        "optimizer": {"name": "adam", "learning_rate": 1e-3},
        "objective": {
            "content": {"name": "feature", "layers": ("relu2_2",), "weight": 1e5},
            "style": {"name": "gram", "layers": GRAM_LAYERS, "convention": "neural_style", "weight": 1e10},
        },
    },
    "adain": {
        "name": "adain",
        "net": {"name": "decoder"},
        "optimizer": {"name": "adam", "learning_rate": 1e-4},
        "objective": {
            "content": {"name": "feature", "layers": ("relu4_1",), "weight": 1.0},
            "style": {"name": "moments", "layers": MOMENT_LAYERS, "weight": 10.0},
        },
    },
    "cyclegan": {**GAN, "name": "cyclegan", "net": {"name": "resnet"}},
    "cut": {
        **GAN,
        "name": "cut",
        "net": {"name": "resnet", "antialias": True},
        "discriminator": {"name": "patch", "antialias": True},
    },
}


def ours(work: str, size: int, batch: int, dtype: str) -> Work:
    """Return a work as this package does it."""
    import jax
    import jax.numpy as jnp

    from styleresearch.config import build
    from styleresearch.encoder.encoder import vgg16
    from styleresearch.methods import METHODS

    images = {
        name: jax.random.uniform(jax.random.key(seed), (batch, size, size, 3))
        for seed, name in enumerate(("content", "style"))
    }
    encoder: Any = vgg16(weights="random")
    spec = dict(SPECS[work.removeprefix("paint_")], dtype=dtype)
    spec["net"] = {**spec["net"], "dtype": dtype}
    if spec["name"] == "feedforward":
        spec["styles"] = (images["style"][0],)
    method: Any = build.resolve(METHODS, spec)
    state = jax.jit(method.init)(jax.random.key(0), encoder, images)
    held: dict[str, Any] = {"state": state, "steps": 0, "compiled": 0}

    def compiled(event: str, seconds: float, **_: Any) -> None:
        held["compiled"] += event.endswith("backend_compile_duration") and held["steps"] > 2

    jax.monitoring.register_event_duration_secs_listener(compiled)
    if work.startswith("paint"):
        paint: Any = _painter(method, work, encoder)
        held["params"] = method.inference(state)
        del held["state"]

        def step() -> None:
            held["steps"] += 1
            held["done"] = paint(held["params"], encoder, images["content"], images["style"])
    else:
        train = jax.jit(method.step, donate_argnums=0)

        def step() -> None:
            held["steps"] += 1
            held["state"], held["done"] = train(held["state"], encoder, images)

    def wait() -> None:
        jax.block_until_ready((held["done"], held.get("state")))
        assert not held["compiled"], f"{held['compiled']} compilations after step 2"
        assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(held["done"])) or held["steps"] > 2

    return step, wait, lambda: (jax.local_devices()[0].memory_stats() or {}).get("peak_bytes_in_use", 0)


def _painter(method: Any, work: str, encoder: Any) -> Callable[..., Any]:
    """Return the compiled function behind ``stylize``, without its checks of pictures."""
    import jax
    import jax.numpy as jnp

    from styleresearch.types import Style

    if work == "paint_feedforward":
        one = jnp.ones((1, 1))
        return lambda params, _, content, style: method.paint(params, content, jnp.repeat(one, len(content), 0))
    key = jax.random.key(0)
    return lambda params, encoder, content, style: method.stylize(params, encoder, content, [Style(style)], key=key)


def serve(side: str, args: argparse.Namespace) -> None:
    """Warm up, then take a number of steps for every number on standard input, and say how long they took."""
    (work,) = args.works
    if side == "torch":
        from train_step_torch import theirs as start
    else:
        start = ours
    step, wait, peak = start(work, args.size, args.batch, args.dtype)
    for _ in range(3):
        step()
        wait()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        start, busy = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            step()
        wait()
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
        bytes_ = peak() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds, "busy": busy, "peak": bytes_}), flush=True)


def compare(work: str, args: argparse.Namespace) -> str:
    """Return a table's row for a work."""
    options = [f"--{name}={getattr(args, name)}" for name in ("size", "batch", "dtype")]
    sides = [
        subprocess.Popen(
            [sys.executable, __file__, f"--side={side}", *options, work],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for side in ("torch", "ours")
    ]

    def answer(side: subprocess.Popen[str]) -> dict[str, Any]:
        line = side.stdout.readline() if side.stdout else ""
        if not line:
            raise SystemExit(f"a process of {work} ended with status {side.wait()}")
        return json.loads(line)

    times: tuple[list[float], list[float]] = ([], [])
    busy: tuple[list[float], list[float]] = ([], [])
    peaks = [0, 0]
    for side in sides:
        answer(side)
    for _ in range(args.rounds):
        for index, side in enumerate(sides):
            print(args.steps, file=side.stdin, flush=True)
            measured = answer(side)
            times[index].append(measured["seconds"] / args.steps)
            busy[index].append(measured["busy"] / args.steps)
            peaks[index] = measured["peak"]
    for side in sides:
        side.communicate()
    (a, b), (c, d), (m, n) = map(statistics.median, times), map(statistics.median, busy), (peak / 1e9 for peak in peaks)
    return f"| {work} | {args.batch / a:.2f} | {args.batch / b:.2f} | {a / b:.2f} | {c / d:.2f} | {m:.2f} | {n:.2f} |"


def main() -> None:
    """Measure every work and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", default=WORKS, help=f"which (default all: {', '.join(WORKS)})")
    parser.add_argument("--size", type=int, default=128, help="side of the images, px (default 128)")
    parser.add_argument("--batch", type=int, default=4, help="images in a step (default 4)")
    parser.add_argument("--rounds", type=int, default=7, help="timings of each side (default 7)")
    parser.add_argument("--steps", type=int, default=2, help="steps in one timing (default 2)")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32", help="of activations")
    parser.add_argument("--side", choices=("ours", "torch"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    unknown = set(args.works) - set(WORKS)
    if unknown:
        parser.error(f"unknown work {', '.join(unknown)}; there are {', '.join(WORKS)}")
    if args.side:
        serve(args.side, args)
        return
    from importlib.metadata import version

    print(f"jax {version('jax')}, torch {version('torch')}; {os.cpu_count()} cores, {platform.machine()}")
    print(f"{args.size} px, batch {args.batch}, {args.dtype}, {args.rounds} rounds of {args.steps} steps")
    print(f"load average before: {' '.join(f'{value:.2f}' for value in os.getloadavg())}")
    print("\n| work | torch, images/s | ours, images/s | ours / torch | by CPU time | torch, peak GB | ours, peak GB |")
    print("|---|---|---|---|---|---|---|")
    for work in args.works:
        print(compare(work, args), flush=True)
    print(f"\nload average after: {' '.join(f'{value:.2f}' for value in os.getloadavg())}")


if __name__ == "__main__":
    main()
