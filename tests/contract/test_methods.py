"""What every registered method must keep."""

from __future__ import annotations

import pytest

from styleresearch.methods import METHODS
from styleresearch.testing.test_methods import *  # noqa: F403 - the tests of the conformance kit


@pytest.fixture(scope="module", params=list(METHODS))
def name(request) -> str:
    return request.param


def test_methods_of_the_package_depend_on_nothing_that_is_not_in_their_spec(method):
    assert method.depends_on() == ""
