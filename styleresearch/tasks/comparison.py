"""What a comparison's config describes: methods, pictures, metrics, and the stylisations they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch import __version__
from styleresearch.config import build
from styleresearch.config.file import settings_of
from styleresearch.config.keys import Precision, Seeds
from styleresearch.config.metrics import metrics_of
from styleresearch.config.modules import of_plugins
from styleresearch.config.problems import Problems, begin, check_named
from styleresearch.config.sweep import Part
from styleresearch.data.framing import Side, as_in_file
from styleresearch.data.pairnames import check_pair_names, pair_name
from styleresearch.data.pictures import SOURCES
from styleresearch.data.titles import check_folder_names, check_titles
from styleresearch.data.triple import digest_of
from styleresearch.errors import InputError, nearest
from styleresearch.evaluation.optimised import stated
from styleresearch.evaluation.suite import Suite
from styleresearch.options import setting, shown
from styleresearch.store import digests
from styleresearch.store.rundir import curve_file, image_file, input_file
from styleresearch.store.variant import Variant
from styleresearch.study.design import Design
from styleresearch.tasks.entry import Entry, entry, with_encoder
from styleresearch.tasks.foreign import Foreign

REQUIRED = ("encoder", "contents", "styles", "methods", "metrics")
OPTIONAL = ("name", "imports", "size", "style_size", "seeds", "precision", "plane", "reference", "study")


@dataclass(frozen=True)
class Stylisation:
    """One stylisation of a comparison: a method on a pair under a seed.

    Attributes:
        entry: the method.
        content: name of the content picture.
        style: name of the style picture.
        seed: of the method's randomness.
        pair: name of content, style and (among several) seed together.
        key: sha256 of everything that determines the output.
        suffix: of its pictures' names, see ``Comparison``.
    """

    entry: Entry
    content: str
    style: str
    seed: int
    pair: str
    key: str
    suffix: str = ""

    @property
    def output(self) -> str:
        """The output's file, relative to the run directory."""
        return image_file(self.entry.name, self.pair)

    @property
    def curve(self) -> str:
        """The loss curve's file, relative to the run directory."""
        return curve_file(self.entry.name, self.pair)

    @property
    def inputs(self) -> dict[str, str]:
        """The files of its pictures, relative to the run directory."""
        return {
            "content": input_file("content", self.content + self.suffix),
            "style": input_file("style", self.style + self.suffix),
        }


@dataclass(frozen=True)
class Comparison:
    """What a comparison's config describes, built.

    Attributes:
        config: the config itself.
        entries: the methods.
        contents: name -> picture (h, w, 3).
        styles: name -> picture (h, w, 3).
        suite: the metrics and the encoder that methods and metrics share.
        seeds: one stylisation for each.
        precision: of matrix products and convolutions, see ``Precision``.
        modules: name -> sha256 of the user's own modules, and of the plug-ins that are used.
        variants: name of a method -> which of a sweep's variants it is.
        suffix: what tells its pictures from those of a sweep's other comparisons.
    """

    config: Mapping[str, Any]
    entries: tuple[Entry, ...]
    contents: Mapping[str, np.ndarray]
    styles: Mapping[str, np.ndarray]
    suite: Suite
    seeds: tuple[int, ...]
    precision: str
    modules: Mapping[str, str]
    variants: Mapping[str, Variant] = field(default_factory=dict)
    suffix: str = ""

    @classmethod
    def of_part(cls, part: Part, config: Mapping[str, Any], trainings: Path) -> Comparison:
        """Build a comparison of a sweep, of whose whole config its records will speak; raises as ``of``."""
        return replace(cls.of(part.config, trainings), config=config, variants=part.variants, suffix=part.suffix)

    @classmethod
    def of(cls, config: Mapping[str, Any], trainings: Path | None = None) -> Comparison:
        """Build a comparison.

        Args:
            config: what describes it.
            trainings: the folder of a sweep's training runs.

        Raises:
            InputError: listing everything wrong with the config; nothing has been downloaded or compiled by then.
        """
        modules = begin(config, REQUIRED, OPTIONAL)
        check_named(config, ("methods", "metrics"))
        problems = Problems()
        entries, layers = [], {}
        with problems.at("methods"):
            check_folder_names("method", config["methods"])
        for name, spec in config["methods"].items():
            with problems.at(f"methods.{name}"):
                found = entry(name, spec, trainings)
                entries.append(found)
                if found.sees is not None:
                    place = f"methods.{name}"
                    build.check_encoder(found.sees, {place: found.method.layers}, problems, f"{place}.encoder")
                elif found.trained is None:  # whatever was trained has an encoder of its own
                    layers[f"methods.{name}"] = found.method.layers
        planned = metrics_of(config, layers, problems)
        sizes = {key: side_of(config, key, problems) for key in ("size", "style_size")}
        pictures = {}
        for group, size in (("contents", sizes["size"]), ("styles", sizes["style_size"] or sizes["size"])):
            with problems.at(group):
                found = build.resolve(SOURCES, config[group])
                check_titles("picture", found.names())
                pictures[group] = {name: as_in_file(found.picture(name, size)) for name in found.names()}
        seeds = config.get("seeds", (0,))
        with problems.at("seeds"):
            seeds = setting("seeds", seeds, Seeds)
            if len(set(seeds)) < len(seeds):
                raise InputError(f"must be different whole numbers, got {shown(seeds)}")
            if len(pictures) == 2:
                with problems.at("contents and styles"):
                    names = [tuple(group) for group in pictures.values()]
                    check_pair_names(names[0], names[1], seeds if len(seeds) > 1 else (None,))
        precision = check_precision(config, problems)
        _check_reference(config, problems)
        with problems.at("study"):
            build.constructed(Design, config.get("study", {}), "study")
        if len(pictures) == 2:
            for index, each in enumerate(entries):
                if isinstance(each.method, Foreign):
                    with problems.at(f"methods.{each.name}"):
                        stated(each.method.settings.optimised, planned.metrics)
                        found = each.method.among(pictures["contents"], pictures["styles"])
                        entries[index] = replace(each, method=found, label=each.label or found.label or each.name)
        _check_labels(entries, problems)
        problems.raise_if_any()
        suite = planned.load()
        encoders = {digests.of_json(config["encoder"]): suite.encoder}
        for index, each in enumerate(entries):
            with problems.at(f"methods.{each.name}"):
                entries[index] = with_encoder(each, encoders)
        # An output has its content's size.
        for group, kind in (("contents", "output"), ("styles", "style")):
            for name, image in pictures[group].items():
                with problems.at(f"{group}.{name}"):
                    suite.check((image.shape[0], image.shape[1]), kind)
        problems.raise_if_any()
        contents, styles = pictures["contents"], pictures["styles"]
        modules |= of_plugins(settings_of(config), *(each.trained.spec for each in entries if each.trained is not None))
        return cls(config, tuple(entries), contents, styles, suite, seeds, precision, modules)

    def stylisations(self) -> list[Stylisation]:
        """Return all stylisations, pair by pair, so that an interrupted run has whole rows."""
        pictures = {id(image): digest_of(image) for group in (self.contents, self.styles) for image in group.values()}
        found = []
        for content, content_image in self.contents.items():
            for style, style_image in self.styles.items():
                for seed in self.seeds:
                    pair = pair_name(content, style, seed if len(self.seeds) > 1 else None)
                    for each in self.entries:
                        spec = {name: value for name, value in each.spec.items() if name != "label"}
                        # A method that depends on nothing else has the keys of before it was asked.
                        further: dict[str, Any] = {"depends_on": each.depends_on} if each.depends_on else {}
                        if isinstance(each.method, Foreign):
                            further["picture"] = each.method.digest(content, style, seed)
                        key = digests.of_json(
                            {
                                "method": spec,
                                "encoder": (each.encoder or self.suite.encoder).describe(),
                                "params": None if each.trained is None else each.trained.digest,
                                "content": pictures[id(content_image)],
                                "style": pictures[id(style_image)],
                                "seed": seed,
                                "precision": self.precision,
                                "modules": self.modules,
                                "version": __version__,
                                **further,
                            }
                        )
                        found.append(Stylisation(each, content, style, seed, pair, key, self.suffix))
        return found


def _check_reference(config: Mapping[str, Any], problems: Problems) -> None:
    """Note a reference that is no method."""
    with problems.at("reference"):
        reference = setting("reference", config.get("reference"), str | None)
        if reference is not None and reference not in config["methods"]:
            raise InputError(
                f"there is no method {shown(reference)}.{nearest(reference, config['methods'])} Methods: "
                f"{', '.join(config['methods'])}"
            )


def check_precision(config: Mapping[str, Any], problems: Problems) -> str:
    """Return the config's precision, noting a problem if it is none."""
    with problems.at("precision"):
        return setting("precision", config.get("precision", "float32"), Precision)
    return "float32"


def side_of(config: Mapping[str, Any], key: str, problems: Problems) -> int | None:
    """Return the config's size of that key in pixels, if it has one, noting a problem if it is none."""
    with problems.at(key):
        return setting(key, config.get(key), Side | None)
    return None


def _check_labels(entries: Sequence[Entry], problems: Problems) -> None:
    """Note methods of one label, which no reader of a table could tell apart."""
    first: dict[str, str] = {}
    for each in entries:
        if (other := first.setdefault(each.label, each.name)) != each.name:
            problems.found.append(f"methods.{each.name}: {other} has the label {each.label!r} too: give it another")
