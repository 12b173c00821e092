"""What L-BFGS without a line search does on photographs, with and without safeguards, at equal budgets.

    python benchmarks/lbfgs.py [--size 96] [--evaluations 100]

Prints, for each (photograph, painted style) pair and optimiser, the total loss as a percentage of its first value after
10, 20, 50 and 100 evaluations, and the highest it ever was. Losses do not depend on how busy the machine is.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax

from styleresearch.data.pictures import SOURCES
from styleresearch.encoder.encoder import vgg16
from styleresearch.losses import LOSSES, Objective
from styleresearch.methods.base import Progress
from styleresearch.methods.gatys import Gatys, NonFiniteLossError
from styleresearch.optim.optimizers import LBFGS, Adam, Optimizer
from styleresearch.types import Style

PAIRS = (("cat", "impasto"), ("cat", "stained_glass"), ("coffee", "mosaic"), ("rocket", "woodcut"))
SHOWN = (10, 20, 50, 100)


@dataclass(frozen=True)
class OptaxLBFGS(Optimizer):
    """``optax.lbfgs`` with steps of fixed length and nothing else."""

    history: int = 20

    def transform(self) -> optax.GradientTransformationExtraArgs:
        """Return the transformation."""
        return optax.lbfgs(1.0, memory_size=self.history, linesearch=None)

    def extra_evaluations(self, state: object) -> int:
        """Return 0."""
        return 0


OPTIMIZERS = {
    "optax, fixed step": OptaxLBFGS(),
    "safe (ours)": LBFGS(history=20),
    "safe, no step limit": LBFGS(history=20, max_step=1e9),
    "zoom line search": LBFGS(history=20, line_search="zoom"),
    "Adam 0.02": Adam(0.02),
    "Adam 0.04": Adam(0.04),
}


def curves(size: int, evaluations: int) -> Iterator[tuple[str, str, list[int], list[float]]]:
    """Yield pair, optimiser, evaluations and total loss of each run; a run that breaks off ends where it did."""
    encoder = vgg16()
    objective = Objective.of(
        {"content": (1.0, LOSSES.build({"name": "feature"})), "style": (1.0, LOSSES.build({"name": "gram"}))}
    )
    photographs, painter = SOURCES.build({"name": "photographs"}), SOURCES.build({"name": "painter"})
    for content, style in PAIRS:
        images = [
            jnp.asarray(source.picture(name, size))[None]
            for source, name in zip((photographs, painter), (content, style), strict=True)
        ]
        for name, optimizer in OPTIMIZERS.items():
            counts: list[int] = []
            totals: list[float] = []

            def note(progress: Progress, counts: list[int] = counts, totals: list[float] = totals) -> None:
                counts.extend(int(count) for count in progress.history["evaluations"])
                totals.extend(progress.history["total"])

            method = Gatys(objective, optimizer, evaluations=evaluations)
            try:
                method.stylize(None, encoder, images[0], [Style(images[1])], key=jax.random.key(0), progress=note)
            except NonFiniteLossError:
                totals.append(float("inf"))
                counts.append(counts[-1] + 1 if counts else 1)
            yield f"{content} x {style}", name, counts, totals


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=96, help="short side in px")
    parser.add_argument("--evaluations", type=int, default=100)
    args = parser.parse_args()
    shown = [count for count in SHOWN if count <= args.evaluations]
    print(f"{args.size} px; total loss in % of its first value")
    print("| pair | optimiser | " + " | ".join(f"{count}" for count in shown) + " | highest |")
    print("|---|---|" + "---|" * (len(shown) + 1))
    for pair, name, counts, totals in curves(args.size, args.evaluations):
        cells = []
        for limit in shown:
            reached = [total for count, total in zip(counts, totals, strict=True) if count <= limit]
            cells.append(f"{100 * reached[-1] / totals[0]:.3g}")
        print(f"| {pair} | {name} | {' | '.join(cells)} | {100 * max(totals) / totals[0]:.3g} |", flush=True)


if __name__ == "__main__":
    main()
