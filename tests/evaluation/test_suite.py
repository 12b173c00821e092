"""A set of metrics as a comparison applies it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.evaluation import suite as module
from styleresearch.evaluation.metrics import SSIM, ColorHistogram, LossMetric, Metric
from styleresearch.evaluation.suite import Suite
from styleresearch.losses import Objective
from styleresearch.losses.content import Feature
from styleresearch.losses.style import Gram, Moments
from styleresearch.ops import programs

CONTENT, STYLE = Feature(("relu2_1",)), Gram(("relu1_1", "relu2_1"))


@dataclass(frozen=True)
class Constant(Metric):
    """A metric whose value is known."""

    value: float
    title: str = "Constant"
    better: ClassVar = "lower"
    source: ClassVar = "a test"

    def __call__(self, encoder, output, content, style):
        return jnp.full(output.shape[0], self.value)

    def definition(self):
        return f"Always {self.value}."

    def check(self, encoder, size=None):
        if size is not None and min(size) < 4:
            raise InputError("too small for a constant")


@pytest.fixture
def suite(small_encoder) -> Suite:
    metrics = {"style": LossMetric(STYLE), "ssim": SSIM(), "content": LossMetric(CONTENT), "color": ColorHistogram()}
    return Suite.of(metrics, small_encoder)


def test_values_are_the_metrics_in_order(suite, small_encoder, random_image):
    output, content, style = random_image(0), random_image(1), random_image(2, 48, 32)
    values = suite(np.asarray(output[0]), np.asarray(content[0]), np.asarray(style[0]))
    assert list(values) == ["style", "ssim", "content", "color"]
    assert all(type(value) is float for value in values.values())
    for name, metric in suite.metrics:
        summary = metric.summarise(small_encoder, style)
        wanted = float(jax.jit(metric)(small_encoder, output, content, summary)[0])
        assert values[name] == pytest.approx(wanted, rel=1e-4, abs=1e-6)


def test_the_same_sizes_compile_once(suite, random_image):
    images = [[np.asarray(random_image(seed + 3 * i)[0]) for seed in range(3)] for i in range(2)]
    suite(*images[0])
    before = programs.compiled()[0]
    suite(*images[1])
    again = Suite.of(dict(suite.metrics), suite.encoder)
    again(*images[1])
    assert programs.compiled()[0] == before


def test_three_sizes_of_outputs_and_three_of_styles_are_six_programs(small_encoder):
    suite = Suite.of(
        {"ssim": SSIM(), "style": LossMetric(Gram(("relu1_1",))), "color": ColorHistogram()}, small_encoder
    )
    rng = np.random.default_rng(0)
    before, values = programs.compiled()[0], {}
    styles = [rng.random((18, 20 + j, 3), np.float32) for j in range(3)]
    for i in range(3):
        output, content = rng.random((2, 16, 16 + i, 3), np.float32)
        for j, style in enumerate(styles):
            values[i, j] = suite(output, content, style)
    assert programs.compiled()[0] - before == 6
    assert len({tuple(each.values()) for each in values.values()}) == 9


def test_a_style_is_summarised_once(small_encoder, random_image):
    seen = []

    @dataclass(frozen=True)
    class Mean(Constant):
        def summarise(self, encoder: Encoder, style):
            jax.debug.callback(lambda value: seen.append(float(value)), style.mean())
            return style.mean((1, 2, 3))

        def __call__(self, encoder: Encoder, output, content, style):
            return style

    image, *styles = (np.asarray(random_image(seed)[0]) for seed in range(3))
    suite = Suite.of({"mean": Mean(0.0)}, small_encoder)
    for style in (styles[0], styles[1], styles[0].copy(), styles[1]):
        assert suite(image, image, style)["mean"] == pytest.approx(style.mean(), rel=1e-5)
    jax.effects_barrier()
    assert len(seen) == 2


def test_a_metric_without_summaries_is_given_the_style_image(small_encoder, random_image):
    @dataclass(frozen=True)
    class Brightness(Constant):
        def __call__(self, encoder: Encoder, output, content, style):
            return style.mean((1, 2, 3)) - output.mean((1, 2, 3))

    suite = Suite.of({"brightness": Brightness(0.0)}, small_encoder)
    image = np.asarray(random_image(0)[0])
    for style in (np.asarray(random_image(1, 24, 20)[0]), np.asarray(random_image(2, 20, 28)[0])):
        assert suite(image, image, style)["brightness"] == pytest.approx(style.mean() - image.mean(), abs=1e-5)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_json_has_no_name_for_is_none(small_encoder, random_image, value):
    image = np.asarray(random_image(0)[0])
    values = Suite.of({"broken": Constant(value), "fine": Constant(2.0)}, small_encoder)(image, image, image)
    assert values == {"broken": None, "fine": 2.0}


def test_the_precision_of_methods_does_not_reach_the_metrics(small_encoder, monkeypatch, random_image):
    seen = []

    @dataclass(frozen=True)
    class Spy(Constant):
        def __call__(self, encoder: Encoder, output, content, style):
            seen.append(module.jax.config.jax_default_matmul_precision)
            return super().__call__(encoder, output, content, style)

    image = np.asarray(random_image(0)[0])
    with module.jax.default_matmul_precision("bfloat16"):
        Suite.of({"spy": Spy(1.0)}, small_encoder)(image, image, image)
    assert seen == ["float32"]


def test_too_small_an_image_is_refused(small_encoder):
    image = np.zeros((3, 20, 3), np.float32)
    with pytest.raises(InputError, match="too small for a constant"):
        Suite.of({"constant": Constant(0.0)}, small_encoder)(image, image, image)


def test_contracts_are_what_the_file_holds(suite):
    contracts = json.loads(json.dumps(suite.contracts(), allow_nan=False))
    assert list(contracts) == ["style", "ssim", "content", "color"]
    for name, metric in suite.metrics:
        assert contracts[name]["label"] == metric.title
        assert contracts[name]["better"] == metric.better
        assert contracts[name]["definition"] == metric.definition()
        assert contracts[name]["source"] == metric.source
        assert contracts[name]["unit"] == ""
    assert contracts["style"]["contract"]["encoder"]["digest"] == suite.encoder.digest
    assert contracts["ssim"]["contract"]["encoder"] is None


def test_in_sample_needs_the_same_statistic_on_a_layer_in_common(suite):
    def marked(**terms):
        return suite.in_sample(Objective.of({name: (1.0, loss) for name, loss in terms.items()}))

    assert marked(a=CONTENT, b=STYLE) == ["style", "content"]
    assert marked(a=Gram(("relu2_1", "relu3_1"))) == ["style"]
    assert marked(a=Gram(("relu2_1",), convention="johnson")) == ["style"]
    assert marked(a=Gram(("relu3_1",))) == []
    assert marked(a=Moments(("relu1_1", "relu2_1"))) == []
    assert suite.in_sample(None) == []


def test_what_another_encoder_saw_is_not_in_sample(suite):
    objective = Objective.of({"style": (1.0, STYLE)})
    assert suite.in_sample(objective, seen_by=suite.encoder.digest) == suite.in_sample(objective) == ["style"]
    assert suite.in_sample(objective, seen_by="0" * 64) == []
