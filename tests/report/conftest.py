"""A run directory like the ones that a comparison writes, with real pictures."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from PIL import Image
from skimage import color, exposure, filters, transform

from styleresearch.report.reading import read_run

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
METHODS = (
    ("gatys_lbfgs", "Gatys (L-BFGS)", False),
    ("gatys_adam", "Gatys (Adam)", False),
    ("moments", "Channel moments", False),
    ("identity", "Content itself", True),
    ("style_image", "Style itself", True),
    ("color_transfer", "Color transfer", True),
)
STYLES = ("gravel", "grass", "brick")
CONTENTS = ("astronaut", "coffee", "chelsea")
CONTRACTS = {
    "content_loss": {
        "label": "Content loss",
        "better": "lower",
        "unit": "",
        "definition": "Mean squared difference of the activations at relu4_2 between the output and the content.",
        "source": "Gatys et al. 2016, eq. 1",
        "contract": {"encoder": "vgg16", "layers": ["relu4_2"], "reduction": "mean"},
    },
    "style_loss": {
        "label": "Style loss",
        "better": "lower",
        "unit": "",
        "definition": "Weighted squared difference of the Gram matrices of the output and of the style, five layers.",
        "source": "Gatys et al. 2016, eq. 5",
        "contract": {"encoder": "vgg16", "convention": "paper"},
    },
    "ssim": {
        "label": "SSIM to content",
        "better": "higher",
        "unit": "",
        "definition": "Structural similarity of the output and the content, 11 px Gaussian window.",
        "source": "Wang et al. 2004",
        "contract": None,
    },
    "color_distance": {
        "label": "Color distance",
        "better": "lower",
        "unit": "",
        "definition": "Distance of the colour histograms of the output and the style.",
        "source": "",
        "contract": None,
    },
}
METRICS = {
    "gatys_lbfgs": (6400.0, 2.1e-5, 0.41, 0.12),
    "gatys_adam": (7100.0, 4.4e-5, 0.38, 0.15),
    "moments": (5200.0, 2.6e-4, 0.55, 0.14),
    "identity": (0.0, 3.9e-3, 1.0, 0.61),
    "style_image": (21500.0, 0.0, 0.06, 0.0),
    "color_transfer": (1900.0, 2.2e-3, 0.82, 0.05),
}

ODD_LABEL = 'a_b & 50% of $x$ #1 {~^\\} <script>alert("1")</script> Ünïcode'


def _style(name: str) -> np.ndarray:
    texture = getattr(skimage.data, name)()
    tints = {"gravel": (0.95, 0.62, 0.35), "grass": (0.45, 0.85, 0.4), "brick": (0.85, 0.4, 0.32)}
    image = transform.resize(texture.astype(float) / 255, (192, 192), anti_aliasing=True)
    return np.clip(image[..., None] * np.array(tints[name]) * 1.4, 0, 1)


def _content(name: str) -> np.ndarray:
    image = getattr(skimage.data, name)()[..., :3] / 255
    height, width = image.shape[:2]
    scale = 192 / min(height, width)
    return transform.resize(image, (round(height * scale), round(width * scale)), anti_aliasing=True)


def _output(method: str, content: np.ndarray, style: np.ndarray) -> np.ndarray:
    full = transform.resize(style, content.shape[:2])
    if method == "identity":
        return content
    if method == "style_image":
        return full
    matched = exposure.match_histograms(content, style, channel_axis=-1)
    if method == "color_transfer":
        return matched
    smooth = filters.gaussian(matched, 1.5, channel_axis=-1)
    if method == "moments":
        return smooth
    strength = 0.55 if method == "gatys_lbfgs" else 0.35
    edges = filters.sobel(color.rgb2gray(content))[..., None]
    detail = full - filters.gaussian(full, 4, channel_axis=-1)
    return np.clip(smooth + strength * 1.8 * detail - 1.2 * edges, 0, 1)


def _save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((np.clip(image, 0, 1) * 255).round().astype(np.uint8)).save(path)


def record(method: str, label: str, baseline: bool, content: str, style: str, **changes: Any) -> dict[str, Any]:
    """A line of records.jsonl as a dictionary."""
    pair = f"{content}__{style}"
    return {
        "schema": 1,
        "method": method,
        "label": label,
        "baseline": baseline,
        "pair": pair,
        "content": content,
        "style": style,
        "seed": 0,
        "size": [192, 256],
        "inputs": {"content": f"digest of {content}", "style": f"digest of {style}"},
        "framing": None,
        "contracts": {},
        "files": {
            "output": f"images/{method}/{pair}.png",
            "content": f"inputs/content/{content}.png",
            "style": f"inputs/style/{style}.png",
            "curve": None,
        },
        "metrics": {"content_loss": 1.0, "style_loss": 2.0},
        "in_sample": [],
        "cost": {"seconds": None, "compile_seconds": None, "evaluations": None, "peak_memory_mb": None},
        "provenance": {
            "key": "0" * 64,
            "config_hash": "5f2c9a70b1d4" + "0" * 52,
            "time": "2026-11-23T02:30:00Z",
            "device": "cpu (2 cores, x86_64)",
            "precision": "float32",
            "packages": {"styleresearch": "0.1.0", "jax": "0.10.2", "flax": "0.12.8", "numpy": "2.4.6"},
            "encoder": {"name": "vgg16", "weights": "vgg16", "digest": "ab12cd34ef56" * 5, "convention": "caffe"},
        },
    } | changes


def write_records(run_dir: Path, records: list[dict[str, Any]]) -> None:
    (run_dir / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in records), encoding="utf-8")


def build_run(run_dir: Path) -> Path:
    """Write a whole run: 3 contents x 3 styles x 6 methods, one image missing and one unreadable, curves of two."""
    rng = np.random.default_rng(0)
    contents = {name: _content(name) for name in CONTENTS}
    styles = {name: _style(name) for name in STYLES}
    for kind, images in (("content", contents), ("style", styles)):
        for name, image in images.items():
            _save(run_dir / "inputs" / kind / f"{name}.png", image)
    hard = {name: rng.lognormal(0, 0.35, 2) for name in (*CONTENTS, *STYLES)}
    records = []
    for content in CONTENTS:
        for style in STYLES:
            for method, label, baseline in METHODS:
                if (method, content, style) == ("moments", "chelsea", "brick"):
                    continue
                line = record(method, label, baseline, content, style, size=list(contents[content].shape[:2]))
                _save(run_dir / line["files"]["output"], _output(method, contents[content], styles[style]))
                c, s, ssim, distance = METRICS[method]
                line["metrics"] = {
                    "content_loss": c * hard[content][0] * rng.lognormal(0, 0.05),
                    "style_loss": s * hard[style][1] * rng.lognormal(0, 0.2),
                    "ssim": ssim if method == "identity" else ssim * rng.lognormal(0, 0.06),
                    "color_distance": distance * hard[style][0],
                }
                if method.startswith("gatys"):
                    line["in_sample"] = ["content_loss", "style_loss"]
                    adam = method == "gatys_adam"
                    line["cost"] = {
                        "seconds": (14.1 if adam else 12.3) * rng.lognormal(0, 0.04),
                        "compile_seconds": 4.0,
                        "evaluations": 200,
                        "peak_memory_mb": 880.0 + 20 * rng.random(),
                    }
                    line["files"]["curve"] = f"curves/{method}/{line['pair']}.json"
                    x = np.arange(1, 201)
                    fall = 1 / (1 + (x / (6 if adam else 3)) ** (1.3 if adam else 1.7)) + 1e-3
                    style_term = 4.1e8 * hard[style][1] * fall * np.exp(rng.normal(0, 0.03, 200))
                    content_term = 2.2e6 * hard[content][0] * (1 - np.exp(-x / 20)) + 1e3
                    curve = {"total": style_term + content_term, "content": content_term, "style": style_term}
                    path = run_dir / line["files"]["curve"]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(json.dumps({"evaluations": x.tolist()} | {k: v.tolist() for k, v in curve.items()}))
                else:
                    line["cost"] |= {"seconds": 0.02 * rng.lognormal(0, 0.2), "peak_memory_mb": 310.0}
                records.append(line)
    (run_dir / "images/color_transfer/coffee__grass.png").write_bytes(b"not a picture")
    write_records(run_dir, records)
    (run_dir / "contracts.json").write_text(json.dumps(CONTRACTS), encoding="utf-8")
    config = {"name": "Quickstart", "size": 192, "methods": [{"name": name} for name, _, _ in METHODS], "seed": 0}
    (run_dir / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    return run_dir


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run, shared by all tests: read it, do not change its records."""
    return build_run(tmp_path_factory.mktemp("runs with spaces") / "quick start")


@pytest.fixture(scope="session")
def make_record() -> Callable[..., dict[str, Any]]:
    return record


@pytest.fixture
def records_in(tmp_path: Path) -> Callable[..., Path]:
    """Write the given records into a run directory of their own and return it."""

    def write(*records: dict[str, Any]) -> Path:
        write_records(tmp_path, list(records))
        return tmp_path

    return write


@pytest.fixture
def small(records_in, make_record):
    """Two methods on 2 x 2 pairs with losses that can be averaged by hand, and one floor baseline."""
    values = {"a": [1.0, 2.0, 3.0, 6.0], "b": [2.0, 4.0, 3.0, 9.0], "zero": [0.0, 0.0, 0.0, 0.0]}
    lines = []
    for index, (content, style) in enumerate([("c1", "s1"), ("c1", "s2"), ("c2", "s1"), ("c2", "s2")]):
        for method, numbers in values.items():
            metrics = {"loss": numbers[index], "score": None if method == "b" and index == 0 else 10 - numbers[index]}
            sample = ["loss"] if method == "a" else []
            label = {"a": ODD_LABEL}.get(method, method)
            lines.append(
                make_record(method, label, method == "zero", content, style, metrics=metrics, in_sample=sample)
            )
    directory = records_in(*lines)
    (directory / "contracts.json").write_text(
        '{"loss": {"label": "Loss_1", "better": "lower"}, "score": {"label": "Score", "better": "higher", "unit": "%"}}'
    )
    return read_run(directory)


@pytest.fixture(scope="session")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium, with logs of its console and its requests."""
    from selenium import webdriver

    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        reason = "needs Chromium and chromedriver on the PATH"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # The path is given, so that selenium looks for no driver of its own.
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()
