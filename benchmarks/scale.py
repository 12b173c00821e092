"""What resuming and reporting a comparison of many cells cost: time and memory, with synthetic records.

    python benchmarks/scale.py --contents=25 --styles=50 --methods=8 --seeds=10    # 100,000 cells

    python benchmarks/scale.py --contents=20 --styles=40 --methods=8 --seeds=5     # 32,000 cells

Makes a run directory as ``styleresearch compare`` leaves it: a real config, with its keys, whose outputs are links to a
few pictures of 256 px and whose values are drawn at random. Then each of these in a process of its own:

- resume: ``compare`` again, which finds that nothing is left to do;
- report: the page, the tables.

Prints a Markdown table: seconds, the peak of memory, and what is on disk.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

SIDE = 256
PICTURES = 7
"""Files that the outputs and the curves are links to, of each."""


def config(contents: int, styles: int, methods: int, seeds: int, folder: Path) -> dict[str, Any]:
    """Return the config: methods that optimise, which differ in their style's weight, and floor baselines."""
    style = {"name": "gram", "layers": ("relu1_1", "relu2_1")}

    def gatys(weight: float) -> dict[str, Any]:
        objective = {
            "content": {"name": "feature", "layers": ("relu2_1",), "weight": 1.0},
            "style": {**style, "weight": weight},
        }
        return {
            "name": "gatys",
            "evaluations": 2,
            "init": "noise",
            "optimizer": {"name": "adam"},
            "objective": objective,
        }

    found = {f"weight_{index}": gatys(2.0**index) for index in range(methods - 2)}
    return {
        "encoder": {"name": "vgg16", "weights": "random", "width": 0.125},
        "contents": {"name": "folder", "path": str(folder / "contents")},
        "styles": {"name": "folder", "path": str(folder / "styles")},
        "methods": {**found, "identity": {"name": "identity"}, "style_image": {"name": "style_image"}},
        "metrics": {
            "content_loss": {"name": "loss", "loss": {"name": "feature", "layers": ("relu2_1",)}},
            "style_loss": {"name": "loss", "loss": style},
            "ssim": {"name": "ssim"},
            "color": {"name": "color_histogram"},
        },
        "size": SIDE,
        "seeds": tuple(range(seeds)),
    }


def make(folder: Path, counts: tuple[int, int, int, int]) -> None:
    """Write the run directory, record by record as compare does."""
    from styleresearch.data.images import save_image
    from styleresearch.data.triple import digest_of
    from styleresearch.store import digests
    from styleresearch.store.record import MethodName, Pair, Record
    from styleresearch.store.rundir import RunDirectory, input_file
    from styleresearch.tasks.comparison import Comparison
    from styleresearch.tasks.provenance import of_config, provenance

    rng = np.random.default_rng(0)
    for kind, count in (("contents", counts[0]), ("styles", counts[1])):
        (folder / kind).mkdir(parents=True)
        for index in range(count):
            save_image(folder / kind / f"{kind[:-1]}{index:02}.png", smooth(rng))
    settings = config(*counts, folder)
    (folder / "config.json").write_text(json.dumps(settings))
    comparison = Comparison.of(settings)
    run = RunDirectory.create(folder / "run")
    pictures = [run.path / f"picture{index}.png" for index in range(PICTURES)]
    for picture in pictures:
        save_image(picture, smooth(rng))
    steps = np.arange(1, 201)
    loss = {"evaluations": steps.tolist(), "total": (1e6 / steps).tolist(), "style": (9e5 / steps).tolist()}
    for index in range(PICTURES):  # a file can have 65,000 names on ext4
        (run.path / f"curve{index}.json").write_text(json.dumps(loss))
    hashes = [digests.of_file(picture) for picture in pictures]
    facts = provenance(comparison.config, comparison.suite.encoder, comparison.precision, comparison.modules)
    contracts = comparison.suite.contracts()
    run.describe(comparison.config, contracts)
    seen = {
        kind: {name: digest_of(image) for name, image in getattr(comparison, kind).items()}
        for kind in ("contents", "styles")
    }
    outputs, records = [], []
    for index, work in enumerate(comparison.stylisations()):
        place = run.place(work.output)
        os.link(pictures[index % PICTURES], place)
        curve = None if work.entry.method.baseline else work.curve
        if curve is not None:
            os.link(run.path / f"curve{index % PICTURES}.json", run.place(curve))
        entry = {
            "key": work.key,
            "method": work.entry.name,
            "pair": work.pair,
            "file": work.output,
            "curve": curve,
            "sha256": hashes[index % PICTURES],
            "cost": {"seconds": rng.lognormal(), "compile_seconds": 0.0, "peak_memory_mb": 900.0, "evaluations": 2},
            "made": {name: facts[name] for name in ("device", "packages")},
        }
        outputs.append(entry)
        measured = {"output": entry["sha256"], "key": work.key, "contracts": contracts, "packages": facts["packages"]}
        records.append(
            Record(
                method=MethodName(work.entry.name, work.entry.label, work.entry.method.baseline),
                pair=Pair(work.pair, work.content, work.style, work.seed),
                size=(SIDE, SIDE),
                inputs={"content": seen["contents"][work.content], "style": seen["styles"][work.style]},
                framing="",
                contracts={name: digests.of_json(each["contract"]) for name, each in contracts.items()},
                files={
                    "output": work.output,
                    "content": input_file("content", work.content),
                    "style": input_file("style", work.style),
                    "curve": curve,
                },
                metrics={name: float(rng.lognormal()) for name in contracts},
                in_sample=tuple(comparison.suite.in_sample(getattr(work.entry.method, "objective", None))),
                cost=entry["cost"],
                provenance={
                    **facts,
                    "measured": digests.of_json(measured),
                    "key": work.key,
                    **of_config(facts),
                    "made": entry["made"],
                },
            )
        )
    run.outputs.replace(outputs)
    run.records.replace(records)


def smooth(rng: np.random.Generator) -> np.ndarray:
    """Return a picture whose file is about as large as that of a photograph."""
    coarse = np.kron(rng.random((8, 8, 3)), np.ones((SIDE // 8, SIDE // 8, 1)))
    return np.clip(coarse + 0.05 * rng.standard_normal((SIDE, SIDE, 3)), 0, 1)


def resume(folder: Path) -> None:
    """Continue the run: nothing is to be made or measured."""
    from styleresearch.tasks.compare import compare

    before = (folder / "run" / "records.jsonl").read_bytes()
    failures = compare(settings_of(folder), folder / "run")
    assert not failures, failures[0]
    assert (folder / "run" / "records.jsonl").read_bytes() == before, "something was made or measured"


def report(folder: Path) -> None:
    """Write the report."""
    from styleresearch.report.html import write_report

    write_report(folder / "run", command="styleresearch compare")


def settings_of(folder: Path) -> dict[str, Any]:
    """Return the config of ``make``."""
    from styleresearch.config.file import plain

    return plain(json.loads((folder / "config.json").read_text()))


STEPS = {"resume": resume, "report": report}


def measured(step: str, folder: Path) -> tuple[float, float, float]:
    """Return the seconds, those of the processor, and the peak memory in GB of a step, in a process of its own."""
    call = [sys.executable, __file__, f"--step={step}", f"--folder={folder}"]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    seconds, processor, peak = map(float, done.stdout.split()[-3:])
    return seconds, processor, peak


def main() -> None:
    """Make the run and measure each step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("contents", 25), ("styles", 50), ("methods", 8), ("seeds", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--folder", type=Path, help="where to make it, and keep it; default: a temporary one")
    parser.add_argument("--step", choices=STEPS, help="only this, in a folder that is made already")
    args = parser.parse_args()
    if args.step is not None:
        start = time.perf_counter()
        STEPS[args.step](args.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        print(time.perf_counter() - start, time.process_time(), peak)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        make(folder, (args.contents, args.styles, args.methods, args.seeds))
        run = folder / "run"
        cells = args.contents * args.styles * args.methods * args.seeds
        print("| cells | step | seconds | seconds of the processor | peak memory, GB |")
        print("|---:|---|---:|---:|---:|")
        for step in STEPS:
            seconds, processor, peak = measured(step, folder)
            print(f"| {cells:,} | {step} | {seconds:.1f} | {processor:.1f} | {peak:.2f} |", flush=True)
        sizes = {name: (run / name).stat().st_size / 1e6 for name in ("outputs.jsonl", "records.jsonl", "report.html")}
        print(", ".join(f"`{name}` {size:.0f} MB" for name, size in sizes.items()))


if __name__ == "__main__":
    main()
