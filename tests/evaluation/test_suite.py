"""A set of metrics as a comparison applies it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.encoder.encoder import vgg16
from styleresearch.errors import InputError
from styleresearch.evaluation import suite as module
from styleresearch.evaluation.metrics import SSIM, ColorHistogram, LossMetric, Metric, SetMetric
from styleresearch.evaluation.optimised import optimised_by, stated
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

    def __call__(self, needs, output, content, style):
        return jnp.full(output.shape[0], self.value)

    def definition(self):
        return f"Always {self.value}."

    def check(self, needs, size=None):
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
    for name, metric in suite.metrics.items():
        needs = metric.needs(small_encoder)
        summary = metric.summarise(needs, style)
        wanted = float(jax.jit(metric)(needs, output, content, summary)[0])
        assert values[name] == pytest.approx(wanted, rel=1e-4, abs=1e-6)


def test_the_same_sizes_compile_once(suite, random_image):
    images = [[np.asarray(random_image(seed + 3 * i)[0]) for seed in range(3)] for i in range(2)]
    suite(*images[0])
    before = programs.compiled()[0]
    suite(*images[1])
    again = Suite.of(suite.metrics, suite.encoder)
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
        def summarise(self, needs, style):
            jax.debug.callback(lambda value: seen.append(float(value)), style.mean())
            return style.mean((1, 2, 3))

        def __call__(self, needs, output, content, style):
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
        def __call__(self, needs, output, content, style):
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
        def __call__(self, needs, output, content, style):
            seen.append(module.jax.config.jax_default_matmul_precision)
            return super().__call__(needs, output, content, style)

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
    for name, metric in suite.metrics.items():
        assert contracts[name]["label"] == metric.title
        assert contracts[name]["better"] == metric.better
        assert contracts[name]["definition"] == metric.definition()
        assert contracts[name]["source"] == metric.source
        assert contracts[name]["unit"] == ""
    assert contracts["style"]["contract"]["encoder"]["digest"] == suite.encoder.digest
    assert contracts["ssim"]["contract"]["encoder"] is None


def test_in_sample_needs_the_same_statistic_on_a_layer_in_common(suite):
    def marked(**terms):
        objective = Objective.of({name: (1.0, loss) for name, loss in terms.items()})
        return suite.in_sample(optimised_by(objective, suite.encoder.digest))

    assert marked(a=CONTENT, b=STYLE) == ["style", "content"]
    assert marked(a=Gram(("relu2_1", "relu3_1"))) == ["style"]
    assert marked(a=Gram(("relu2_1",), convention="johnson")) == ["style"]
    assert marked(a=Gram(("relu3_1",))) == []
    assert marked(a=Moments(("relu1_1", "relu2_1"))) == []
    assert suite.in_sample(optimised_by(None, suite.encoder.digest)) == []


def test_what_a_user_says_was_optimised_is_a_metric_or_a_loss(suite):
    assert suite.in_sample(stated(("gram",), suite.metrics)) == ["style"]
    assert suite.in_sample(stated(("ssim", "moments"), suite.metrics)) == ["ssim"]
    with pytest.raises(InputError, match=r"no metric and no loss 'grma'\. Did you mean 'gram'\?"):
        stated(("grma",), suite.metrics)


def test_what_another_encoder_saw_is_not_in_sample(suite):
    objective = Objective.of({"style": (1.0, STYLE)})
    assert suite.in_sample(optimised_by(objective, suite.encoder.digest)) == ["style"]
    assert suite.in_sample(optimised_by(objective, "0" * 64)) == []


@dataclass(frozen=True)
class Through(Constant):
    """A metric with a network of its own: a matrix of any width that it multiplies pixels with."""

    width: int = 4

    def needs(self, encoder):
        return {"net": {"kernel": np.full((3, self.width), 0.5, np.float32)}}

    def __call__(self, needs, output, content, style):
        return jnp.tensordot(output, needs["net"]["kernel"], 1).mean((1, 2, 3))


def test_a_network_of_a_metrics_own_is_an_argument_of_the_program_and_never_a_constant(small_encoder, random_image):
    image = np.asarray(random_image(0)[0])

    def text(width: int) -> str:
        suite = Suite.of({"through": Through(0.0, width=width), "style": LossMetric(STYLE)}, small_encoder)
        assert suite(image, image, image)["through"] == pytest.approx(1.5 * image.mean(), rel=1e-5)
        plan, batch = suite._plan(suite.per_picture), image[None]
        summaries = module._summarise(plan, suite.networks, batch)
        return module._measure.lower(plan, suite.networks, batch, batch, summaries).as_text()

    small, large = text(4), text(100_000)
    assert "100000" in large
    assert len(large) < len(small) + 200


def test_what_two_metrics_see_through_equal_encoders_is_computed_once(small_encoder, random_image):
    image = np.asarray(random_image(0)[0])

    def convolutions(**encoders) -> int:
        suite = Suite.of({"a": LossMetric(STYLE), "b": LossMetric(Gram(("relu1_1",)))}, small_encoder, encoders)
        plan, batch = suite._plan(suite.per_picture), image[None]
        summaries = module._summarise(plan, suite.networks, batch)
        program = module._measure.lower(plan, suite.networks, batch, batch, summaries).compile().as_text()
        assert len(suite.networks) == len({id(network) for network in suite.networks})
        return str(program).count(" convolution(") + str(program).count("custom-call")

    alone = convolutions()
    assert convolutions(b=vgg16(weights="random", width=0.125)) == alone
    assert convolutions(b=vgg16(weights="random", width=0.125, seed=1)) > alone


def test_a_metric_with_an_encoder_of_its_own_sees_through_that_one(small_encoder, random_image):
    other = vgg16(weights="random", width=0.125, seed=1)
    images = [np.asarray(random_image(seed)[0]) for seed in range(3)]
    both = Suite.of({"ours": LossMetric(STYLE), "theirs": LossMetric(STYLE)}, small_encoder, {"theirs": other})
    values = both(*images)
    assert values["ours"] == pytest.approx(Suite.of({"it": LossMetric(STYLE)}, small_encoder)(*images)["it"], rel=1e-5)
    assert values["theirs"] == pytest.approx(Suite.of({"it": LossMetric(STYLE)}, other)(*images)["it"], rel=1e-5)
    contracts = both.contracts()
    assert contracts["ours"]["contract"]["encoder"]["digest"] == small_encoder.digest
    assert contracts["theirs"]["contract"]["encoder"]["digest"] == other.digest
    # What a method optimised under one encoder is not what is measured through another.
    objective = Objective.of({"style": (1.0, STYLE)})
    assert both.in_sample(optimised_by(objective, small_encoder.digest)) == ["ours"]
    assert both.in_sample(optimised_by(objective, other.digest)) == ["theirs"]


@dataclass(frozen=True)
class MeanDistance(SetMetric):
    """Distance of the mean colours of two sets."""

    least: int = 2
    title: str = "Mean distance"
    better: ClassVar = "lower"
    source: ClassVar = "a test"
    references: ClassVar = "style"

    def embed(self, needs, image):
        return {"mean": image.mean((1, 2))}

    def compare(self, outputs, references):
        return abs(outputs["mean"].mean() - references["mean"].mean())

    def definition(self):
        return "Distance of means."


def pictures(*images):
    return [partial(np.asarray, image) for image in images]


def test_a_metric_over_a_set_is_given_all_pictures_of_both_sets(small_encoder, random_image):
    outputs = [np.asarray(random_image(seed, 20, 24 + seed)[0]) for seed in range(3)]
    styles = [np.asarray(random_image(seed, 18, 16)[0]) for seed in (7, 8)]
    suite = Suite.of({"ssim": SSIM(), "means": MeanDistance()}, small_encoder)
    found = suite.of_set(pictures(*outputs), {"content": [], "style": pictures(*styles)})
    wanted = abs(np.mean([o.mean((0, 1)) for o in outputs]) - np.mean([s.mean((0, 1)) for s in styles]))
    assert list(found) == ["means"]
    assert found["means"].value == pytest.approx(wanted, rel=1e-4)
    assert list(suite(outputs[0], outputs[0], styles[0])) == ["ssim"]


def test_too_few_pictures_have_no_value_and_the_reason_is_said(small_encoder, random_image):
    image = np.asarray(random_image(0)[0])

    def never() -> np.ndarray:
        raise AssertionError("read for nothing")

    suite = Suite.of({"means": MeanDistance(least=3)}, small_encoder)
    short = suite.of_set([never] * 3, {"content": [never] * 5, "style": [never]})["means"]
    assert (short.value, short.reason) == (None, "1 style picture, and it needs at least 3")
    short = suite.of_set([never], {"content": [], "style": [never] * 2})["means"]
    assert short.reason == "1 picture and 2 style pictures, and it needs at least 3"
    assert suite.of_set(pictures(*[image] * 3), {"content": [], "style": pictures(*[image] * 3)})["means"].value == 0


def test_a_reference_is_embedded_once_for_all_methods(small_encoder, random_image):
    seen = []

    @dataclass(frozen=True)
    class Counting(MeanDistance):
        def embed(self, needs, image):
            jax.debug.callback(lambda value: seen.append(float(value)), image.mean())
            return super().embed(needs, image)

    outputs, styles = ([np.asarray(random_image(seed + start)[0]) for seed in range(2)] for start in (0, 5))
    suite = Suite.of({"means": Counting()}, small_encoder)
    for _ in range(3):
        suite.of_set(pictures(*outputs), {"content": [], "style": pictures(*styles)})
    jax.effects_barrier()
    assert len(seen) == 3 * 2 + 2


def test_a_value_over_a_set_that_is_no_number_is_none(small_encoder, random_image):
    @dataclass(frozen=True)
    class Broken(MeanDistance):
        def compare(self, outputs, references):
            return float("nan")

    images = pictures(*[np.asarray(random_image(0)[0])] * 2)
    found = Suite.of({"broken": Broken()}, small_encoder).of_set(images, {"content": [], "style": images})["broken"]
    assert (found.value, found.reason) == (None, "the value is NaN or infinite")


def test_a_metric_that_has_halves_is_measured_over_two_of_them_too(small_encoder):
    @dataclass(frozen=True)
    class Counted(MeanDistance):
        halves: ClassVar = True

        def compare(self, outputs, references):
            return 1000 / len(outputs["mean"]) + outputs["mean"][:, 0].sum()

    images = pictures(*(np.full((32, 40, 3), level / 8, np.float32) for level in range(5)))
    suite = Suite.of({"counted": Counted(), "plain": MeanDistance()}, small_encoder)
    found = suite.of_set(images, {"content": [], "style": images})
    # 5 of them are two halves of 2, which have nothing in common.
    half = found["counted"].half
    assert half is not None
    assert 500 + 0.5 * 6 / 8 <= half <= 500 + 0.5 * 10 / 8
    assert found["plain"].half is None
    assert suite.of_set(images[:3], {"content": [], "style": images[:3]})["counted"].half is None
