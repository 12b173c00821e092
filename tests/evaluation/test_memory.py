"""A process that measures outputs of many sizes stays small, as the system sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process its size"),
]

BEGIN = """
import json, os, sys
from pathlib import Path
import numpy as np
from styleresearch.evaluation.metrics import METRICS
from styleresearch.encoder.encoder import ENCODERS
from styleresearch.config import build
from styleresearch.config.metrics import metrics_of
from styleresearch.config.problems import Problems
from styleresearch.evaluation.suite import Suite

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

def metric(**spec):
    return build.resolve(METRICS, spec)

rng, sizes = np.random.default_rng(0), []

def measure(suite, width, style):
    output, content = rng.random((2, 96, width, 3), np.float32)
    suite(output, content, style)
    sizes.append(megabytes())
"""

SMALL = """
encoder = build.resolve(ENCODERS, dict(name="vgg16", weights="random", width=0.125))
suite = Suite.of(dict(ssim=metric(name="ssim"), style=metric(name="loss", loss=dict(name="gram"))), encoder)
for width in range(96, 96 + 300):
    measure(suite, width, rng.random((64, 64, 3), np.float32))
print(json.dumps(sizes))
"""

REAL = """
import runpy
config = runpy.run_path("configs/quickstart.py")["get_config"]()
suite = metrics_of(config.to_dict(), {}, Problems()).load()
styles = [rng.random((96, 96 + 4 * index, 3), np.float32) for index in range(20)]
for width in range(96, 96 + 40):
    for style in styles:
        measure(suite, width, style)
print(json.dumps(sizes))
"""


def sizes_of(script: str) -> list[float]:
    """Return the megabytes that a process holds after each output."""
    done = subprocess.run([sys.executable, "-c", BEGIN + script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_memory_levels_off_over_300_outputs_of_300_sizes():
    sizes = sizes_of(SMALL)
    assert len(sizes) == 300
    # Programs are dropped now and then; what the system does not get back is less than 100 MB each time.
    after = [now for before, now in pairwise(sizes) if now < before - 100]
    assert len(after) >= 2
    assert all(later < earlier + 100 for earlier, later in pairwise(after))
    assert max(sizes) < 1100


def test_800_outputs_of_40_sizes_stay_below_2_gb_with_the_real_encoder():
    sizes = sizes_of(REAL)
    assert len(sizes) == 800
    assert max(sizes) < 2000
