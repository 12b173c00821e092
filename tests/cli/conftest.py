"""Small pictures, a small comparison, and the command line called within this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from styleresearch.cli import main
from styleresearch.data.images import save_image

ROOT = Path(__file__).resolve().parents[2]

COMPARISON = """
from ml_collections import ConfigDict


def get_config():
    content = dict(name="feature", layers=("relu2_1",))
    style = dict(name="gram", layers=("relu1_1", "relu2_1"))
    objective = dict(content=dict(**content, weight=1.0), style=dict(**style, weight=1.0))
    config = ConfigDict()
    config.name = "Tiny"
    config.imports = ()
    config.size = 32
    config.seeds = (0,)
    config.encoder = dict(name="vgg16", weights="random", width=0.125)
    config.contents = dict(name="folder", path={folder!r} + "/contents")
    config.styles = dict(name="folder", path={folder!r} + "/styles")
    config.methods = dict(
        noise=dict(
            name="gatys", label="Gatys", evaluations=4, init="noise", optimizer=dict(name="adam"), objective=objective
        ),
        identity=dict(name="identity", label="Content"),
        style=dict(name="style_image"),
    )
    config.metrics = dict(
        content_loss=dict(name="loss", title="Content loss", loss=content),
        style_loss=dict(name="loss", title="Style loss", loss=style),
        ssim=dict(name="ssim"),
        color=dict(name="color_histogram"),
    )
    return config
"""

ONE = """
from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.imports = ()
    config.encoder = dict(name="vgg16", weights="random", width=0.125)
    config.method = dict(
        name="gatys",
        evaluations=3,
        init="content",
        optimizer=dict(name="adam", learning_rate=0.05),
        objective=dict(
            content=dict(name="feature", layers=("relu2_1",), weight=1.0),
            style=dict(name="gram", layers=("relu1_1", "relu2_1"), weight=1.0),
        ),
    )
    return config
"""


@dataclass(frozen=True)
class Done:
    """What a command left on the terminal."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[None]:
    """Lines of the terminal are long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        yield


@pytest.fixture
def cli(capsys) -> Callable[..., Done]:
    """Run the command line in this process."""

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        try:
            status = main([str(each) for each in arguments])
        except SystemExit as leaving:  # argparse
            status = int(leaving.code or 0)
        captured = capsys.readouterr()
        return Done(status, captured.out, captured.err)

    return run


@pytest.fixture
def refused(cli) -> Callable[..., str]:
    """Run a command that must fail with one clear message, which is returned."""

    def run(*arguments: object) -> str:
        done = cli(*arguments)
        assert done.status == 2, done
        assert done.err.startswith("styleresearch: "), done
        assert "Traceback" not in done.err + done.out
        return done.err

    return run


@pytest.fixture
def process() -> Callable[..., subprocess.Popen]:
    """Start the command line as a process of its own."""

    def start(*arguments: object, cwd: Path) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "styleresearch", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def smooth(seed: int, height: int, width: int) -> np.ndarray:
    """Return a smooth random picture (h, w, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j][..., None]
    phase, fx, fy = rng.random((3, 3)) * np.array([[6.0], [9.0], [9.0]])
    return 0.5 + 0.4 * np.sin(phase + fx * x + fy * y) + 0.1 * (rng.random((height, width, 3)) - 0.5)


def make_pictures(folder: Path) -> None:
    """Write two content and two style pictures of several sizes and formats."""
    for group, files in {
        "contents": {"hill.png": (40, 50), "lake.jpg": (48, 36)},
        "styles": {"oil.png": (36, 36), "ink.webp": (40, 32)},
    }.items():
        (folder / group).mkdir()
        for seed, (name, (height, width)) in enumerate(files.items()):
            save_image(folder / group / name, smooth(seed + len(group), height, width))


@pytest.fixture
def bench(own_folder) -> Path:
    """A folder to work in, with pictures, the comparison ``tiny.py`` and the config ``one.py`` for one picture."""
    make_pictures(own_folder)
    (own_folder / "tiny.py").write_text(COMPARISON.format(folder=str(own_folder)))
    (own_folder / "one.py").write_text(ONE)
    return own_folder
