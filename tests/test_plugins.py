"""What installed packages register by entry points: found when asked for, said in provenance, harmless when broken."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from styleresearch import plugins, registry
from styleresearch.data.images import save_image
from styleresearch.data.pictures import SOURCES
from styleresearch.encoder.encoder import ENCODERS
from styleresearch.errors import InputError
from styleresearch.evaluation.metrics import METRICS
from styleresearch.losses import LOSSES
from styleresearch.methods import METHODS
from styleresearch.nets import NETS
from styleresearch.report.reading import read_run
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.compare import compare
from styleresearch.tasks.comparison import Comparison
from styleresearch.tasks.differences import versions_of

CODE = '''
"""A metric, a method and a kind of pictures, as a package of somebody else has them."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from styleresearch.data.pictures import SOURCES, files
from styleresearch.evaluation.metric import Metric
from styleresearch.evaluation.metrics import METRICS
from styleresearch.losses import LOSSES
from styleresearch.losses.style import Gram
from styleresearch.methods import METHODS
from styleresearch.methods.baselines import Identity
from styleresearch.encoder.encoder import ENCODERS, vgg16
from styleresearch.nets import NETS
from styleresearch.nets.unet import UNet


@METRICS.register("their_mean")
@dataclass(frozen=True)
class TheirMean(Metric):
    """The output's mean."""

    title: str = "Their mean"
    compares: ClassVar = False
    better: ClassVar = None
    source: ClassVar = "this file"

    def definition(self):
        return "The mean of the output."

    def __call__(self, needs, output, content, style):
        return output.mean((1, 2, 3))


@LOSSES.register("their_gram")
@dataclass(frozen=True)
class TheirGram(Gram):
    """Their Gram loss."""


@METHODS.register("their_identity")
@dataclass(frozen=True)
class TheirIdentity(Identity):
    """The content itself."""


@ENCODERS.register("their_vgg")
def their_vgg():
    """A narrow VGG."""
    return vgg16(weights="random", width=0.125)


@NETS.register("their_unet")
class TheirUNet(UNet):
    """Their U-Net."""


@SOURCES.register("their_pictures")
def their_pictures(paths: tuple[str, ...]):
    """Their pictures."""
    return files.files(paths)
'''


def install(folder: Path, package: str, version: str, module: str, code: str) -> None:
    """Write what pip leaves of a package: its code, and a folder with metadata and entry points."""
    (folder / module).mkdir(parents=True)
    (folder / module / "__init__.py").write_text(code)
    info = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[{plugins.GROUP}]\nparts = {module}\n")


@pytest.fixture
def site(own_folder, monkeypatch) -> Path:
    """A folder that Python finds packages in; what is installed there is loaded anew and gone afterwards."""
    folder = own_folder / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(plugins, "_loaded", None)
    return folder


@pytest.fixture
def theirs(site) -> Path:
    install(site, "their-parts", "1.2", "their_parts", CODE)
    return site


def test_what_is_registered_already_is_found_without_loading_any(theirs):
    assert "gram" in LOSSES
    assert LOSSES.get("gram")
    assert plugins.known() == {}
    assert "their_parts" not in sys.modules


def test_names_that_a_package_brings_are_found_and_listed(theirs):
    brought = {"their_mean": METRICS, "their_gram": LOSSES, "their_identity": METHODS, "their_vgg": ENCODERS}
    brought |= {"their_unet": NETS, "their_pictures": SOURCES}
    for name, of in brought.items():
        assert of.get(name).__module__ == "their_parts"
        assert name in of
        assert name in list(of)
    assert plugins.known() == {"their_parts": plugins.Plugin("their-parts", "1.2", "their_parts")}


def test_a_run_says_which_packages_it_used_and_makes_anew_what_another_version_made(theirs, config_with, monkeypatch):
    config = config_with(
        methods={"identity": {"name": "identity"}, "theirs": {"name": "their_identity"}},
        metrics={"their": {"name": "their_mean"}},
    )
    compare(config, "run")
    for record in RunDirectory(Path("run")).records.read():
        assert record.provenance["packages"]["their-parts"] == "1.2"
        assert len(record.provenance["modules"]["their_parts"]) == 64
    assert not (Path("run") / "own_modules").exists()
    keys = [work.key for work in Comparison.of(config).stylisations()]
    (theirs / "their_parts" / "more.py").write_text("")
    assert all(work.key not in keys for work in Comparison.of(config).stylisations())
    plain = Comparison.of(config_with())
    assert plain.modules == {}
    assert [str(each) for each in versions_of(read_run(Path("run")))] == []
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each != str(theirs)])
    assert [str(each) for each in versions_of(read_run(Path("run")))] == ["versions: their-parts: 1.2 then, none here"]


def test_a_broken_package_is_one_line_with_its_name_and_breaks_nothing(site):
    install(site, "broken-parts", "0.3", "broken_parts", "import a_library_that_is_not_there")
    install(site, "rude-parts", "2", "rude_parts", "raise SystemExit('no\\nlicence')")
    install(site, "their-parts", "1.2", "their_parts", CODE)
    assert LOSSES.get("gram")
    with pytest.warns(plugins.PluginWarning) as told:
        assert LOSSES.get("their_gram")
    lines = [str(each.message) for each in told]
    assert len(lines) == 2
    assert lines[0] == (
        "the plug-in 'parts' of the package broken-parts 0.3 cannot be used: ModuleNotFoundError: No module named "
        "'a_library_that_is_not_there'; mend it, or uninstall broken-parts"
    )
    assert "rude-parts 2 cannot be used: SystemExit: no licence" in lines[1]
    with warnings.catch_warnings():  # once is enough
        warnings.simplefilter("error")
        with pytest.raises(InputError, match=r"unknown loss 'their_grm'\. Did you mean 'their_gram'"):
            LOSSES.get("their_grm")


def test_a_package_that_takes_a_name_of_ours_is_told_and_ours_stays(site):
    code = "from styleresearch.losses import LOSSES\n"
    code += "".join(f"@LOSSES.register('{name}')\ndef {name}():\n    pass\n" for name in ("bold", "gram"))
    install(site, "bold-parts", "1", "bold_parts", code)
    ours = LOSSES.get("gram")
    with pytest.warns(plugins.PluginWarning, match="bold-parts 1 cannot be used: InputError: loss 'gram' is already"):
        assert "another" not in LOSSES
    assert LOSSES.get("gram") is ours
    assert "bold" not in LOSSES


def test_a_plug_in_that_asks_a_registry_while_it_is_imported(site):
    code = "from styleresearch.losses import LOSSES\nNAMES = list(LOSSES)\nassert 'nothing' not in LOSSES\n"
    install(site, "asking-parts", "1", "asking_parts", code)
    assert "their_gram" not in LOSSES
    assert "asking_parts" in plugins.known()
    assert registry.plugins_of({"gram"}) == {}


@pytest.fixture
def config_with(own_folder) -> Callable[..., dict]:
    for name in ("content", "style"):
        save_image(own_folder / f"{name}.png", np.full((16, 16, 3), 0.5))
    config = {
        "encoder": {"name": "vgg16", "weights": "random", "width": 0.125},
        "contents": {"name": "files", "paths": ("content.png",)},
        "styles": {"name": "files", "paths": ("style.png",)},
        "methods": {"identity": {"name": "identity"}},
        "metrics": {"color": {"name": "color_histogram"}},
    }
    return lambda **changes: {**config, **changes}
