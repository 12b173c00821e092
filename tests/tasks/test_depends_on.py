"""What else a method depends on: another weights file means other pictures and another training run."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from styleresearch import __version__
from styleresearch.data.images import load_image
from styleresearch.data.triple import digest_of
from styleresearch.errors import InputError, Notice
from styleresearch.store import digests
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.compare import compare
from styleresearch.tasks.comparison import Comparison
from styleresearch.tasks.train import TrainingRun, train

OWN = '''
import hashlib
from dataclasses import dataclass
from pathlib import Path

import jax.numpy as jnp

from styleresearch.methods import METHODS, Method, Reads, State, Takes, TrainedMethod
from styleresearch.optim.optimizers import Adam


@METHODS.register("shade")
@dataclass(frozen=True)
class Shade(Method):
    """A content as dark as a file says, which somebody else wrote."""

    file: str

    def depends_on(self):
        return hashlib.sha256(Path(self.file).read_bytes()).hexdigest()

    def stylize(self, params, encoder, content, styles, *, key, progress=None):
        return content * float(Path(self.file).read_text())


@METHODS.register("shade_learned")
@dataclass(frozen=True)
class ShadeLearned(TrainedMethod):
    """Learns how dark."""

    file: str
    takes = Takes(encoder=False)
    reads = Reads(styles="none")
    depends_on, stylize = Shade.depends_on, Shade.stylize

    def init(self, key, encoder, batch):
        return State.start(key, {"shade": {"by": jnp.zeros(3)}}, Adam(0.1))

    def step(self, state, encoder, batch):
        return state.descend(state.params, Adam(0.1)), {"total": jnp.float32(1)}

    def inference(self, state):
        return state.params
'''
ENCODER = {"name": "vgg16", "weights": "random", "width": 0.125}
CAT = {"name": "photographs", "names": ("cat",)}
COMPARISON = {
    "imports": ("own_shade",),
    "encoder": ENCODER,
    "size": 32,
    "contents": CAT,
    "styles": {"name": "photographs", "names": ("coffee",)},
    "methods": {"identity": {"name": "identity"}, "shade": {"name": "shade", "file": "weights"}},
    "metrics": {"ssim": {"name": "ssim"}},
}
TRAINING = {
    "imports": ("own_shade",),
    "encoder": ENCODER,
    "method": {"name": "shade_learned", "file": "weights"},
    "data": {"content": CAT, "batch_size": 1, "crop": 32, "resize": 40},
    "train": {"steps": 1, "save_every": 1, "sample_every": 0},
}


@pytest.fixture
def weights(own_folder: Path) -> Path:
    """A file that the methods of a module beside it read."""
    (own_folder / "own_shade.py").write_text(OWN)
    (own_folder / "weights").write_text("0.5")
    return own_folder / "weights"


class Silent:
    preparing = compiled = resumed = report = sampled = lambda self, *_, **__: None


def keys(what: Comparison) -> dict[str, str]:
    return {cell.entry.name: cell.key for cell in what.stylisations()}


def painted() -> dict[str, tuple[float, int]]:
    """Compare; return method -> (how light its picture is beside the content, when its file was written)."""
    assert compare(Comparison.of(COMPARISON), Path("run"), lambda event: None) == []
    content = load_image(Path("run/inputs/content/cat.png")).mean()
    files = {name: Path(f"run/images/{name}/cat__coffee.png") for name in COMPARISON["methods"]}
    return {name: (load_image(file).mean() / content, file.stat().st_mtime_ns) for name, file in files.items()}


def test_a_method_whose_file_changed_paints_again_and_another_is_resumed(weights):
    first = painted()
    assert first["shade"][0] == pytest.approx(0.5, abs=0.01)
    assert painted() == first
    before = keys(Comparison.of(COMPARISON))

    weights.write_text("0.25")
    second = painted()
    assert second["shade"][0] == pytest.approx(0.25, abs=0.01)
    assert second["identity"] == first["identity"]
    after = keys(Comparison.of(COMPARISON))
    assert after["identity"] == before["identity"]
    assert after["shade"] != before["shade"]

    records = {record.method.name: record for record in RunDirectory(Path("run")).records.read()}
    assert records["shade"].provenance["depends_on"] == hashlib.sha256(b"0.25").hexdigest()
    assert "depends_on" not in records["identity"].provenance


def test_the_key_of_a_method_that_depends_on_nothing_else_is_as_before(weights):
    what = Comparison.of(COMPARISON)
    content, style = what.contents["cat"], what.styles["coffee"]
    known = {
        "method": {"name": "identity"},
        "encoder": what.suite.encoder.describe(),
        "params": None,
        "content": digest_of(content),
        "style": digest_of(style),
        "seed": 0,
        "precision": "float32",
        "modules": what.modules,
        "version": __version__,
    }
    assert keys(what)["identity"] == digests.of_json(known)


def test_a_dependence_that_cannot_be_had_is_one_line_of_the_config(weights):
    weights.unlink()
    with pytest.raises(InputError, match=r"methods\.shade: its depends_on\(\) failed: FileNotFoundError: .*weights'$"):
        Comparison.of(COMPARISON)
    with pytest.raises(InputError, match=r"method: its depends_on\(\) failed: FileNotFoundError: .*weights'$"):
        TrainingRun.of(TRAINING)
    weights.write_text("0.5")
    module = Path("own_shade.py")
    module.write_text(OWN.replace("read_bytes()).hexdigest()", "read_bytes())"))
    with pytest.raises(InputError, match=r"methods\.shade: its depends_on\(\) must return a text, .* returned <sha256"):
        Comparison.of(COMPARISON)


def test_a_training_run_goes_on_with_the_file_that_it_began_with(weights):
    run = Path("run")
    train(TrainingRun.of(TRAINING), run, Silent())
    longer = {**TRAINING, "train": {**TRAINING["train"], "steps": 2}}
    then = [hashlib.sha256(text).hexdigest() for text in (b"0.5", b"0.25")]
    assert json.loads((run / "run.json").read_text())["depends_on"] == {"method": then[0]}

    weights.write_text("0.25")
    with pytest.raises(InputError, match=f"depends_on.method: was '{then[0]}', is '{then[1]}'"):
        train(TrainingRun.of(longer), run, Silent())
    # Nothing is known of that of a run of an earlier version.
    old = shutil.copytree(run, Path("old"))
    facts = json.loads((run / "run.json").read_text())
    (old / "run.json").write_text(json.dumps({key: each for key, each in facts.items() if key != "depends_on"}))
    assert train(TrainingRun.of(longer), old, Silent()).step == 2

    config = {**COMPARISON, "methods": {"own": {"checkpoint": "run"}}}
    with pytest.warns(Notice, match=rf"something else than in its training \(depends_on\(\) was '{then[0]}', is"):
        changed = keys(Comparison.of(config))
    weights.write_text("0.5")
    same = keys(Comparison.of(config))
    assert changed != same
    assert train(TrainingRun.of(longer), run, Silent()).step == 2
