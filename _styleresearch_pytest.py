"""The options of the conformance kit, for pytest to know before it reads a test: see ``styleresearch.testing``.

Not in the package: pytest loads this in every run, and must not import the package for it.
"""

from __future__ import annotations

from typing import Any


def pytest_addoption(parser: Any) -> None:
    """Add the options."""
    group = parser.getgroup("styleresearch")
    group.addoption(
        "--styleresearch-module",
        metavar="FILE.py|MODULE",
        help="with --pyargs styleresearch.testing: whose losses, metrics, methods and pictures are tested",
    )
    group.addoption(
        "--styleresearch-options",
        metavar="JSON",
        default="{}",
        help='options of those that must be given some: \'{"NAME": {"OPTION": 3}}\'',
    )
