"""How far trained networks get under the objective they were trained on, and how many evaluations of L-BFGS it takes.

    python benchmarks/own_objective.py --checkpoint=runs/adain --content=DIR --style=DIR

    python benchmarks/own_objective.py --checkpoint=zoo:painter --content=DIR --style=DIR

Prints a Markdown table: each term of the objective, its mean over the pairs, for the content image itself, colour
transfer, the untrained network, the trained one, and pictures optimised by L-BFGS from the content image under the
same objective and targets (Gatys et al. 2016) after 50, 100 and 200 evaluations; then K, the evaluations after which
the optimised pictures first have the trained network's total (Johnson et al. 2016, section 4.1; Huang & Belongie
2017, section 6.2).

Contents are the first pictures of VAL.txt in the folder, square crops; styles those of the folder's VAL.txt, or, for a
network with styles of its own, these.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.cli.setup import enable_compilation_cache
from styleresearch.config import build
from styleresearch.data.images import load_image
from styleresearch.encoder.encoder import Encoder
from styleresearch.methods import METHODS
from styleresearch.methods.adain import AdaIN
from styleresearch.methods.arbitrary_gan import ArbitraryGAN
from styleresearch.methods.baselines import ColorTransfer
from styleresearch.methods.feedforward import FeedForward
from styleresearch.methods.gatys import Gatys
from styleresearch.optim.optimizers import LBFGS
from styleresearch.tasks.trained import Trained, load
from styleresearch.types import Style

BUDGETS = (50, 100, 200)


def square(image: np.ndarray, size: int) -> np.ndarray:
    """Return the middle of a picture whose short side is ``size``."""
    top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
    return image[top : top + size, left : left + size]


def held_out(folder: Path, count: int, size: int) -> dict[str, np.ndarray]:
    """Return the pictures that the folder's VAL.txt names first, evenly spread over the list."""
    names = (folder / "VAL.txt").read_text(encoding="utf-8").split()
    chosen = names[:: max(1, len(names) // count)][:count]
    return {Path(name).stem: square(load_image(folder / name, size), size) for name in chosen}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True, help="a run directory, an exported file, or zoo:NAME")
    parser.add_argument("--content", type=Path, required=True, help="folder with VAL.txt")
    parser.add_argument("--style", type=Path, required=True, help="folder with VAL.txt")
    parser.add_argument("--contents", type=int, default=12, help="how many contents; default: %(default)s")
    parser.add_argument("--styles", type=int, default=6, help="how many styles; default: %(default)s")
    parser.add_argument("--optimised", type=int, default=6, help="pairs for L-BFGS; default: %(default)s")
    parser.add_argument("--size", type=int, default=128, help="side in px; default: %(default)s")
    args = parser.parse_args()
    enable_compilation_cache()

    trained = load(args.checkpoint)
    method, encoder = trained.method(), trained.encoder()
    assert isinstance(method, (AdaIN, ArbitraryGAN, FeedForward)), "a method with an objective"
    transfer = method.transfer if isinstance(method, ArbitraryGAN) else method
    contents = held_out(args.content, args.contents, args.size)
    if trained.styles:
        spec = trained.facts["config"]["method"]["styles"]
        styles = dict(zip(trained.styles, build.pictures(spec), strict=True))
    else:
        styles = held_out(args.style, args.styles, args.size)
    pairs = [(content, style) for content in contents for style in styles]
    untrained = _untrained(trained, encoder)

    @jax.jit
    def targets_of(encoder: Any, content: Any, style: Any) -> Any:
        if isinstance(transfer, AdaIN):
            return transfer.targets(encoder, content, style)[1]
        return method.objective.targets(encoder, content, [Style(style)])

    @jax.jit
    def measured(encoder: Any, image: Any, targets: Any) -> Any:
        total, terms = method.objective(encoder, image, targets)
        return {**{name: value[0] for name, value in terms.items()}, "total": total[0]}

    optimiser = Gatys(method.objective, LBFGS(history=20), evaluations=max(BUDGETS), report_every=10)
    rows: dict[str, list[dict[str, float]]] = {}
    reached: list[float] = []
    # Every len/optimised-th pair, so that contents and styles both vary.
    chosen = {pairs[int(i * len(pairs) / args.optimised)] for i in range(args.optimised)}
    for content_name, style_name in pairs:
        content, style = (jnp.asarray(each)[None] for each in (contents[content_name], styles[style_name]))
        targets, styles = targets_of(encoder, content, style), [Style(style)]
        images = {
            "content image": content,
            "colour transfer": ColorTransfer().stylize(None, encoder, content, styles, key=None),
            "untrained network": method.stylize(untrained, encoder, content, styles, key=None),
            "trained network": method.stylize(trained.params, encoder, content, styles, key=None),
        }
        found = {name: jax.device_get(measured(encoder, image, targets)) for name, image in images.items()}
        for name, values in found.items():
            rows.setdefault(name, []).append(values)
        if (content_name, style_name) in chosen:
            curve: list[float] = []
            counts: list[int] = []

            def note(progress: Any, curve: list[float] = curve, counts: list[int] = counts) -> None:
                curve.extend(progress.history["total"])
                counts.extend(progress.history["evaluations"])

            state: dict[int, Any] = {}
            for budget in BUDGETS:
                # From the content each time: L-BFGS that starts anew half-way is another optimiser.
                image, _ = optimiser.minimise(encoder, targets, content, 0, budget, note if budget == 200 else None)
                state[budget] = jnp.clip(image, 0.0, 1.0)
            for budget, image in state.items():
                values = jax.device_get(measured(encoder, image, targets))
                rows.setdefault(f"L-BFGS, {budget} evaluations", []).append(values)
            rows.setdefault("trained network, the pairs of L-BFGS", []).append(found["trained network"])
            goal = float(found["trained network"]["total"])
            below = [count for count, total in zip(counts, curve, strict=True) if total <= goal]
            reached.append(below[0] if below else float("inf"))

    terms = list(rows["content image"][0])
    print(f"{args.checkpoint}: step {trained.step}, {len(pairs)} pairs at {args.size} px, {len(chosen)} with L-BFGS\n")
    print("| picture | " + " | ".join(terms) + " | style / content image's |\n|" + "---|" * (len(terms) + 2))
    base = np.mean([row["style"] for row in rows["content image"]])
    for name, found in rows.items():
        means = [np.mean([row[term] for row in found]) for term in terms]
        share = np.mean([row["style"] for row in found]) / base
        print(f"| {name} | " + " | ".join(f"{mean:.4g}" for mean in means) + f" | {share:.1%} |")
    if reached:
        print(f"\nK, evaluations of L-BFGS to the trained network's total: median {np.median(reached):g}, {reached}")


def _untrained(trained: Trained, encoder: Encoder) -> Any:
    """Return the parameters that the run began with, by its seed."""
    config = trained.facts["config"]
    method = build.resolve(METHODS, config["method"])
    crop = config["data"]["crop"]
    batch = dict.fromkeys(("content", "style"), jnp.zeros((1, crop, crop, 3)))
    return method.inference(jax.jit(method.init)(jax.random.key(config.get("seed", 0)), encoder, batch))


if __name__ == "__main__":
    main()
