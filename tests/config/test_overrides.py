"""``--config.KEY=VALUE`` for options that the config does not write."""

from __future__ import annotations

from pathlib import Path

import pytest

from styleresearch.config.file import load_config
from styleresearch.config.keys import KEYS
from styleresearch.config.sweep import KEYS as OF_SWEEPS
from styleresearch.errors import InputError
from styleresearch.tasks import comparison, train

COMPARED = """
from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.imports = IMPORTS
    config.encoder = dict(name="vgg16", weights="random")
    config.contents = dict(name="photographs")
    config.styles = dict(name="painter")
    config.methods = dict(
        gatys=dict(name="gatys", optimizer=dict(name="adam"), objective=dict(style=dict(name="gram"))),
        same=dict(name="identity"),
    )
    config.metrics = dict(ssim=dict(name="ssim"), style=dict(name="loss", loss=dict(name="gram")))
    return config
"""

TRAINED = """
from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.encoder = dict(name="vgg16", weights="random")
    config.method = dict(name="feedforward", net=dict(name="transform"), optimizer=dict(name="adam"), objective=dict())
    config.data = dict(content=dict(name="photographs"), crop=32)
    config.train = dict(steps=100)
    return config
"""

OWN = '''
import abc
from dataclasses import dataclass

from styleresearch.methods import METHODS
from styleresearch.methods.baselines import Identity
from styleresearch.registry import Registry


class Teacher(abc.ABC):
    """A kind of part that the package has never heard of."""


TEACHERS = Registry("teacher", Teacher)


@TEACHERS.register("strict")
@dataclass(frozen=True)
class Strict(Teacher):
    patience: float = 0.5


@METHODS.register("taught")
@dataclass(frozen=True)
class Taught(Identity):
    teacher: Teacher | None = None
'''


@pytest.fixture
def read(own_folder: Path):
    def load(text: str, *overrides: str) -> dict:
        (own_folder / "example.py").write_text(text.replace("IMPORTS", "()"))
        return load_config("example.py", overrides)

    return load


def at(config: dict, place: str):
    for key in place.split("."):
        config = config[key]
    return config


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("seeds=3", (3,)),
        ("seeds=(0, 1)", (0, 1)),
        ("size=96", 96),
        ("name=3", "3"),
        ("precision=bfloat16", "bfloat16"),
        ("encoder.width=0.25", 0.25),
        ("encoder.width=1", 1.0),
        ("encoder.normalise_on.name=photographs", "photographs"),
        ("methods.gatys.evaluations=10", 10),
        ("methods.gatys.objective.style.weight=5", 5.0),
        ("methods.gatys.objective.style.layers=relu1_1", ("relu1_1",)),
        ("methods.gatys.optimizer.learning_rate=0.1", 0.1),
        ("methods.gatys.optimizer.schedule.name=cosine", "cosine"),
        ("methods.gatys.pyramid=((0.5, 0.5), (1.0, 0.5))", ((0.5, 0.5), (1.0, 0.5))),
        ("methods.same.label=Nothing", "Nothing"),
        ("methods.same.preserve_color.how=luminance", "luminance"),
        ("contents.names=cat", ("cat",)),
        ("contents.names=('cat', 'coffee')", ("cat", "coffee")),
        ("styles.seed=2", 2),
        ("metrics.style.title=Style", "Style"),
        ("metrics.style.loss.layers=('relu1_1',)", ("relu1_1",)),
    ],
)
def test_an_option_of_a_comparison_need_not_be_written(read, override, value):
    found = at(read(COMPARED, f"--config.{override}"), override.partition("=")[0])
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("seed=3", 3),
        ("start=zoo:adain", "zoo:adain"),
        ("train.log_every=5", 5),
        ("train.ema=0.9", 0.9),
        ("data.batch_size=2", 2),
        ("data.flip=false", False),
        ("data.paired", True),
        ("method.net.styles=2", 2),
        ("method.styles.name=painter", "painter"),
        ("samples.size=64", 64),
    ],
)
def test_an_option_of_training_need_not_be_written(read, override, value):
    assert at(read(TRAINED, f"--config.{override}"), override.partition("=")[0]) == value


def test_a_name_decides_which_options_there_are_wherever_it_stands(read):
    overrides = ["--config.data.content.path=photos", "--config.data.content.name=folder"]
    assert read(TRAINED, *overrides)["data"]["content"] == {"name": "folder", "path": "photos"}
    overrides = ["optimizer.schedule.steps=9", "optimizer.schedule.name=cosine", "optimizer.schedule.steps=10"]
    found = read(TRAINED, *(f"--config.method.{override}" for override in overrides))["method"]
    assert found["optimizer"]["schedule"] == {"name": "cosine", "steps": 10}
    assert read(TRAINED, "--noconfig.data.flip")["data"]["flip"] is False


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sedes=3", r"config has no key 'sedes'\. Did you mean 'seeds'\?"),
        ("methods.gaty.evaluations=3", r"config\.methods has no key 'gaty'\. Did you mean 'gatys'\?"),
        ("methods.gatys.evaluation=3", r"methods\.gatys has no key 'evaluation'\. Did you mean 'evaluations'\?"),
        ("methods.gatys.objective.stile.weight=3", r"has no key 'stile'\. Did you mean 'style'\?"),
        ("methods.gatys.objective.style.wieght=3", r"has no key 'wieght'\. Did you mean 'weight'\?"),
        ("methods.gatys.optimizer.history=3", r"config\.methods\.gatys\.optimizer has no key 'history'\."),
        ("encoder.widht=0.5", r"config\.encoder has no key 'widht'\. Did you mean 'width'\?"),
        ("encoder.width=wide", r"--config\.encoder\.width = 'wide' is not of type float"),
        ("encoder.width=9", r"--config\.encoder\.width = 9\.0 is not above 0 and at most 4"),
        ("encoder.pooling=maxx", r"--config\.encoder\.pooling = 'maxx' is not one of 'max', 'average'"),
        ("methods.gatys.evaluations=1.5", r"--config\.methods\.gatys\.evaluations = 1\.5 is not of type int"),
        ("methods.gatys.evaluations", r"--config\.methods\.gatys\.evaluations needs a value"),
        ("methods.gatys.optimizer.schedule=cosine", r"schedule is a dict, got 'cosine'; set its keys: --config\."),
        ("seeds=x", r"--config\.seeds.* is not of type"),
        ("size.x=3", r"config\.size has no key 'x'"),
    ],
)
def test_what_nothing_registered_knows_is_refused_with_the_nearest(read, override, message):
    with pytest.raises(InputError, match=message) as caught:
        read(COMPARED, f"--config.{override}")
    assert "\n" not in str(caught.value)


def test_options_of_the_users_own_parts_can_be_set(own_folder):
    (own_folder / "own_teachers.py").write_text(OWN)
    text = COMPARED.replace("IMPORTS", "('own_teachers',)").replace('name="identity"', 'name="taught"')
    (own_folder / "example.py").write_text(text)
    overrides = ["--config.methods.same.teacher.patience=1", "--config.methods.same.teacher.name=strict"]
    config = load_config("example.py", overrides)
    assert config["methods"]["same"]["teacher"] == {"name": "strict", "patience": 1.0}


def test_every_key_that_a_command_reads_has_a_type():
    of_sweeps = {*comparison.REQUIRED, *comparison.OPTIONAL, *OF_SWEEPS}
    assert {*of_sweeps, *train.REQUIRED, *train.OPTIONAL} == set(KEYS)
