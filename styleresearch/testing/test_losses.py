"""What every loss must keep, whoever wrote it: all that ``styleresearch check`` asks, and more."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.checks.cost import cost
from styleresearch.checks.finding import findings_of
from styleresearch.checks.loss import PROPERTIES
from styleresearch.checks.probes import features
from styleresearch.checks.subject import Subject


def test_settings_are_a_documented_hashable_value(loss):
    same = dataclasses.replace(loss)
    assert same == loss
    assert hash(same) == hash(loss)
    assert loss.target in ("content", "style", "none")
    assert loss.layers
    assert type(loss).__doc__


def test_every_property_of_the_card_holds(loss):
    properties = [each for each in PROPERTIES if each[1] is not cost]  # compiled as users do, and promises nothing
    failed = [each for each in findings_of(properties, Subject(loss)) if each.verdict == "fail"]
    said = [f"{each.group}: {each.title}: {each.measured}; {each.advice}" for each in failed]
    assert not said, "\n".join(said)


def test_masked_losses_see_only_what_the_mask_shows(loss):
    if not loss.masked:
        return
    image = jax.tree.map(jnp.asarray, features(loss.layers, 12, size=(32, 40)))
    whole = loss.summarise({**image, "mask": jnp.ones((1, 32, 40, 1))})
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-3, atol=1e-3), whole, loss.summarise(image))
    mask = jnp.zeros((1, 32, 40, 1)).at[:, :, :16].set(1.0)
    beyond = {layer: jnp.arange(x.shape[2]) > 17 * x.shape[2] // 40 + 1 for layer, x in image.items()}
    changed = {layer: jnp.where(beyond[layer][None, None, :, None], 7.0, x) for layer, x in image.items()}
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-2 * float(jnp.abs(b).max())),
        loss.summarise({**changed, "mask": mask}),
        loss.summarise({**image, "mask": mask}),
    )
