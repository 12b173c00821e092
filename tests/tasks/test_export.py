"""A method that was exported paints what the method itself paints, on real pictures, with nothing but JAX."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest
from jax import export as jax_export

from styleresearch.config import build
from styleresearch.data.images import load_image, save_image
from styleresearch.data.pictures import SOURCES
from styleresearch.encoder.encoder import ENCODERS, Encoder
from styleresearch.errors import InputError
from styleresearch.methods import METHODS
from styleresearch.methods.base import TrainedMethod
from styleresearch.methods.program import PLATFORMS, Program, _extend
from styleresearch.methods.takes import Takes
from styleresearch.nets import NETS, Net
from styleresearch.ops import device
from styleresearch.ops.pad import pad_to_multiple
from styleresearch.tasks.export import export, program
from styleresearch.tasks.trained import Trained
from styleresearch.types import Style

ROOT = Path(__file__).resolve().parents[2]
ENCODER = {"name": "vgg16", "weights": "random", "width": 0.125}
TRANSFORM = {
    "name": "transform",
    "widths": (4, 6, 8),
    "residuals": 1,
    "styles": 3,
    "output": "sigmoid",
    "pixels": "unit",
}
STYLES = ("oil", "ink", "waves")


def trained(spec: dict, encoder: dict | None = None) -> Trained:
    """Return a method with the parameters of its first step."""
    terms = {"style": {"name": "gram", "layers": ("relu1_1",)}}
    spec = {"optimizer": {"name": "adam"}, **({} if spec["name"] == "cut" else {"objective": terms}), **spec}
    encoder = ENCODER if encoder is None else encoder
    facts = {"config": {"encoder": encoder}, "method": spec, "encoder": build.resolve(ENCODERS, encoder).describe()}
    if spec["name"] == "feedforward":
        facts["styles"] = STYLES[: spec["net"].get("styles", 1)]
    found = Trained("test", spec, None, 7, facts)
    method = found.method()
    if spec["name"] == "feedforward":
        styles = jnp.ones((1, method.net.styles))
        net = jax.jit(method.net.init)(jax.random.key(0), jnp.zeros((1, 64, 64, 3)), styles)
        # What begins as ones and zeros: as different for the styles as training makes them.
        learned = jax.tree.map(lambda x: x + 0.3 * jax.random.normal(jax.random.key(x.size), x.shape), net["params"])
        return replace(
            found, params={"net": learned, "thumbnails": jax.random.uniform(jax.random.key(1), (3, 16, 16, 3))}
        )
    if spec["name"] == "cut":
        return replace(found, params=jax.jit(method.net.init)(jax.random.key(0), jnp.zeros((1, 64, 64, 3)))["params"])
    features = jax.eval_shape(lambda x: found.encoder()(x, (method.layer,))[method.layer], jnp.zeros((1, 64, 64, 3)))
    return replace(found, params=jax.jit(method.net.init)(jax.random.key(0), jnp.zeros(features.shape))["params"])


def adain(encoder: dict | None = None, **options) -> Trained:
    net = {"name": "decoder", "widths": (8, 6, 4), "depths": (1, 1, 1), "initial": "he"}
    return trained({"name": "adain", "net": net, **options}, encoder)


def feedforward(**net) -> Trained:
    return trained({"name": "feedforward", "net": {**TRANSFORM, **net}})


@pytest.fixture(scope="module")
def pictures() -> dict[str, jax.Array]:
    """Real photographs, (1, h, w, 3), of sizes that are no multiple of anything."""
    source = SOURCES.build({"name": "photographs"})
    cat, coffee = (jnp.asarray(source.picture(name, 110)) for name in ("cat", "coffee"))
    return {"content": cat[None, :71, :101], "style": coffee[None, :83, :70], "small": cat[None, :32, :40]}


@pytest.fixture(autouse=True)
def symbols_are_no_numbers(monkeypatch):
    """Leave annotations unchecked while a program is traced: they say int and float, where symbols are expressions."""
    serialize = Program.serialize

    def unchecked(self: Program) -> bytes:
        jaxtyping.config.update("jaxtyping_disable", True)
        try:
            return serialize(self)
        finally:
            jaxtyping.config.update("jaxtyping_disable", False)

    monkeypatch.setattr(Program, "serialize", unchecked)


@lru_cache
def shared(name: str) -> tuple[Trained, bytes]:
    """Return a method whose options hold by default, or AdaIN, and its program: made once for all tests."""
    found = {"adain": partial(adain, unbiased=True), "feedforward": feedforward}[name]()
    return found, program(found).serialize()


def difference(a, b) -> float:
    assert a.shape == b.shape
    assert np.std(b) > 0.01  # there is a picture to compare
    return float(np.abs(np.asarray(a) - np.asarray(b)).max())


def call(data: bytes, *arguments):
    return jax_export.deserialize(bytearray(data)).call(*arguments)


def recognised(found: Trained, content: jax.Array, **shares: float):
    """Return what ``stylize`` paints for shares of the styles."""
    styles = [Style(found.params["thumbnails"][STYLES.index(name)][None], share) for name, share in shares.items()]
    return found.method().stylize(found.params, None, content, styles, key=jax.random.key(0))


@pytest.mark.parametrize(
    "net",
    [
        {},
        {"padding": "reflect_start", "upsample": "transposed", "pixels": "caffe", "output": "tanh"},
        pytest.param(
            {"name": "unet", "width": 4, "pixels": "signed", "output": "tanh", "widths": None, "residuals": None},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["transform", "authors", "unet"],
)
def test_a_feed_forward_program_paints_what_stylize_paints_at_any_size(net, pictures):
    if net:
        net = {option: value for option, value in {**TRANSFORM, **net}.items() if value is not None}
        found = trained({"name": "feedforward", "net": net})
        data = program(found).serialize()
    else:
        found, data = shared("feedforward")
    assert jax_export.deserialize(bytearray(data)).platforms == PLATFORMS
    for content in (pictures["content"], pictures["style"]):
        painted = call(data, content, np.array([[1, 0, 3]], np.float32))
        assert difference(painted, recognised(found, content, oil=1.0, waves=3.0)) < 1e-4
    assert difference(painted, recognised(found, content, ink=1.0)) > 0.01


@pytest.mark.parametrize("strength", [1.0, 0.3])
def test_an_adain_program_paints_what_stylize_paints_at_any_size(strength, pictures):
    found, data = shared("adain")
    method, key = replace(found.method(), strength=strength), jax.random.key(0)
    for content, style in ((pictures["content"], pictures["style"]), (pictures["style"], pictures["content"])):
        painted = call(data, content, style, np.float32(strength))
        wanted = method.stylize(found.params, found.encoder(), content, [Style(style)], key=key)
        assert difference(painted, wanted) < 1e-4


DISCRIMINATOR = {"discriminator": {"name": "patch", "width": 4, "layers": 1}, "adversarial": {"name": "hinge"}}


@pytest.mark.parametrize("antialias", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_program_of_one_domain_paints_what_stylize_paints_at_any_size(antialias, pictures):
    net = {"name": "resnet", "width": 4, "blocks": 1, "antialias": antialias, "initial": "he"}
    found = trained({"name": "cut", "net": net, **DISCRIMINATOR})
    data = program(found).serialize()
    for content in (pictures["content"], pictures["style"]):
        wanted = found.method().stylize(found.params, None, content, [], key=None)
        assert difference(call(data, content), wanted) < 1e-4


def test_a_padding_longer_than_the_picture_reflects_again_and_again():
    content = jax.random.uniform(jax.random.key(0), (1, 64, 100, 3))
    for axis in (1, 2):
        # 256 is what eight halvings need.
        extended = _extend(content, axis, 256)
        widths = [(0, 256 - content.shape[axis]) if each == axis else (0, 0) for each in range(4)]
        np.testing.assert_array_equal(extended, jnp.pad(content, widths, mode="reflect"))


def test_a_program_of_an_arbitrary_gan_is_that_of_its_decoder(pictures):
    net = {"name": "decoder", "widths": (8, 6, 4), "depths": (1, 1, 1), "initial": "he"}
    found = trained({"name": "arbitrary_gan", "net": net, **DISCRIMINATOR})
    content, style = pictures["content"], pictures["style"]
    painted = call(program(found).serialize(), content, style, np.float32(1))
    wanted = found.method().stylize(found.params, found.encoder(), content, [Style(style)], key=jax.random.key(0))
    assert difference(painted, wanted) < 1e-4


def test_an_encoder_that_keeps_odd_rows(pictures, monkeypatch):
    found = adain({**ENCODER, "padding": "reflect"})
    encoder = found.encoder()
    encoder = encoder.replace(net=replace(encoder.net, convention="normalised"))
    monkeypatch.setattr(Trained, "encoder", lambda self: encoder)
    painted = call(program(found).serialize(), pictures["content"], pictures["style"], np.float32(1))
    wanted = found.method().stylize(found.params, encoder, pictures["content"], [Style(pictures["style"])], key=None)
    assert difference(painted, wanted) < 1e-4


def test_one_size(pictures):
    found = adain()
    content = pictures["small"]
    data = program(found, content.shape[1:3]).serialize()
    wanted = found.method().stylize(found.params, found.encoder(), content, [Style(content[:, ::-1])], key=None)
    assert difference(call(data, content, content[:, ::-1], np.float32(1)), wanted) < 1e-4
    with pytest.raises(ValueError, match="shape"):
        call(data, pictures["content"], content, np.float32(1))


def test_the_form_for_accelerators_is_the_same_function(pictures, monkeypatch):
    found, here = shared("feedforward")
    wanted = recognised(found, pictures["content"], ink=1.0)
    monkeypatch.setattr(device, "on_cpu", lambda: False)
    data = program(found).serialize()
    assert data != here
    assert difference(call(data, pictures["content"], np.array([[0, 1, 0]], np.float32)), wanted) < 1e-4


def test_nothing_in_a_program_belongs_to_one_platform():
    for name in ("adain", "feedforward"):
        module = jax_export.deserialize(bytearray(shared(name)[1])).mlir_module()
        # Checks of the sizes that come in; everything else is plain StableHLO.
        assert set(re.findall(r"custom_call @(\w+)", module)) <= {"shape_assertion"}
        assert "precision = [HIGHEST, HIGHEST]" in module
        assert "precision = [DEFAULT, DEFAULT]" not in module


def test_a_program_holds_only_the_weights_that_it_uses():
    found, data = shared("adain")
    used = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv4_1")
    encoder = found.encoder().variables["params"]
    weights = sum(leaf.nbytes for leaf in jax.tree.leaves(({name: encoder[name] for name in used}, found.params)))
    assert weights < len(data) < weights + 100_000


def test_the_loader_of_the_page_needs_nothing_but_jax(tmp_path, pictures):
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "load.py").write_text(code)
    for name in ("content", "style"):
        save_image(tmp_path / f"{name}.png", np.asarray(pictures[name][0]))
    content, style = (jnp.asarray(load_image(tmp_path / f"{name}.png"))[None] for name in ("content", "style"))
    calls = {"adain": ["content.png", "style.png"], "feedforward": ["content.png"]}
    script = "import runpy, sys\n"
    for name, arguments in calls.items():
        (tmp_path / f"{name}.stablehlo").write_bytes(shared(name)[1])
        command = ["load.py", f"{name}.stablehlo", f"{name}.png", *arguments]
        script += f"sys.argv = {command!r}\nrunpy.run_path('load.py', run_name='__main__')\n"
    script += "assert not {'styleresearch', 'flax'} & set(sys.modules)\n"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = shared("adain")[0]
    painted = {
        "adain": found.method().stylize(found.params, found.encoder(), content, [Style(style)], key=None),
        "feedforward": recognised(shared("feedforward")[0], content, oil=1.0),
    }
    for name, wanted in painted.items():
        assert difference(load_image(tmp_path / f"{name}.png"), wanted[0]) < 0.5 / 255 + 1e-4


class Own(TrainedMethod):
    """A method of a user's own."""

    takes = Takes(encoder=False)

    def init(self, key, encoder: Encoder, batch): ...
    def step(self, state, encoder: Encoder, batch): ...
    def inference(self, state): ...
    def stylize(self, params, encoder, content, styles, *, key, progress=None): ...


class OwnNet(Net):
    """A network of a user's own, which pads pictures and does not say to which multiples."""

    @nn.compact
    def __call__(self, image, mix=None):
        image = pad_to_multiple(image, 4, "reflect")
        return image * self.param("gain", nn.initializers.ones, ())


def test_what_cannot_be_exported(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"must be one of \.safetensors, \.stablehlo$"):
        export(feedforward(), tmp_path / "a.tflite")
    with pytest.raises(InputError, match=r"no exporter for ONNX covers .* docs/export\.md"):
        export(feedforward(), tmp_path / "a.onnx")
    with pytest.raises(InputError, match="too small for layers relu4_1"):
        export(adain(), tmp_path / "a.stablehlo", (6, 90))
    with pytest.raises(InputError, match="at least 1"):
        export(feedforward(), tmp_path / "a.stablehlo", (0, 90))
    monkeypatch.setattr(METHODS, "_entries", {**METHODS._entries, "own": Own})
    own = Trained("x", {"name": "own"}, {}, 1, {"config": {}})
    with pytest.raises(InputError, match=r"'own' is known as weights only; export it as \.safetensors, or"):
        export(own, tmp_path / "a.stablehlo")
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_symbols_confuse_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(NETS, "_entries", {**NETS._entries, "own": OwnNet})
    found = trained({"name": "feedforward", "net": {"name": "own"}})
    with pytest.raises(
        InputError, match=r"cannot be exported for pictures of any size \(.+\); give one size: --height"
    ):
        export(found, tmp_path / "a.stablehlo")
    export(found, tmp_path / "a.stablehlo", (32, 48))
    assert (tmp_path / "a.stablehlo").is_file()
