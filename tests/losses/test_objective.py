"""The weighted sum: one encoder pass, targets once, several styles, masks, weights without recompiling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.losses import LOSSES, Loss, Objective
from styleresearch.losses.content import Feature
from styleresearch.losses.patch import NearestPatch
from styleresearch.losses.regularize import TotalVariation
from styleresearch.losses.style import Gram, Moments, SpatialVariance
from styleresearch.types import Style

GRAM = Gram(("relu1_1", "relu2_1"), "johnson")


@pytest.fixture(scope="module")
def objective() -> Objective:
    return Objective.of(
        {
            "content": (2.0, Feature(("relu2_1",))),
            "style": (3.0, GRAM),
            "smooth": (0.5, TotalVariation()),
        }
    )


make_targets = jax.jit(lambda objective, encoder, content, styles: objective.targets(encoder, content, styles))
evaluate = jax.jit(lambda objective, encoder, image, targets: objective(encoder, image, targets))


@jax.jit
def gram_at(encoder, image, mask=None):
    features = encoder(image, GRAM.layers)
    return GRAM.summarise(features if mask is None else {**features, "mask": mask})


def style_term(encoder, image, content, styles):
    objective = Objective.of({"style": (1.0, GRAM)})
    return np.asarray(
        evaluate(objective, encoder, image, make_targets(objective, encoder, content, styles))[1]["style"]
    )


def half(side, height=32, width=40):
    mask = jnp.zeros((1, height, width, 1))
    return mask.at[:, :, : width // 2].set(1.0) if side == "left" else mask.at[:, :, width // 2 :].set(1.0)


def convolutions(jaxpr) -> int:
    return str(jaxpr).count("conv_general_dilated[")


def test_total_is_the_weighted_sum_of_the_terms(objective, small_encoder, random_image):
    content, style, image = random_image(0, batch=2), random_image(1, batch=2), random_image(2, batch=2)
    targets = make_targets(objective, small_encoder, content, [Style(style)])
    total, terms = evaluate(objective, small_encoder, image, targets)
    assert set(terms) == {"content", "style", "smooth"}
    assert total.shape == (2,)
    np.testing.assert_allclose(total, sum(terms.values()), rtol=1e-6)

    see = jax.jit(lambda encoder, x: encoder(x, objective.layers))
    features = [see(small_encoder, x) for x in (content, style, image)]
    expected = {
        "content": 2.0 * ((features[2]["relu2_1"] - features[0]["relu2_1"]) ** 2).mean((1, 2, 3)),
        "style": 3.0 * GRAM.compare(GRAM.summarise(features[2]), GRAM.summarise(features[1])),
        "smooth": 0.5 * TotalVariation().compare(image, None),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-4)


def test_layers_are_the_union_in_order(objective):
    assert objective.layers == ("relu2_1", "relu1_1", "image")


def test_one_encoder_pass_for_all_terms(objective, small_encoder, random_image):
    image = random_image(0)
    targets = make_targets(objective, small_encoder, image, [Style(image), Style(image)])
    jaxpr = jax.make_jaxpr(lambda x: objective(small_encoder, x, targets)[0])(image)
    assert convolutions(jaxpr) == 3  # conv1_1, conv1_2, conv2_1, whatever the number of terms and styles
    jaxpr = jax.make_jaxpr(lambda x: objective.targets(small_encoder, x, [Style(image)]))(image)
    assert convolutions(jaxpr) == 6


def test_only_pixel_terms_need_no_encoder_pass(small_encoder, random_image):
    objective = Objective.of({"smooth": (1.0, TotalVariation())})
    targets = objective.targets(small_encoder, random_image(0), [Style(random_image(1))])
    assert convolutions(jax.make_jaxpr(lambda x: objective(small_encoder, x, targets)[0])(random_image(0))) == 0


def test_targets_are_summarised_once(small_encoder, random_image):
    @dataclass(frozen=True)
    class Counting(Loss):
        target: ClassVar = "style"
        layers: tuple[str, ...] = ("image",)

        def summarise(self, features: Any) -> Any:
            jax.debug.callback(lambda x: seen.append(float(x)), features["image"].mean())
            return features["image"].mean((1, 2, 3))

        def compare(self, pred: Any, target: Any) -> Any:
            return (pred - target) ** 2

    seen: list[float] = []
    objective = Objective.of({"count": (1.0, Counting())})
    style, image = jnp.full((1, 8, 8, 3), 0.25), jnp.full((1, 8, 8, 3), 0.75)
    targets = make_targets(objective, small_encoder, image, [Style(style)])
    for _ in range(3):
        value, _ = evaluate(objective, small_encoder, image, targets)
    jax.effects_barrier()
    assert float(value[0]) == pytest.approx(0.25)
    assert seen == [0.25, 0.75, 0.75, 0.75]


def test_terms_without_a_target(small_encoder, random_image):
    objective = Objective.of({"flat": (-1.0, SpatialVariance(("relu1_1",))), "smooth": (1.0, TotalVariation())})
    image = random_image(3)
    targets = make_targets(objective, small_encoder, random_image(0), [Style(random_image(1))])
    assert targets.content == {}
    assert targets.style == {}
    _, terms = evaluate(objective, small_encoder, image, targets)
    loss = SpatialVariance(("relu1_1",))
    expected = loss.summarise(jax.jit(lambda e, x: e(x, ("relu1_1",)))(small_encoder, image))
    np.testing.assert_allclose(terms["flat"], -expected, rtol=1e-4)


def test_several_styles_count_by_their_weights(small_encoder, random_image):
    content, a, b = random_image(0), random_image(1), random_image(2)
    image = random_image(3)
    alone = [style_term(small_encoder, image, content, [Style(x)]) for x in (a, b)]
    mixed = style_term(small_encoder, image, content, [Style(a, 3.0), Style(b, 1.0)])
    np.testing.assert_allclose(mixed, 0.75 * alone[0] + 0.25 * alone[1], rtol=1e-4)
    # Only ratios matter, and a weight of zero is a style left out.
    doubled = style_term(small_encoder, image, content, [Style(a, 6.0), Style(b, 2.0)])
    np.testing.assert_allclose(doubled, mixed, rtol=1e-5)
    without = style_term(small_encoder, image, content, [Style(a), Style(b, 0.0)])
    np.testing.assert_allclose(without, alone[0], rtol=1e-5)


def test_several_gram_targets_pull_like_their_blend(small_encoder, random_image):
    content, a, b, image = (random_image(seed) for seed in range(4))
    objective = Objective.of({"style": (1.0, GRAM)})
    targets = make_targets(objective, small_encoder, content, [Style(a, 3.0), Style(b, 1.0)])
    mixed = jax.jit(jax.grad(lambda x: objective(small_encoder, x, targets)[0].sum()))(image)
    blend = jax.tree.map(lambda x, y: 0.75 * x + 0.25 * y, gram_at(small_encoder, a), gram_at(small_encoder, b))
    blended = jax.jit(jax.grad(lambda x: GRAM.compare(GRAM.summarise(small_encoder(x, GRAM.layers)), blend).sum()))(
        image
    )
    np.testing.assert_allclose(mixed, blended, rtol=1e-3, atol=1e-4 * float(jnp.abs(blended).max()))


def test_a_full_mask_is_no_mask(small_encoder, random_image):
    content, style, image = random_image(0), random_image(1), random_image(2)
    plain = style_term(small_encoder, image, content, [Style(style)])
    full = jnp.ones((1, 32, 40, 1))
    masked = style_term(small_encoder, image, content, [Style(style, where=full, mask=full)])
    np.testing.assert_allclose(masked, plain, rtol=1e-4)


def test_a_mask_is_the_loss_on_that_region(small_encoder, random_image):
    content, style, image = random_image(0), random_image(1), random_image(2)
    left, right = half("left"), half("right")
    masked = style_term(small_encoder, image, content, [Style(style, where=left, mask=right)])
    expected = GRAM.compare(gram_at(small_encoder, image, left), gram_at(small_encoder, style, right))
    np.testing.assert_allclose(masked, expected, rtol=1e-4)
    # What lies beyond the reach of the region's convolutions does not count; what lies inside does.
    outside = jnp.where(jnp.arange(40)[None, None, :, None] > 30, 0.0, image)
    inside = jnp.where(jnp.arange(40)[None, None, :, None] < 10, 0.0, image)
    changed = [style_term(small_encoder, x, content, [Style(style, where=left, mask=right)]) for x in (outside, inside)]
    np.testing.assert_allclose(changed[0], masked, rtol=1e-4)
    assert abs(changed[1] - masked)[0] > 0.05 * masked[0]


def test_regions_count_by_weight_and_area(small_encoder, random_image):
    content, a, b, image = (random_image(seed) for seed in range(4))
    strip = jnp.zeros((1, 32, 40, 1)).at[:, :, :8].set(1.0)
    rest = 1.0 - strip
    terms = [
        style_term(small_encoder, image, content, [Style(style, where=where)])
        for style, where in ((a, strip), (b, rest))
    ]
    both = style_term(small_encoder, image, content, [Style(a, 2.0, where=strip), Style(b, 1.0, where=rest)])
    # Weights 2 and 1 on areas 0.2 and 0.8: shares 1/3 and 2/3.
    np.testing.assert_allclose(both, terms[0] / 3 + 2 * terms[1] / 3, rtol=1e-4)


def test_each_image_of_a_batch_has_its_own_masks(small_encoder, random_image):
    content, a, b, image = (random_image(seed, batch=2) for seed in range(4))
    where = jnp.concatenate([half("left").at[:, :, 4:].set(0.0), half("left")])
    together = style_term(small_encoder, image, content, [Style(a, where=where), Style(b, where=1 - where)])
    for i in range(2):
        one = slice(i, i + 1)
        styles = [Style(a[one], where=where[one]), Style(b[one], where=1 - where[one])]
        alone = style_term(small_encoder, image[one], content[one], styles)
        np.testing.assert_allclose(together[one], alone, rtol=1e-4)


def test_masks_under_a_loss_that_has_no_masked_form_are_refused(small_encoder, random_image):
    objective = Objective.of({"style": (1.0, GRAM), "patches": (1.0, NearestPatch(("relu2_1",)))})
    for masks in ({"where": half("left")}, {"mask": half("left")}):
        with pytest.raises(InputError, match=r"the terms patches have no masked form; .*covariance, gram, moments"):
            objective.targets(small_encoder, random_image(0), [Style(random_image(1), **masks)])


def test_weights_and_styles_compile_nothing(small_encoder, random_image):
    traces = []

    @jax.jit
    def run(objective, encoder, image, targets):
        traces.append(1)
        return objective(encoder, image, targets)[0]

    image, content = random_image(0), random_image(1)
    values = set()
    for weight, style in ((1.0, random_image(2)), (2.5, random_image(2)), (2.5, random_image(3))):
        # A new, equal loss object each time, as a config would build it.
        loss = LOSSES.build({"name": "moments", "layers": ("relu1_1",)})
        objective = Objective.of({"style": (weight, loss)})
        targets = make_targets(objective, small_encoder, content, [Style(style, weight)])
        values.add(float(run(objective, small_encoder, image, targets)[0]))
    assert len(values) == 3
    assert len(traces) == 1
    changed = Objective.of({"style": (1.0, Moments(("relu1_1",), "sum"))})
    run(changed, small_encoder, image, make_targets(changed, small_encoder, content, [Style(random_image(2))]))
    assert len(traces) == 2  # the counter counts


def test_an_objective_needs_terms_with_free_names():
    with pytest.raises(InputError, match="at least one term"):
        Objective.of({})
    for name in ("total", "evaluations"):
        with pytest.raises(InputError, match=f"cannot be called '{name}'"):
            Objective.of({name: (1.0, TotalVariation())})
