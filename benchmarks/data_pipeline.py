"""What the data pipeline delivers on its own: training examples a second from a folder of pictures.

    python benchmarks/data_pipeline.py [../shared/data/content] [--seconds 5] [--workers 2]

An example is decoded, resized (antialiased), cropped at random and perhaps mirrored. Two settings: pictures brought to
the crop's size (feed-forward), and to twice the crop's (AdaIN: 512 -> 256). With threads of this process, and with
worker processes. The pictures are prepared first; what that costs is printed too. Set
$STYLERESEARCH_CACHE to a new folder to see the first time of a folder.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from styleresearch.data.pictures import SOURCES, PictureSource
from styleresearch.data.pictures.kept import kept
from styleresearch.data.pipeline import Pipeline

BATCH = 8


def rate(
    source: PictureSource, seconds: float, crop: int, resize: int, workers: int, threads: int
) -> tuple[float, float]:
    """Return (seconds until the first batch, examples a second after it)."""
    pipeline = Pipeline(source, None, BATCH, crop, resize, workers=workers, threads=threads)
    batches = pipeline.iterate()
    start = time.perf_counter()
    next(batches)
    first = time.perf_counter() - start
    # What was computed ahead before the clock starts would count as speed.
    for _ in range(2 * (workers + 1) * 8):
        next(batches)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        next(batches)
        count += BATCH
    spent = time.perf_counter() - start
    batches.close()
    return first, count / spent


def main() -> None:
    """Print a table of the settings."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", default="../shared/data/content", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measurement; default: %(default)s")
    parser.add_argument("--workers", type=int, default=2, help="of the runs with processes; default: %(default)s")
    args = parser.parse_args()

    source = SOURCES.build({"name": "folder", "path": str(args.folder)})
    start, spent = time.perf_counter(), time.process_time()
    dataset = source.dataset()
    dataset.prepare()
    wall, cpu = time.perf_counter() - start, time.process_time() - spent
    print(f"{len(dataset)} pictures in {args.folder}, ready after {wall:.1f} s ({cpu:.1f} s of a core)")
    start = time.perf_counter()
    source.dataset().prepare()
    print(f"found in the cache in {time.perf_counter() - start:.3f} s")
    print(f"in the cache: {sum(each.size for each in kept()) / 1e6:.2f} MB, with what it held before")
    spent = time.process_time()
    for index in range(len(dataset)):
        dataset.open(index)
    print(f"read, not decoded: {(time.process_time() - spent) / len(dataset) * 1e6:.0f} us of a core for each")
    print(f"\n{'crop':>5} {'resize':>6} {'workers':>7} {'threads':>7} {'first batch, s':>14} {'examples/s':>10}")
    for crop in (128, 256):
        for resize in (crop, 2 * crop):
            for workers, threads in ((0, 1), (0, 4), (args.workers, 1)):
                first, examples = rate(source, args.seconds, crop, resize, workers, threads)
                print(f"{crop:>5} {resize:>6} {workers:>7} {threads:>7} {first:>14.2f} {examples:>10.0f}", flush=True)


if __name__ == "__main__":
    main()
