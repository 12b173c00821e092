"""What a method says that it takes, and methods that were written for the contract of before."""

from __future__ import annotations

import jax.numpy as jnp
import pytest

from styleresearch.errors import InputError
from styleresearch.methods import METHODS, Method, Takes, TrainedMethod
from styleresearch.methods.baselines import ColorTransfer
from styleresearch.methods.gatys import Gatys
from styleresearch.methods.styles import check_styles
from styleresearch.types import Style

IMAGE = jnp.full((1, 8, 8, 3), 0.5)
PLAIN, MASKED = Style(IMAGE), Style(IMAGE, where=jnp.ones((1, 8, 8, 1)))


@pytest.mark.parametrize(
    ("takes", "styles"),
    [
        (Takes(), (PLAIN,)),
        (Takes(styles="none"), ()),
        (Takes(styles="many"), [PLAIN, PLAIN]),
        (Takes(styles="many", masks=True), (PLAIN, MASKED)),
    ],
)
def test_what_a_method_takes_passes(takes, styles):
    check_styles("it", takes, styles, 1)


@pytest.mark.parametrize(
    ("takes", "styles", "message"),
    [
        (Takes(), (), "it needs a style image, none came"),
        (Takes(), (PLAIN, PLAIN), "it takes one style and no masks; several styles and masks go with adain, .*, gatys"),
        (Takes(), (MASKED,), "it takes one style and no masks"),
        (Takes(styles="many"), (MASKED,), "it takes no masks; they go with adain, arbitrary_gan, gatys"),
        (Takes(styles="none"), (PLAIN,), "it paints the one domain that it learned and takes no style"),
        (
            Takes(),
            IMAGE,
            r"such as \[Style\(image\)\], and not ArrayImpl of shape \(1, 8, 8, 3\)",
        ),
        (Takes(), (IMAGE,), r"a sequence of Style, such as \[Style\(image\)\], and not tuple"),
    ],
)
def test_what_it_does_not_take_is_refused_with_what_to_do(takes, styles, message):
    with pytest.raises(InputError, match=message):
        check_styles("it", takes, styles, 1)


@pytest.mark.parametrize("name", list(METHODS))
def test_a_method_that_takes_styles_says_so(name):
    assert isinstance(METHODS.get(name).takes, Takes)  # pyright: ignore[reportFunctionMemberAccess]


def test_the_layers_of_a_method_are_those_of_its_objective():
    assert ColorTransfer().layers == ()
    assert isinstance(Gatys.layers, property)


@pytest.mark.parametrize(
    ("flag", "base", "now"),
    [
        ({"guided": True}, Method, 'takes = Takes(styles="many", masks=True)'),
        ({"takes_style": False}, Method, 'takes = Takes(styles="none")'),
        ({"encodes": False}, TrainedMethod, "takes = Takes(encoder=False)"),
        ({"stylizes_with": ("strength",)}, TrainedMethod, "takes = Takes(options=...)"),
        ({"reads_styles": False}, TrainedMethod, 'reads = Reads(styles="none")'),
        ({"reads_pairs": True}, TrainedMethod, 'reads = Reads(styles="pairs")'),
        ({"learns_from": ("styles",)}, TrainedMethod, "reads = Reads(options=...)"),
    ],
)
def test_a_method_of_the_former_contract_is_one_line_that_says_what_to_do(flag, base, now):
    with pytest.raises(InputError) as refused:
        type("Mine", (base,), flag)
    (name,) = flag
    assert str(refused.value) == f"the method Mine has {name}, which is {now} now; see docs/add_a_method.md"


def test_a_method_that_takes_a_style_and_not_styles_is_one_line_that_says_what_to_do():
    with pytest.raises(
        InputError, match=r"^the method Mine: stylize takes styles, .* write styles\[0\]\.image"
    ) as refused:

        class Mine(Method):
            def stylize(self, params, encoder, content, style, *, key, progress=None):
                return content

    assert "\n" not in str(refused.value)


def test_a_setting_may_have_the_name_of_a_former_flag():
    class Mine(Method):
        guided: bool = True

        def stylize(self, params, encoder, content, styles, *, key, progress=None):
            return content

    assert Mine().guided
