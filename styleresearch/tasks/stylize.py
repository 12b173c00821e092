"""One picture: by a method of a comparison, or from files by what a command was told."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch import __version__
from styleresearch.config import build
from styleresearch.config.file import settings_of
from styleresearch.config.problems import Problems, begin
from styleresearch.data.framing import as_in_file
from styleresearch.data.images import WRITE_OPTIONS, load_image, save_image
from styleresearch.data.masks import covers_all, load_mask
from styleresearch.encoder.encoder import ENCODERS, Encoder
from styleresearch.errors import InputError, Notice
from styleresearch.evaluation.cost import Cost, measured
from styleresearch.methods import METHODS
from styleresearch.methods.base import OnProgress
from styleresearch.methods.color import PreserveColor
from styleresearch.methods.styles import check_styles
from styleresearch.ops import programs
from styleresearch.options import Seed, setting
from styleresearch.registry import nearest
from styleresearch.tasks.comparison import check_precision
from styleresearch.tasks.entry import Entry, entry_of, with_encoder
from styleresearch.tasks.entry import entry as entry_from
from styleresearch.tasks.trained import load
from styleresearch.types import Style, Styles


def stylize(
    method: Entry | Mapping[str, Any],
    encoder: Encoder | None,
    content: np.ndarray,
    styles: Styles,
    *,
    seed: int = 0,
    precision: str = "float32",
    progress: OnProgress = None,
) -> tuple[np.ndarray, Cost]:
    """Stylise one picture.

    Args:
        method: an entry of a comparison, or the spec of one, such as ``dict(checkpoint="zoo:adain")``.
        encoder: the shared encoder, for a method without one of its own; None where there is none such.
        content: (h, w, 3) in [0, 1].
        styles: as many as the method takes; images (1, h, w, 3).
        seed: of the method's randomness.
        precision: of matrix products and convolutions.
        progress: see ``Method.stylize``.

    Returns:
        The picture (h, w, 3) in [0, 1], and what it cost.

    Raises:
        InputError: for anything wrong with the spec, or styles or masks that the method does not take.
        ArithmeticError: if the loss or the picture became NaN or infinite.
        ValueError: if the method made no picture.
    """
    entry = method if isinstance(method, Entry) else with_encoder(entry_from("method", method))
    check_styles(f"method {entry.name!r}", entry.method.takes, styles, 1)
    keep = entry.preserve_color
    programs.drop_if_many()
    with jax.default_matmul_precision(None if precision == "default" else precision), measured() as cost:
        image = jax.device_put(np.asarray(content, np.float32)[None])
        shown = image if keep is None else keep.content(image)
        output = entry.method.stylize(
            None if entry.trained is None else entry.trained.params,
            entry.encoder or encoder,  # pyright: ignore[reportArgumentType] - None where the method never calls it
            shown,
            [_recoloured(style, image, keep) for style in styles],
            key=jax.random.key(seed),
            progress=progress,
        )
        result = np.asarray(output if keep is None else keep.output(output, image))[0]
    if result.ndim != 3 or result.shape[2] != 3:
        raise ValueError(f"method {entry.name!r} made an array of shape {result.shape}, and a picture is (h, w, 3)")
    if not np.isfinite(result).all():
        raise ArithmeticError(f"the picture that method {entry.name!r} made holds NaN or infinite values")
    return result, cost


def _recoloured(style: Style, content: Any, keep: PreserveColor | None) -> Style:
    image = jnp.asarray(style.image, jnp.float32)
    return Style(image if keep is None else keep.style(image, content), style.weight, style.where, style.mask)


@dataclass(frozen=True)
class Files:
    """What one picture is made of, as a command is told.

    Attributes:
        content: the photograph.
        styles: files of paintings, or names of styles that the method learned.
        out: the picture to write.
        size: of the content's short side, px; None for its own.
        style_size: of the styles' short sides; None for the content's.
        weights: of the styles, one for each; None for equal ones.
        content_masks: where each style goes; None for everywhere.
        style_masks: what of each style is taken; None for all.
    """

    content: Path
    styles: tuple[str, ...]
    out: Path
    size: int | None = None
    style_size: int | None = None
    weights: tuple[float, ...] | None = None
    content_masks: tuple[Path, ...] | None = None
    style_masks: tuple[Path, ...] | None = None

    def check(self) -> None:
        """Raise InputError, before any work, for what does not go together or would write over a picture."""
        if self.out.suffix.lower() not in WRITE_OPTIONS:
            raise InputError(f"--out {self.out}: the ending must be one of {', '.join(WRITE_OPTIONS)}")
        masks = (*(self.content_masks or ()), *(self.style_masks or ()))
        if any(given.resolve() == self.out.resolve() for given in (self.content, *map(Path, self.styles), *masks)):
            raise InputError(f"--out {self.out} is one of the pictures that come in; name another file")
        each = {"style-weight": self.weights, "content-mask": self.content_masks, "style-mask": self.style_masks}
        for flag, given in each.items():
            if given is not None and len(given) != len(self.styles):
                raise InputError(
                    f"{len(given)} --{flag} for {len(self.styles)} --style; give --{flag} once for each --style"
                )
        weights = self.weights or (1.0,)
        if not all(0 <= weight < math.inf for weight in weights) or sum(weights) == 0:
            raise InputError(
                f"--style-weight {list(weights)}: weights must be finite and not negative, and one above 0"
            )


@dataclass(frozen=True)
class Work:
    """One picture to be made.

    Attributes:
        files: what it is made of.
        entry: the method.
        config: of the method, or of its training.
        content: (h, w, 3).
        styles: with their weights and masks.
    """

    files: Files
    entry: Entry
    config: Mapping[str, Any]
    content: np.ndarray
    styles: tuple[Style, ...]


def of_config(config: Mapping[str, Any], options: Mapping[str, Any]) -> Entry:
    """Return the method of a config.

    Args:
        config: with ``encoder`` and ``method``.
        options: of the method, in place of the config's.

    Raises:
        InputError: listing everything wrong with the config.
    """
    begin(config, ("encoder", "method"), ("imports", "precision"))
    problems, found = Problems(), None
    with problems.at("method"):
        spec = config["method"]
        if isinstance(spec, Mapping):
            if spec.get("name") in METHODS:
                _check_options(options, METHODS.options(spec["name"]), spec["name"])
            spec = {**spec, **options}
        found = entry_from("method", spec)
    layers = {} if found is None or found.trained is not None else {"method": found.method.layers}
    build.check_encoder(config["encoder"], layers, problems)
    check_precision(config, problems)
    problems.raise_if_any()
    assert found is not None  # or there was a problem
    return found


def of_checkpoint(source: str, options: Mapping[str, Any]) -> tuple[Entry, Mapping[str, Any]]:
    """Return a trained method, and the config of its training.

    Args:
        source: a run directory, an exported file, or ``zoo:NAME``.
        options: of the method, in place of those of its training: those that only ``stylize`` reads.

    Raises:
        InputError: if there is none, or for anything wrong with the options.
    """
    found = load(source)
    name = found.spec["name"]
    if options and name in METHODS:  # or it needs a module, which is said first
        takes = getattr(METHODS.get(name), "takes", None)
        _check_options(options, [] if takes is None else [each for each in takes.options if "." not in each], name)
    entry = entry_of("method", found, options)
    problems = Problems()
    check_precision(found.facts["config"], problems)
    problems.raise_if_any()
    return entry, found.facts["config"]


def _check_options(options: Mapping[str, Any], known: Collection[str], method: str) -> None:
    for option in options:
        if option not in (*known, "preserve_color"):
            raise InputError(
                f"--{option}: this is no flag of stylize, and the method {method!r} has no such option to stylise with."
                f"{nearest(option, known)} Options: {', '.join(known) or 'none'}"
            )


def prepare(files: Files, entry: Entry, config: Mapping[str, Any]) -> Work:
    """Return one picture to be made, its pictures read.

    Raises:
        InputError: if one cannot be read, or is none that the method takes.
    """
    if entry.method.takes.styles == "none":
        which = entry.name if entry.trained is None else f"of {entry.trained.source}"
        if files.styles:
            raise InputError(f"--style: the method {which} paints the one domain that it learned; leave --style out")
        if files.style_size is not None or (entry.preserve_color and entry.preserve_color.when == "before"):
            raise InputError(
                f"--style-size and --preserve-color-when=before change a style, and the method {which} takes none; "
                "leave them out"
            )
    elif not files.styles:
        raise InputError("--style is missing: name the painting whose style the picture is to have")
    content = as_in_file(load_image(files.content, files.size))
    return Work(files, entry, config, content, _styles(files, entry, content))


def _styles(files: Files, entry: Entry, content: np.ndarray) -> tuple[Style, ...]:
    trained = entry.trained
    side = min(content.shape[:2]) if files.style_size is None else files.style_size

    def picture(style: str) -> np.ndarray:
        if trained is not None and style in trained.styles and not Path(style).exists():
            return np.asarray(entry.method.learned_styles(trained.params)[trained.styles.index(style)])
        return as_in_file(load_image(style, side))

    images = [picture(style) for style in files.styles]
    none = (None,) * len(images)
    weights = files.weights or (1.0,) * len(images)
    places = [path and _mask(path, content) for path in files.content_masks or none]
    masks = [path and _mask(path, image) for path, image in zip(files.style_masks or none, images, strict=True)]
    given = zip(images, weights, places, masks, strict=True)
    return tuple(Style(image[None], weight, place, mask) for image, weight, place, mask in given)


def _mask(path: Path, picture: np.ndarray) -> np.ndarray:
    """Return the mask of a picture; say so where it leaves nothing out."""
    mask = load_mask(path, (picture.shape[0], picture.shape[1]))
    if covers_all(mask):
        warnings.warn(f"the mask {path} is white everywhere and leaves nothing out", Notice, stacklevel=2)
    return mask


def paint(work: Work, seed: int, progress: OnProgress = None) -> Cost:
    """Make the picture and write it, with what it was made of beside its pixels where its format has a place.

    Raises:
        InputError: if weights cannot be had, the loss diverges, or the method refuses.
    """
    setting("--seed", seed, Seed)
    entry, config, files = with_encoder(work.entry), work.config, work.files
    encoder = None if entry.trained is not None else build.resolve(ENCODERS, config["encoder"])
    precision = config.get("precision", "float32")
    try:
        image, cost = stylize(
            entry, encoder, work.content, work.styles, seed=seed, precision=precision, progress=progress
        )
    except ArithmeticError as error:
        raise InputError(str(error)) from error
    learned: Any = entry.trained
    details = {
        "config": {**settings_of(config), "method": entry.spec},
        "seed": seed,
        "content": files.content.name,
        "styles": [Path(style).name for style in files.styles],
        "style_weights": files.weights,
        "content_masks": [path.name for path in files.content_masks or ()],
        "style_masks": [path.name for path in files.style_masks or ()],
        "encoder": encoder.describe() if encoder is not None else learned.facts["encoder"],
        "checkpoint": learned and {"source": learned.source, "digest": learned.digest},
        "version": __version__,
        **({"depends_on": entry.depends_on} if entry.depends_on else {}),
    }
    save_image(files.out, image, {"Software": "styleresearch", "styleresearch": json.dumps(details, default=str)})
    return cost
