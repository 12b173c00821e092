"""Optimising the image: budgets counted from outside, stages, starts, failures, styles and masks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from styleresearch.errors import InputError
from styleresearch.losses import Loss, Objective
from styleresearch.losses.content import Feature
from styleresearch.losses.regularize import TotalVariation
from styleresearch.losses.style import Gram, Moments
from styleresearch.methods.gatys import Gatys, NonFiniteLossError
from styleresearch.optim.optimizers import LBFGS, Adam
from styleresearch.types import Style

seen: list[np.ndarray] = []
traces: list[tuple[int, ...]] = []


@dataclass(frozen=True)
class Watch(Loss):
    """Counts nothing in the total: notes every image that the objective is evaluated on, outside of the method."""

    target: ClassVar = "none"
    layers: tuple[str, ...] = ("image",)

    def summarise(self, features: Any) -> Any:
        return features["image"]

    def compare(self, pred: Any, target: Any) -> Any:
        traces.append(pred.shape)
        jax.debug.callback(lambda x: seen.append(np.array(x[0])), pred)
        return jnp.zeros(pred.shape[0])


@dataclass(frozen=True)
class Broken(Loss):
    """The mean of the image; not a number once it is below ``floor``."""

    floor: float = 0.0
    target: ClassVar = "none"
    layers: tuple[str, ...] = ("image",)

    def summarise(self, features: Any) -> Any:
        return features["image"].mean((1, 2, 3))

    def compare(self, pred: Any, target: Any) -> Any:
        return jnp.where(pred < self.floor, jnp.nan, pred)


@dataclass(frozen=True)
class BrokenGradient(Loss):
    """Zero, with a gradient that is not a number."""

    target: ClassVar = "none"
    layers: tuple[str, ...] = ("image",)

    def summarise(self, features: Any) -> Any:
        return features["image"].sum((1, 2, 3))

    def compare(self, pred: Any, target: Any) -> Any:
        return jnp.sqrt(pred - pred)


PICTURE = {"content": (1.0, Feature(("relu2_1",))), "style": (1.0, Gram(("relu1_1", "relu2_1"), "johnson"))}
# Pixels only: no encoder, so stages of many sizes compile quickly.
PIXELS = {"content": (1.0, Feature(("image",))), "style": (1.0, Moments(("image",)))}
WATCH = {"watch": (1.0, Watch())}

OPTIMIZERS = {"adam": Adam(0.02), "lbfgs": LBFGS(history=20), "zoom": LBFGS(history=20, line_search="zoom")}


@pytest.fixture
def run(small_encoder, random_image):
    """Stylise and return the image, the loss curves of all reports, and every image that was evaluated."""

    def stylize(method, content=None, style=None, seed=0):
        seen.clear()
        curves: dict[str, list[float]] = {}

        def note(progress):
            assert progress.budget == method.evaluations
            for name, values in progress.history.items():
                curves.setdefault(name, []).extend(values)
            assert progress.evaluations >= curves["evaluations"][-1]

        output = method.stylize(
            None,
            small_encoder,
            random_image(0) if content is None else content,
            style if isinstance(style, list) else [Style(random_image(1, 36, 28) if style is None else style)],
            key=jax.random.key(seed),
            progress=note,
        )
        jax.effects_barrier()
        return np.asarray(output), curves, list(seen)

    return stylize


def gatys(terms, optimizer="adam", **options):
    return Gatys(Objective.of(terms), OPTIMIZERS[optimizer], **options)


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_the_loss_falls_within_the_budget(optimizer, run, random_image):
    budget = 25
    method = gatys(PICTURE | WATCH, optimizer, evaluations=budget, report_every=10)
    output, curves, images = run(method)
    assert output.shape == (1, 32, 40, 3)
    assert output.min() >= 0
    assert output.max() <= 1
    assert np.abs(output - random_image(0)).max() > 0.05
    assert curves["total"][-1] < 0.3 * curves["total"][0]
    np.testing.assert_allclose(curves["total"], np.add(curves["content"], curves["style"]), rtol=1e-5)
    # The content is the first image evaluated, so it has no content loss at all.
    np.testing.assert_array_equal(images[0], random_image(0)[0])
    assert curves["content"][0] == 0
    assert curves["content"][1] > 0
    if optimizer == "zoom":
        # A search that has begun is finished: at most its evaluations beyond the budget, and all are counted.
        assert curves["evaluations"][-1] <= budget
        assert budget <= len(images) <= budget + 1 + OPTIMIZERS["zoom"].max_line_search
        steps = np.diff([*curves["evaluations"], len(images) + 1])
        assert (steps >= 2).all()
        assert curves["evaluations"] == sorted(set(curves["evaluations"]))
    else:
        assert curves["evaluations"] == list(range(1, budget + 1))
        assert len(images) == budget


@pytest.mark.parametrize("clip", ["end", "step"])
def test_clipping_every_step_keeps_every_image_in_range(clip, run):
    method = Gatys(Objective.of(PIXELS | WATCH), Adam(0.5), evaluations=6, clip=clip)
    output, _, images = run(method, style=jnp.ones((1, 8, 8, 3)))
    inside = all(image.min() >= 0 and image.max() <= 1 for image in images)
    assert inside == (clip == "step")
    assert output.min() >= 0
    assert output.max() <= 1


@pytest.mark.parametrize(
    ("pyramid", "budget", "expected"),
    [
        (((0.5, 0.6), (1.0, 0.4)), 20, {(16, 20): 12, (32, 40): 8}),
        (((0.25, 3.0), (0.5, 2.0), (1.0, 1.0)), 12, {(8, 10): 6, (16, 20): 4, (32, 40): 2}),
        # However small its share, a stage gets one evaluation, and the sum stays the budget.
        (((0.25, 0.001), (0.5, 0.998), (1.0, 0.001)), 5, {(8, 10): 1, (16, 20): 3, (32, 40): 1}),
        (((0.25, 0.998), (0.5, 0.001), (1.0, 0.001)), 3, {(8, 10): 1, (16, 20): 1, (32, 40): 1}),
    ],
)
def test_stages_have_their_size_and_share(pyramid, budget, expected, run):
    method = gatys(PIXELS | WATCH, evaluations=budget, pyramid=pyramid, report_every=4)
    output, curves, images = run(method)
    assert output.shape == (1, 32, 40, 3)
    assert curves["evaluations"] == list(range(1, budget + 1))
    assert Counter(image.shape[:2] for image in images) == expected
    # From coarse to fine.
    heights = [image.shape[0] for image in images]
    assert heights == sorted(heights)


def test_each_stage_starts_from_the_one_before(run, random_image):
    # With nothing to optimise the result of a stage is its start: the content, half as large, and enlarged again.
    method = gatys(WATCH, evaluations=2, pyramid=((0.5, 0.5), (1.0, 0.5)), init="noise", noise=0.1)
    _, _, (small, large) = run(method)
    expected = jax.image.resize(jnp.asarray(small), (32, 40, 3), "cubic")
    np.testing.assert_allclose(large, np.clip(expected, 0, 1), atol=1e-5)
    # And a warm start is worth something.
    cold = run(gatys(PIXELS, evaluations=20))[1]
    warm = run(gatys(PIXELS, evaluations=40, pyramid=((0.5, 0.5), (1.0, 0.5))))[1]
    assert warm["style"][20] < 0.8 * cold["style"][0]


def test_starts(run, random_image):
    def first(init, seed=0, **options):
        return run(gatys(WATCH, evaluations=1, init=init, **options), seed=seed)[2][0]

    np.testing.assert_array_equal(first("content"), first("content", seed=1))
    np.testing.assert_array_equal(first("content"), random_image(0)[0])
    style = jax.image.resize(random_image(1, 36, 28)[0], (32, 40, 3), "cubic")
    np.testing.assert_allclose(first("style"), np.clip(style, 0, 1), atol=1e-5)
    noise = first("noise", noise=0.3)
    np.testing.assert_array_equal(noise, first("noise", noise=0.3))
    assert np.abs(noise - first("noise", seed=1, noise=0.3)).mean() > 0.2
    assert noise.std(axis=(0, 1)) == pytest.approx([0.3] * 3, rel=0.1)
    assert noise.mean(axis=(0, 1)) == pytest.approx([0.485, 0.458, 0.408], abs=0.03)


def test_each_image_of_a_batch_has_its_own_noise(run, random_image):
    content = jnp.concatenate([random_image(0)] * 2)
    style = jnp.concatenate([random_image(1)] * 2)
    output, _, _ = run(gatys(WATCH, evaluations=1, init="noise"), content, style)
    assert np.abs(output[0] - output[1]).mean() > 0.05


def test_a_broken_term_is_named_with_its_evaluation(run):
    # Adam lowers the mean by its learning rate at every step.
    content = jnp.full((1, 8, 8, 3), 0.9)
    method = Gatys(Objective.of({"fine": (1.0, TotalVariation()), "broken": (1.0, Broken(0.655))}), Adam(0.1))
    with pytest.raises(NonFiniteLossError, match=r"the loss term 'broken' became nan at evaluation 4; lower"):
        run(method, content)
    at_once = gatys({"fine": (1.0, TotalVariation()), "broken": (float("inf"), Broken())}, evaluations=3)
    with pytest.raises(NonFiniteLossError, match=r"the loss term 'broken' became inf at evaluation 1;"):
        run(at_once, content)


def test_a_gradient_that_breaks_in_the_last_step_is_no_result(run):
    for pyramid in (((1.0, 1.0),), ((0.5, 0.5), (1.0, 0.5))):
        method = gatys({"root": (1.0, BrokenGradient())}, evaluations=len(pyramid), pyramid=pyramid)
        with pytest.raises(NonFiniteLossError, match=r"after evaluation 1 while every term was finite"):
            run(method, jnp.full((1, 8, 8, 3), 0.5))


def test_another_style_or_weight_compiles_nothing(run, random_image):
    options = {"evaluations": 3, "report_every": 3}
    results = [run(gatys(PIXELS | WATCH, **options), style=random_image(2))[0]]
    before = len(traces)
    assert before > 0
    results.append(run(gatys(PIXELS | WATCH, **options), style=random_image(3))[0])
    results.append(
        run(gatys(PIXELS | WATCH | {"style": (9.0, Moments(("image",)))}, **options), style=random_image(3))[0]
    )
    results.append(run(gatys(PIXELS | WATCH, evaluations=5, report_every=3), style=random_image(3))[0])
    results.append(
        run(gatys(PIXELS | WATCH, **options), style=[Style(random_image(3), 2.0)], content=random_image(4))[0]
    )
    assert len(traces) == before
    assert all(np.abs(a - b).max() > 1e-4 for a, b in zip(results[1:], results, strict=False))
    run(gatys(PIXELS | WATCH, **options), style=random_image(3), content=random_image(4, 24, 24))
    assert len(traces) > before  # the counter counts


def colored(color, seed):
    noise = jax.random.uniform(jax.random.key(seed), (1, 24, 24, 3)) - 0.5
    return jnp.clip(jnp.asarray(color)[None, None, None] + 0.1 * noise, 0.0, 1.0)


def test_masks_put_each_style_in_its_place(run):
    red, blue = colored([0.8, 0.3, 0.2], 0), colored([0.2, 0.3, 0.8], 1)
    content = 0.5 + 0.1 * (jax.random.uniform(jax.random.key(2), (1, 32, 40, 3)) - 0.5)
    left = jnp.zeros((1, 32, 40, 1)).at[:, :, :20].set(1.0)
    method = gatys({"style": (1.0, Gram(("relu1_1",), "johnson"))}, evaluations=60, report_every=60)

    def redness(styles):
        output, _, _ = run(method, content, styles)
        difference = (output[0, ..., 0] - output[0, ..., 2]).mean(axis=0)
        # Away from the border between both and from the image's own.
        return difference[2:17].mean(), difference[23:38].mean()

    a, b = redness([Style(red, where=left), Style(blue, where=1 - left)])
    assert a > 0.2
    assert b < -0.2
    # The other way round, and everywhere without masks.
    a, b = redness([Style(red, where=1 - left), Style(blue, where=left)])
    assert a < -0.2
    assert b > 0.2
    red_only, mostly_red, mostly_blue = (
        np.mean(redness([Style(red, weight), Style(blue, 1 - weight)])) for weight in (1.0, 0.8, 0.2)
    )
    assert red_only > 0.2
    assert red_only > mostly_red > mostly_blue


def test_a_mask_on_the_style_image_picks_its_part(run):
    both = jnp.concatenate([colored([0.8, 0.3, 0.2], 0), colored([0.2, 0.3, 0.8], 1)], axis=2)
    red = jnp.zeros((1, 24, 48, 1)).at[:, :, :24].set(1.0)
    method = gatys(PIXELS, evaluations=60, report_every=60)
    for mask, sign in ((red, 1), (1 - red, -1)):
        output, _, _ = run(method, jnp.full((1, 32, 40, 3), 0.5), [Style(both, mask=mask)])
        assert sign * (output[..., 0] - output[..., 2]).mean() > 0.2


def test_lbfgs_finds_the_solution_that_scipy_finds(run):
    # |x - c|^2 + 3 TV(x): a quadratic in the pixels.
    content = np.random.default_rng(0).uniform(size=(1, 8, 9, 3))

    def objective(flat):
        x = flat.reshape(content.shape)
        dx, dy = np.diff(x, axis=2), np.diff(x, axis=1)
        gradient = 2 * (x - content)
        gradient[:, :, 1:] += 6 * dx
        gradient[:, :, :-1] -= 6 * dx
        gradient[:, 1:] += 6 * dy
        gradient[:, :-1] -= 6 * dy
        return ((x - content) ** 2).sum() + 3 * ((dx**2).sum() + (dy**2).sum()), gradient.ravel()

    solution = scipy.optimize.minimize(
        objective, np.full(content.size, 0.5), jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10}
    )
    terms = {"content": (1.0, Feature(("image",), "sum")), "smooth": (3.0, TotalVariation())}
    method = gatys(terms, "lbfgs", evaluations=80, report_every=40, init="noise")
    output, curves, _ = run(method, jnp.asarray(content, jnp.float32))
    assert curves["total"][-1] == pytest.approx(solution.fun, rel=1e-4)
    np.testing.assert_allclose(output.ravel(), solution.x, atol=2e-3)


def test_images_too_small_for_the_coarsest_stage_are_named(run):
    deep = {"style": (1.0, Gram(("relu5_1",)))}
    with pytest.raises(InputError, match=r"image of 10x8 px is too small for layers relu5_1"):
        run(gatys(deep, pyramid=((0.25, 0.5), (1.0, 0.5))))
    with pytest.raises(InputError, match=r"image of 8x8 px is too small for layers relu5_1"):
        run(gatys(deep), style=jnp.full((1, 8, 8, 3), 0.5))


@pytest.mark.parametrize(
    ("styles", "message"),
    [
        (lambda x: [], "needs a style image"),
        (
            lambda x: [Style(jnp.concatenate([x, x]))],
            "style 1: image is a batch of 2, the content of 1; give one for each",
        ),
        (lambda x: [Style(x, where=jnp.ones((2, 4, 4, 1)))], "style 1: where is a batch of 2"),
        (lambda x: [Style(x), Style(x, mask=jnp.zeros((1, 4, 4, 1)))], "style 2: its mask shows nothing"),
        (lambda x: [Style(x, -1.0), Style(x, 3.0)], "style 1: weight -1.0 is negative"),
        (lambda x: [Style(x, 0.0)], "no style has both a weight above 0 and a place to go"),
        (lambda x: [Style(x, where=jnp.zeros((1, 4, 4, 1)))], "no style has both a weight above 0 and a place to go"),
    ],
    ids=["none", "batch", "where_batch", "empty_mask", "negative_weight", "no_weight", "no_place"],
)
def test_styles_that_do_not_fit_are_refused(styles, message, run, random_image):
    with pytest.raises(InputError, match=message):
        run(gatys(PIXELS), style=styles(random_image(1)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"evaluations": 0}, "evaluations = 0 is not from 1"),
        ({"report_every": 0}, "report_every = 0 is not from 1"),
        ({"pyramid": ()}, r"pyramid = \(\) is not of 1 to 100 entries"),
        ({"pyramid": ((2.0, 1.0), (1.0, 1.0))}, r"pyramid\[0\]\[0\] = 2.0 is not above 0 and at most 1"),
        ({"pyramid": ((0.5, -1.0), (1.0, 1.0))}, r"pyramid\[0\]\[1\] = -1.0 is not above 0"),
        ({"pyramid": ((0.5, 1.0),)}, "last stage .* must have relative size 1.0"),
        ({"pyramid": ((0.5, 1.0), (1.0, 1.0)), "evaluations": 1}, "evaluations=1 are fewer than the 2 stages"),
    ],
)
def test_settings_that_cannot_work_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        gatys(PIXELS, **options)
