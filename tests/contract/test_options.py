"""Whatever a config gives an option of anything registered: it works, or one line says why not."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from styleresearch.config import build
from styleresearch.config.file import load_config
from styleresearch.config.problems import Problems
from styleresearch.data.pictures import SOURCES
from styleresearch.data.pipeline import Pipeline
from styleresearch.encoder.encoder import ENCODERS
from styleresearch.errors import InputError
from styleresearch.evaluation.metric import SetMetric
from styleresearch.evaluation.metrics import METRICS
from styleresearch.losses import ADVERSARIAL, LOSSES, PENALTIES
from styleresearch.methods import METHODS, TrainedMethod
from styleresearch.nets import DECODERS, DISCRIMINATORS, NETS
from styleresearch.optim.optimizers import OPTIMIZERS
from styleresearch.optim.schedules import SCHEDULES
from styleresearch.options import Between, hints_of, shown
from styleresearch.registry import Registry
from styleresearch.tasks.comparison import Comparison
from styleresearch.tasks.train import TrainingRun
from styleresearch.training.loop import Settings

pytestmark = pytest.mark.usefixtures("learned_networks")


def nested(depth: int) -> Any:
    """Return a tuple in a tuple in a tuple ..."""
    value: Any = ()
    for _ in range(depth):
        value = (value,)
    return value


NAN, INF = float("nan"), float("inf")
NUMBERS = (True, -1, 0, 1, 3, 2**31, 10**9, 2**63, 10**30, -(10**30), 10**5000)
FRACTIONS = (-0.5, 0.5, 1e-300, 1e300, NAN, INF, -INF)
TEXTS = ("", "x", "8", "relu1_1", "a\0b", "\ud800", "a\nb", "../x", "x" * 100_000)
TUPLES = (
    (),
    ("x",),
    ("8", 16),
    (8, "16"),
    (0,),
    (-1, 8),
    (10**9, 8),
    (NAN,),
    ((0.5, "x"),),
    ((1, 2), (3,)),
    nested(500),
)
DICTS = ({}, {"name": "x"}, {"name": 3}, {"name": ("x",)}, {"a": 1}, {"name": "gram", "layers": ("8", 16)})
ARRAYS = (np.float64(0.5), np.float32(NAN), np.int64(3), np.str_("x"), np.array([0.5, 1.0]))
ODD: tuple[Any, ...] = (None, b"x", [8, 16], *NUMBERS, *FRACTIONS, *TEXTS, *TUPLES, *DICTS, *ARRAYS)

OBJECTIVE = {"content": {"name": "feature", "layers": ("relu1_1",)}, "style": {"name": "gram", "layers": ("relu1_1",)}}
PHOTOGRAPHS = {"name": "folder", "path": "photographs"}
DECODER = {"name": "decoder", "widths": (4,), "depths": (1,)}
# Option -> what it is where something else is odd; those with another default than a config needs.
GIVEN: dict[str, Any] = {
    "objective": OBJECTIVE,
    "optimizer": {"name": "adam"},
    "discriminator": {"name": "patch", "width": 4, "layers": 1},
    "adversarial": {"name": "lsgan"},
    "net": {"name": "resnet", "width": 4, "blocks": 0},
    "loss": OBJECTIVE["style"],
    "layers_compared": ("image", "contract2"),
    "projection": 4,
    "pool": 2,
}
OF_ENTRY: dict[str, dict[str, Any]] = {
    "metric lpips": {"net": "alex"},
    "metric ms_ssim": {"scales": 1},
    **{f"metric {name}": {"weights": "random"} for name in ("artfid", "fid", "kid")},
    "method adain": {"net": DECODER, "layer": "relu2_1"},
    "method arbitrary_gan": {"net": DECODER, "layer": "relu2_1", "condition_layer": "relu1_1"},
    "method feedforward": {"styles": {**PHOTOGRAPHS, "size": 16}},
    "learning rate schedule cosine": {"steps": 100},
    "learning rate schedule linear": {"steps": 100},
    "network decoder": {"widths": (4,), "depths": (1,)},
    "network resnet": {"width": 4, "blocks": 0},
    "network transform": {"widths": (4,), "residuals": 0},
    "network unet": {"width": 4, "downs": 2},
    "discriminator patch": {"width": 4, "layers": 1},
    "encoder alexnet": {"weights": "random", "width": 0.02},
    "encoder efficientnet_lite0": {"weights": "random", "width": 0.02},
    "encoder vgg16": {"weights": "random", "width": 0.02},
    "encoder vgg19": {"weights": "random", "width": 0.02},
    "picture source edges": {"of": PHOTOGRAPHS},
    "picture source files": {"paths": ("photographs/cat.png",)},
    "picture source folder": {"path": "photographs"},
    "picture source half": {"of": PHOTOGRAPHS, "side": "left"},
    "picture source tfds": {"dataset": "pictures", "data_dir": "tfds"},
}
REGISTRIES: tuple[Registry[Any], ...] = (
    *(METHODS, OPTIMIZERS, SCHEDULES, NETS, DECODERS, DISCRIMINATORS, LOSSES, ADVERSARIAL, PENALTIES),
    *(METRICS, ENCODERS, SOURCES),
)
ENTRIES = [(registry, name) for registry in REGISTRIES for name in registry]
SIDE = 80
"""Of the pictures that a metric is asked about: some cannot see small ones."""
IMAGE = jax.ShapeDtypeStruct((2, 32, 32, 3), jnp.float32)


@pytest.fixture(autouse=True)
def folder(own_folder, monkeypatch, write_tfds):
    monkeypatch.setenv("STYLERESEARCH_CACHE", str(own_folder / "cache"))
    (own_folder / "photographs").mkdir()
    file = own_folder / "photographs" / "cat.png"
    Image.new("RGB", (24, 16), (90, 60, 30)).save(file)
    write_tfds(own_folder / "tfds", [(file.read_bytes(), "cat")])
    return own_folder


@contextmanager
def soon(seconds: float = 10.0) -> Iterator[None]:
    """Raise if the block takes more of the processor's time than that."""

    def late(*_: Any) -> None:
        raise AssertionError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def fault(what: Callable[[], Any]) -> str | None:
    """Return what a user should not see of a call; None where it works or says in one line why it cannot."""
    try:
        with soon():
            what()
    except InputError as error:
        said = str(error)
        # One line for each thing that is wrong.
        return None if all(line.strip() for line in said.split("\n")) else f"said {said[:300]!r}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    return None


def spec_of(registry: Registry[Any], name: str) -> dict[str, Any]:
    """Return the smallest spec of an entry that a config may have."""
    options = registry.options(name)
    own = OF_ENTRY.get(f"{registry.kind} {name}", {})
    return {"name": name, **{key: value for key, value in (GIVEN | own).items() if key in options}}


def features(layers: tuple[str, ...]) -> dict[str, Any]:
    return {layer: IMAGE if layer == "image" else jax.ShapeDtypeStruct((2, 8, 8, 4), jnp.float32) for layer in layers}


def use(registry: Registry[Any], thing: Any, encoder: Any) -> None:
    """Do with what was built what a command does first, without computing much."""
    if registry is LOSSES:
        seen = features(thing.layers)
        target = (lambda other: None) if thing.target == "none" else thing.summarise
        jax.eval_shape(lambda pred, other: thing.compare(thing.summarise(pred), target(other)), seen, seen)
    elif registry is METRICS:
        needs = thing.needs(encoder)
        thing.check(needs, (SIDE, SIDE))
        if isinstance(thing, SetMetric):
            jax.eval_shape(thing.embed, needs, IMAGE)
        else:
            jax.eval_shape(lambda seen, image: thing(seen, image, image, thing.summarise(seen, image)), needs, IMAGE)
    elif registry is ADVERSARIAL:
        for role in ("real", "fake", "fool"):
            jax.eval_shape(lambda scores, role=role: thing(scores, role), IMAGE)
    elif registry is PENALTIES:
        jax.eval_shape(lambda real, key: thing(lambda x: x.mean((1, 2, 3)), real, real, key), IMAGE, jax.random.key(0))
    elif registry is OPTIMIZERS:
        transform = thing.transform()

        def update(x: Any) -> Any:
            loss = {"value": 0.0, "grad": x, "value_fn": lambda x: x.sum()}
            return transform.update(x, transform.init(x), x, **loss)

        jax.eval_shape(update, jax.ShapeDtypeStruct((6,), jnp.float32))
    elif registry is SCHEDULES:
        assert np.isfinite(thing(jnp.int32(5)))
    elif registry in (NETS, DECODERS, DISCRIMINATORS):
        side = getattr(thing, "least", 32)
        given = jnp.zeros((1, thing.condition)) if getattr(thing, "condition", 0) else None
        arguments = (jax.ShapeDtypeStruct((1, side, side, 3), jnp.float32), given)[: 2 if given is not None else 1]
        jax.eval_shape(thing.init, jax.random.key(0), *arguments)
    elif registry is METHODS:
        layers = getattr(thing, "layers", getattr(thing, "objective", None) and thing.objective.layers) or ()
        encoder.check(layers, (32, 32))
        if isinstance(thing, TrainedMethod):
            jax.eval_shape(thing.init, jax.random.key(0), encoder, {"content": IMAGE, "style": IMAGE})
    elif registry is SOURCES:
        thing.picture(thing.names()[0], 16)
        assert len(thing.dataset()) > 0
        thing.dataset().name(0)


def ends(hint: Any) -> Iterator[Any]:
    """Yield the least and the largest values that an option's bounds allow, of options that have bounds."""
    members = get_args(hint)
    if get_origin(hint) is not Annotated:
        for end in [end for member in members for end in ends(member)]:
            yield end if get_origin(hint) in (Union, UnionType) else (end,)
        return
    for bounds in members[1:]:
        if isinstance(bounds, Between):
            low, high = (members[0](end) for end in (bounds.low, bounds.high))
            yield from ([low] if bounds.ends[0] == "[" else []) + ([high] if bounds.ends[1] == "]" else [])
    yield from ends(members[0])


@pytest.mark.parametrize(("registry", "name"), ENTRIES, ids=[f"{registry.kind}-{name}" for registry, name in ENTRIES])
def test_an_odd_value_of_any_option_works_or_is_refused_in_one_line(registry, name, small_encoder):
    spec, used, found = spec_of(registry, name), set(), []

    def tried(option: str, value: Any) -> None:
        made = build_of(registry, {**spec, option: value})
        # Only whole numbers and tuples decide on shapes; and those of a method are mostly those of its networks.
        value = value.item() if isinstance(value, np.generic) else value
        kind = repr(value) if isinstance(value, (int, tuple)) and registry is not METHODS else type(value)
        if (option, kind) not in used:
            used.add((option, kind))
            use(registry, made, small_encoder)

    plain = build_of(registry, spec)
    use(registry, plain, small_encoder)
    if registry is METHODS:  # what it is made of is built once
        spec |= {option: getattr(plain, option) for option in registry.options(name)}
    for option in registry.options(name):
        for value in (*ODD, *ends(hints_of(registry.get(name)).get(option))):
            if problem := fault(lambda option=option, value=value: tried(option, value)):
                found.append(f"{option} = {shown(value)[:80]}: {problem}")
    assert not found, f"{len(found)} faults\n" + "\n".join(found)


def build_of(registry: Registry[Any], spec: Mapping[str, Any]) -> Any:
    """Build what a spec names as commands do: an encoder only after it has been checked."""
    if registry is not ENCODERS:
        return build.resolve(registry, spec)
    problems = Problems()
    build.check_encoder(spec, {}, problems)
    problems.raise_if_any()
    # A wide one takes a while to draw, as it should.
    return build.resolve(ENCODERS, {**spec, "width": min(spec["width"], 0.1)})


COMPARED: dict[str, Any] = {
    "encoder": {"name": "vgg16", "weights": "random", "width": 0.02},
    "size": 16,
    "contents": PHOTOGRAPHS,
    "styles": PHOTOGRAPHS,
    "methods": {
        "gatys": {"name": "gatys", "evaluations": 2, "optimizer": {"name": "adam"}, "objective": OBJECTIVE},
        "same": {"name": "identity", "label": "Content", "preserve_color": {"how": "luminance"}},
    },
    "metrics": {"style": {"name": "loss", "loss": OBJECTIVE["style"]}},
}
TRAINED: dict[str, Any] = {
    "encoder": COMPARED["encoder"],
    "method": {
        "name": "feedforward",
        "net": {"name": "transform", "widths": (4,), "residuals": 0},
        "styles": {**PHOTOGRAPHS, "size": 16},
        "optimizer": {"name": "adam", "schedule": {"name": "linear", "steps": 4}},
        "objective": OBJECTIVE,
    },
    "data": {"content": PHOTOGRAPHS, "batch_size": 2, "crop": 16},
    "train": {"steps": 4},
    "samples": {"contents": PHOTOGRAPHS, "size": 16},
}
FEW = (True, -1, 10**9, 10**30, NAN, "x", "a\0b", (), ("x",), ("8", 16), nested(100), {}, {"name": 3}, {"a": 1})
PLACES = (
    *(("compare", key) for key in (*COMPARED, "name", "imports", "style_size", "seeds", "precision")),
    *(("compare", f"encoder.{key}") for key in ("name", "seed", "width", "weights", "normalise_on", "normalise_by")),
    *(("compare", f"methods.{key}") for key in ("gatys", "gatys.objective.style", "gatys.objective.style.weight")),
    *(("compare", f"methods.{key}") for key in ("same.label", "same.preserve_color", "same.preserve_color.how")),
    *(("compare", f"metrics.{key}") for key in ("style", "style.loss")),
    *(("train", key) for key in (*TRAINED, "name", "imports", "seed", "precision", "start")),
    *(("train", f"method.{key}") for key in ("net", "styles", "styles.size", "optimizer", "optimizer.schedule")),
    *(("train", f"data.{key}") for key in ("content", "style", "crop", "resize", "paired", "batch_size", "workers")),
    *(("train", f"train.{key}") for key in ("steps", "ema")),
    *(("train", f"samples.{key}") for key in ("contents", "styles", "size")),
)


def with_value(config: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """Return the config with another value at a dotted place."""
    key, _, rest = place.partition(".")
    return {**config, key: with_value(config[key], rest, value) if rest else value}


@pytest.mark.parametrize(("command", "place"), PLACES)
def test_an_odd_value_anywhere_in_a_config_works_or_is_refused_in_one_line(command, place):
    config, read = (COMPARED, Comparison.of) if command == "compare" else (TRAINED, TrainingRun.of)
    found = []
    for value in FEW:
        if problem := fault(lambda value=value: read(with_value(config, place, value))):
            found.append(f"{place} = {shown(value)[:80]}: {problem}")
    assert not found, f"{len(found)} faults\n" + "\n".join(found)


@pytest.mark.parametrize(("kind", "least"), [(Settings, {"steps": 4}), (Pipeline, {"crop": 16})])
def test_an_odd_value_of_any_setting_of_training_works_or_is_refused_in_one_line(kind, least):
    if kind is Pipeline:
        least = {**least, "content": build.resolve(SOURCES, PHOTOGRAPHS)}
    found = []
    for option, hint in hints_of(kind).items():
        for value in (*ODD, *ends(hint)):
            if problem := fault(
                lambda option=option, value=value: build.constructed(kind, {**least, option: value}, "x")
            ):
                found.append(f"{option} = {shown(value)[:80]}: {problem}")
    assert not found, f"{len(found)} faults\n" + "\n".join(found)


OVERRIDES = (
    *("", "nan", "-1", "1e999", "9" * 30, "9" * 5000, "0x10", "1_000", "1.5", "True", "None", "x", "\0", "\ud800", "'"),
    *("()", "('x',)", "('8', 16)", "(1, (2, (3,)))", "(" * 300, "{}", "{'name': 3}", "[1, 2]", "lambda: 1", "a\nb"),
)


@pytest.mark.parametrize(
    "place", ["size", "name", "encoder.width", "methods.gatys.evaluations", "methods.same", "metrics.style.loss.layers"]
)
def test_an_odd_override_works_or_is_refused_in_one_line(place, folder):
    (folder / "example.py").write_text(
        "from ml_collections import ConfigDict\n\n\ndef get_config():\n"
        f"    return ConfigDict({ ({**COMPARED, 'name': 'Example'})!r})\n"
    )
    found = []
    for text in OVERRIDES:
        override = f"--config.{place}={text}"
        if problem := fault(lambda override=override: Comparison.of(load_config("example.py", [override]))):
            found.append(f"{shown(override)[:80]}: {problem}")
    assert not found, f"{len(found)} faults\n" + "\n".join(found)
