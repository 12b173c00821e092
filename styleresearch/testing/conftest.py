"""The kit's tests over what the module registers that ``--styleresearch-module`` names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jax
import pytest

from styleresearch.config.file import plain
from styleresearch.data.pictures import SOURCES
from styleresearch.errors import InputError
from styleresearch.evaluation.metrics import METRICS, SetMetric
from styleresearch.losses import LOSSES, Loss
from styleresearch.methods import METHODS, Method, TrainedMethod
from styleresearch.registry import Registry
from styleresearch.store import jsonfile
from styleresearch.tasks.check import Kind, brought, built
from styleresearch.testing.fixtures import *  # noqa: F403 - for pytest, which looks for them here

_MODULE, _GIVEN = "--styleresearch-module", "--styleresearch-options"
_EXAMPLE = '{"my_loss": {"eps": 1e-6}}'
_OPTIONS = pytest.StashKey[dict[str, Any]]()
_NAMES = pytest.StashKey[dict[str, list[str]]]()
_REGISTRIES: dict[Kind, Registry[Any]] = {"loss": LOSSES, "metric": METRICS, "method": METHODS}


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    """Look at the module before the first file of the kit: what is wrong with it is said once."""
    if Path(__file__).parent in file_path.parents:
        _names(parent.config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each part of its kind that the module registers."""
    if Path(__file__).parent not in metafunc.definition.path.parents:
        return
    names = _names(metafunc.config)
    for fixture in names:
        if fixture in metafunc.fixturenames:
            learning = fixture == "name" and metafunc.definition.path.stem == "test_trained_methods"
            found = names["trained"] if learning else names[fixture]
            metafunc.parametrize(fixture, found, indirect=True, scope="module")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of what the module has none of: pytest would call them skipped."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    empty = "got empty parameter set"
    none = [each for each in here if any(empty in str(mark.kwargs) for mark in each.iter_markers("skip"))]
    if none:
        config.hook.pytest_deselected(items=none)
        items[:] = [item for item in items if item not in none]


def _names(config: pytest.Config) -> dict[str, list[str]]:
    """Return fixture -> names of what it is to give."""
    if _NAMES not in config.stash:
        module = config.getoption(_MODULE)
        if module is None:
            raise pytest.Collector.CollectError(
                f"name what is to be tested: {_MODULE}=my_losses.py, or a module that Python finds"
            )
        try:
            config.stash[_OPTIONS] = _options(str(config.getoption(_GIVEN)))
            names: dict[str, list[str]] = {kind: brought(module, registry) for kind, registry in _REGISTRIES.items()}
            names["spec"] = brought(module, SOURCES)
            if not any(names.values()):
                raise InputError(f"{module} registers no loss, metric, method or kind of pictures")
            metrics = {name: _built("metric", name, config) for name in names["metric"]}
            methods = {name: _built("method", name, config) for name in names["method"]}
        except InputError as error:
            raise pytest.Collector.CollectError(str(error)) from error
        names["over_set"] = [name for name, metric in metrics.items() if isinstance(metric, SetMetric)]
        names["per_picture"] = [name for name in metrics if name not in names["over_set"]]
        names["trained"] = [name for name, method in methods.items() if isinstance(method, TrainedMethod)]
        names["name"] = names.pop("method")
        config.stash[_NAMES] = names
    return config.stash[_NAMES]


def _options(text: str) -> dict[str, Any]:
    try:
        found = plain(jsonfile.parse(text))
    except ValueError as error:
        raise InputError(f"{_GIVEN} is no JSON ({error}); write '{_EXAMPLE}'") from error
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise InputError(f"{_GIVEN} gives the options of each name; write '{_EXAMPLE}'")
    return found


def _built(kind: Kind, name: str, config: pytest.Config) -> Any:
    return built(kind, name, config.stash[_OPTIONS].get(name, {}))


@pytest.fixture(scope="module", autouse=True)
def _compiled_fast() -> Iterator[None]:
    """Compile in half the time, for a program here runs once or twice."""
    option = "jax_disable_most_optimizations"
    before = jax.config.read(option)
    jax.config.update(option, True)
    yield
    jax.config.update(option, before)


@pytest.fixture(scope="module")
def loss(request: pytest.FixtureRequest) -> Loss:
    """A loss of the module."""
    return _built("loss", request.param, request.config)


@pytest.fixture(scope="module")
def metric(request: pytest.FixtureRequest) -> Any:
    """A metric of the module."""
    return _built("metric", request.param, request.config)


@pytest.fixture(scope="module")
def per_picture(request: pytest.FixtureRequest) -> Any:
    """A metric of the module that measures single pictures."""
    return _built("metric", request.param, request.config)


@pytest.fixture(scope="module")
def over_set(request: pytest.FixtureRequest) -> Any:
    """A metric of the module that measures sets of pictures."""
    return _built("metric", request.param, request.config)


@pytest.fixture(scope="module")
def name(request: pytest.FixtureRequest) -> str:
    """The name of a method of the module."""
    return request.param


@pytest.fixture(scope="session")
def build_method(request: pytest.FixtureRequest) -> Callable[[str], Method]:
    """Return the method of a name, always the same object."""
    return cache(lambda name: _built("method", name, request.config))


@pytest.fixture(scope="module")
def spec(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The spec of a kind of pictures of the module."""
    return {"name": request.param, **request.config.stash[_OPTIONS].get(request.param, {})}
