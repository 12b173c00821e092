"""Draw what each metric notices and what it does not into docs/images/dose_response.svg, a panel for each metric.

    python docs/dose_response.py

The picture that a metric calls perfect, the content or the style, is changed little by little in five ways: blended
with the other of the two, blurred, shifted in colour, its 16 px patches shuffled, rolled sideways. Values are means
over three pairs of photographs and paintings at 192 px, under VGG16. Metrics that need a file are left out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from PIL import Image, ImageFilter

from styleresearch.data.pictures import SOURCES
from styleresearch.encoder.encoder import vgg16
from styleresearch.errors import InputError
from styleresearch.evaluation.metrics import METRICS, AnyMetric
from styleresearch.evaluation.suite import Suite
from styleresearch.losses import LOSSES
from styleresearch.painter import paint
from styleresearch.report.axes import Axis
from styleresearch.report.svg import drawing, element

FILE = Path(__file__).resolve().parent / "images" / "dose_response.svg"
SIZE = 192
STYLES = ("impasto", "woodcut", "mosaic")
DOSES = (0.0, 1 / 3, 2 / 3, 1.0)
SHOWN = {"feature": "Feature loss", "gram": "Gram loss"}
MANY = 12
"""Pictures of a set."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000")
"""Of Okabe and Ito 2008, which the colour-blind tell apart."""

Change = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


def blend(image: np.ndarray, other: np.ndarray, dose: float) -> np.ndarray:
    """Blend with the other picture, up to half of it."""
    return (1 - dose / 2) * image + dose / 2 * other


def blur(image: np.ndarray, other: np.ndarray, dose: float) -> np.ndarray:
    """Blur by a Gaussian of up to 4 px."""
    pixels = Image.fromarray((255 * image + 0.5).astype(np.uint8))
    return np.asarray(pixels.filter(ImageFilter.GaussianBlur(4 * dose)), np.float32) / 255


def colour(image: np.ndarray, other: np.ndarray, dose: float) -> np.ndarray:
    """Take up to half of green and blue away."""
    return image * np.array([1, 1 - dose / 2, 1 - dose / 2], np.float32)


def shuffle(image: np.ndarray, other: np.ndarray, dose: float) -> np.ndarray:
    """Change the places of up to all patches of 16 px."""
    side, height = 16, image.shape[0] // 16
    patches = image.reshape(height, side, height, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3).copy()
    rng = np.random.default_rng(0)
    moved = rng.permutation(len(patches))[: round(dose * len(patches))]
    patches[moved] = patches[np.roll(moved, 1)]
    return patches.reshape(height, height, side, side, 3).swapaxes(1, 2).reshape(image.shape)


def roll(image: np.ndarray, other: np.ndarray, dose: float) -> np.ndarray:
    """Roll sideways by up to 16 px."""
    return np.roll(image, round(16 * dose), 1)


CHANGES: dict[str, Change] = {
    "blend, to 50 %": blend,
    "blur, to 4 px": blur,
    "colour, to -50 % of G and B": colour,
    "shuffle, to all 16 px patches": shuffle,
    "roll, to 16 px": roll,
}


def metrics() -> dict[str, AnyMetric]:
    """Return every metric that can be built from its name, and some losses."""
    found: dict[str, AnyMetric] = {}
    for name in METRICS:
        options = {"least": 2} if "least" in METRICS.options(name) else {}
        try:
            if name != "loss":
                found[name] = METRICS.build({"name": name, **options})
        except InputError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    for loss, title in SHOWN.items():
        found[loss] = METRICS.build({"name": "loss", "loss": LOSSES.build({"name": loss}), "title": title})
    return found


def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return photographs and paintings of one size."""
    source = SOURCES.build({"name": "photographs"})
    pixels = [(255 * source.picture(name) + 0.5).astype(np.uint8) for name in source.names()[: len(STYLES)]]
    contents = [np.asarray(Image.fromarray(each).resize((SIZE, SIZE)), np.float32) / 255 for each in pixels]
    return [(content, paint(style, (SIZE, SIZE), 0)) for content, style in zip(contents, STYLES, strict=True)]


def curves(suite: Suite) -> dict[str, dict[str, list[float]]]:
    """Return metric per picture -> change -> its mean at each dose."""
    start = {}
    found = {name: {change: np.zeros(len(DOSES)) for change in CHANGES} for name, _ in suite.per_picture}
    for content, style in pairs():
        perfect = {"content": suite(content, content, style), "style": suite(style, content, style)}
        for name, metric in suite.per_picture:
            better = max if metric.better == "higher" else min
            start[name] = better(perfect, key=lambda kind: perfect[kind][name] or 0.0) if metric.compares else "content"
        for change, apply in CHANGES.items():
            for place, dose in enumerate(DOSES):
                for kind, image, other in (("content", content, style), ("style", style, content)):
                    output = np.clip(apply(image, other, dose), 0, 1).astype(np.float32)
                    values = suite(output, content, style)
                    for name in found:
                        if start[name] == kind:
                            found[name][change][place] += (values[name] or 0.0) / len(STYLES)
    return {name: {change: list(map(float, line)) for change, line in lines.items()} for name, lines in found.items()}


def curves_over_sets(suite: Suite) -> dict[str, dict[str, list[float]]]:
    """Return metric over a set -> change -> its value at each dose, of paintings against those that they were."""
    styles = [paint(STYLES[seed % len(STYLES)], (SIZE, SIZE), seed) for seed in range(MANY)]
    found = {name: {change: [] for change in CHANGES} for name, _ in suite.over_set}
    for change, apply in CHANGES.items():
        for dose in DOSES:
            outputs = [
                np.clip(apply(image, other, dose), 0, 1).astype(np.float32)
                for image, other in zip(styles, styles[1:] + styles[:1], strict=True)
            ]
            read = [partial(np.asarray, image) for image in outputs], [partial(np.asarray, image) for image in styles]
            values = suite.of_set(read[0], {"style": read[1], "content": read[1]})
            for name in found:
                found[name][change].append(values[name].value or 0.0)
    return found


def panel(title: str, note: str, lines: dict[str, list[float]], left: float, top: float) -> list[ET.Element]:
    """Return the chart of one metric."""
    width, height = 220, 120
    values = [value for line in lines.values() for value in line]
    axis = Axis.linear(min(0.0, *values), max(values), top + height, top)
    across = Axis.linear(0, 1, left, left + width)
    found = [
        element("text", title, x=left, y=top - 18, class_="title"),
        element("text", note, x=left, y=top - 6),
        element("path", d=f"M{left} {top}V{top + height}H{left + width}", class_="axis"),
    ]
    for y, text in axis.ticks():
        found.append(element("text", text, x=left - 4, y=y + 3, text_anchor="end"))
    for colour_, line in zip(COLOURS, lines.values(), strict=True):
        points = " ".join(f"{across.place(x):.1f},{axis.place(y):.1f}" for x, y in zip(DOSES, line, strict=True))
        found.append(element("polyline", points=points, stroke=colour_))
    return found


def chart(suite: Suite, lines: dict[str, dict[str, list[float]]]) -> str:
    """Return the drawing."""
    style = (
        "text{font:10px sans-serif}.title{font-weight:bold}polyline{fill:none;stroke-width:1.8}"
        ".axis{fill:none;stroke:#888}rect{fill:#fff}"
    )
    columns, rows = 4, -(-len(lines) // 4)
    width, height = 20 + columns * 300, 70 + rows * 180
    inside = [element("style", style), element("rect", width="100%", height="100%")]
    for number, change in enumerate(CHANGES):
        x = 50 + 210 * number
        inside.append(element("polyline", points=f"{x},20 {x + 20},20", stroke=COLOURS[number]))
        inside.append(element("text", change, x=x + 25, y=24))
    contracts = suite.contracts()
    for place, (name, each) in enumerate(lines.items()):
        better = {"lower": "lower is better", "higher": "higher is better", None: "neither is better"}
        note = f"{name}, {better[contracts[name]['better']]}"
        title = contracts[name]["label"]
        inside += panel(title, note, each, 50 + place % columns * 300, 80 + place // columns * 180)
    label = "How the value of each metric changes with the dose of five changes of the perfect picture"
    svg = drawing("dose", width, height, label, *inside)
    return svg.replace("<svg ", f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" ', 1) + "\n"


def main() -> int:
    """Measure, draw and return the exit status."""
    suite = Suite.of(metrics(), vgg16())
    lines = curves(suite) | curves_over_sets(suite)
    FILE.write_text(chart(suite, {name: lines[name] for name in suite.metrics}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
