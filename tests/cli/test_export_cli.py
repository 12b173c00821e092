"""``styleresearch export``: files that other commands take, and what is refused before any work."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest
from jax import export as jax_export

from styleresearch.config import build
from styleresearch.data.images import load_image
from styleresearch.encoder.encoder import ENCODERS
from styleresearch.tasks import trained
from styleresearch.tasks.export import export_weights
from styleresearch.tasks.trained import Trained, load

ENCODER = {"name": "vgg16", "weights": "random", "width": 0.125}
SPEC = {
    "name": "feedforward",
    "net": {"name": "transform", "widths": (4, 6), "residuals": 0, "styles": 2, "output": "sigmoid", "pixels": "unit"},
    "optimizer": {"name": "adam"},
    "objective": {"style": {"name": "gram", "layers": ("relu1_1",)}},
}


@pytest.fixture
def zoo(bench, monkeypatch):
    """A folder to work in, and the zoo's ``tiny``, which knows the styles "oil" and "ink"."""
    monkeypatch.setattr(trained, "ZOO", bench / "zoo")
    (bench / "zoo").mkdir()
    facts = {
        "config": {"encoder": ENCODER},
        "method": SPEC,
        "encoder": build.resolve(ENCODERS, ENCODER).describe(),
        "styles": ("oil", "ink"),
    }
    tiny = Trained("tiny", SPEC, None, 5, facts)
    start = jax.jit(tiny.method().net.init)
    net = start(jax.random.key(0), jnp.zeros((1, 64, 64, 3)), jnp.ones((1, 2)))["params"]
    params = {"net": net, "thumbnails": jax.random.uniform(jax.random.key(1), (2, 16, 16, 3))}
    export_weights(Trained("tiny", SPEC, params, 5, facts), bench / "zoo" / "tiny.safetensors", "float32")
    return bench


def test_weights_for_stylize(zoo, cli):
    done = cli("export", "--checkpoint=zoo:tiny", "--out=a.safetensors")
    assert done.status == 0, done
    assert "Exported: a.safetensors (" in done.out
    assert ", 5 steps of zoo:tiny" in done.out
    assert load("a.safetensors").digest == load("zoo:tiny").digest
    half = cli("export", "--checkpoint=a.safetensors", "--out=half.safetensors", "--dtype=float16")
    assert half.status == 0
    assert (zoo / "half.safetensors").stat().st_size < (zoo / "a.safetensors").stat().st_size
    for file in ("zoo:tiny", "a.safetensors"):
        done = cli(
            "stylize", f"--checkpoint={file}", "--content=contents/hill.png", "--style=oil", f"--out={file[:3]}.png"
        )
        assert done.status == 0, done
    assert np.array_equal(load_image(zoo / "zoo.png"), load_image(zoo / "a.s.png"))


def test_a_method_that_learned_one_domain_takes_no_style(zoo, cli, refused):
    spec = {
        "name": "cyclegan",
        "net": {"name": "resnet", "width": 4, "blocks": 1},
        "discriminator": {"name": "patch", "width": 4, "layers": 1},
        "adversarial": {"name": "lsgan"},
        "optimizer": {"name": "adam"},
    }
    gan = Trained("gan", spec, None, 5, {**load("zoo:tiny").facts, "method": spec, "styles": ()})
    init = jax.jit(gan.method().net.init)
    there, back = (init(jax.random.key(seed), jnp.zeros((1, 32, 32, 3)))["params"] for seed in (0, 1))
    params = {"forward": there, "backward": back}
    export_weights(Trained("gan", spec, params, 5, gan.facts), zoo / "gan.safetensors", "float32")
    given = ("stylize", "--checkpoint=gan.safetensors", "--content=contents/hill.png")
    done = cli(*given, "--out=there.png")
    assert done.status == 0, done
    content = load_image(zoo / "contents" / "hill.png")
    painted = np.asarray(gan.method().paint(params, jnp.asarray(content)[None]))[0]
    assert np.abs(load_image(zoo / "there.png") - painted).max() < 0.6 / 255
    message = refused(*given, "--style=styles/oil.png", "--out=there.png")
    assert "--style: the method of gan.safetensors paints the one domain that it learned; leave --style out" in message
    message = refused(*given, "--style-size=20", "--out=there.png")
    assert "--style-size and --preserve-color-when=before change a style" in message
    # What its stylize reads is an option of the command, and nothing else is.
    assert cli(*given, "--direction", "backward", "--out=back.png").status == 0
    painted = np.asarray(gan.method(direction="backward").paint(params, jnp.asarray(content)[None]))[0]
    assert np.abs(load_image(zoo / "back.png") - painted).max() < 0.6 / 255
    message = refused(*given, "--pool=3", "--out=back.png")
    assert "--pool: this is no flag of stylize, and the method 'cyclegan' has no such option to stylise with" in message
    export = cli("export", "--checkpoint=gan.safetensors", "--out=gan.stablehlo", "--height=40", "--width=52")
    assert "cyclegan(content (1, 40, 52, 3)) -> image (1, 40, 52, 3), float32" in export.out


def test_a_program_says_how_to_call_it(zoo, cli):
    jaxtyping.config.update("jaxtyping_disable", True)  # annotations say int, where sizes are symbols
    try:
        done = cli("export", "--checkpoint=zoo:tiny", "--out=a.stablehlo")
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
    assert done.status == 0, done
    assert "feedforward(content (1, h, w, 3), mix (1, 2)) -> image (1, h, w, 3), float32" in done.out
    assert "mix: shares of oil, ink" in done.out
    assert "docs/export.md" in done.out
    program = jax_export.deserialize(bytearray((zoo / "a.stablehlo").read_bytes()))
    assert program.fun_name == "feedforward"
    assert str(program.in_avals) == "(ShapedArray(float32[1,h,w,3]), ShapedArray(float32[1,2]))"


def test_a_program_of_one_size(zoo, cli):
    done = cli("export", "--checkpoint=zoo:tiny", "--out=a.stablehlo", "--height=40", "--width=52")
    assert done.status == 0, done
    assert "content (1, 40, 52, 3)" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out=a.png"], "a.png: the ending says the form and must be one of .safetensors, .stablehlo"),
        (["--out=a.onnx"], "no exporter for ONNX covers the networks yet, see docs/export.md"),
        (["--out=zoo/tiny.safetensors"], "zoo/tiny.safetensors is the file that comes in; name another"),
        (["--out=nowhere/a.stablehlo"], "is in a folder that does not exist; name a file in an existing folder"),
        (["--out=folder.stablehlo"], "folder.stablehlo is a folder; name a file"),
        (["--out=a.stablehlo", "--height=64"], "--height and --width go together"),
        (["--out=a.stablehlo", "--height=64", "--width=0"], "give whole numbers of pixels, at least 1"),
        (["--out=a.safetensors", "--height=64", "--width=64"], "--height and --width go with a program (.stablehlo)"),
        (["--out=a.stablehlo", "--dtype=float16"], "--dtype goes with .safetensors"),
        (["--out=a.stablehlo", "--checkpoint=nowhere"], "nowhere does not exist; give a run directory"),
        (["--out=a.stablehlo", "--checkpoint=zoo:huge"], "the zoo has no weights 'huge'"),
        (["--out=a.stablehlo", "--checkpoint=contents/hill.png"], "is not a file of trained weights"),
    ],
)
def test_refused(zoo, refused, arguments, message):
    (zoo / "folder.stablehlo").mkdir()
    before = {path: path.stat().st_mtime_ns for path in zoo.rglob("*")}
    assert message in refused("export", "--checkpoint=zoo:tiny", *arguments)
    assert {path: path.stat().st_mtime_ns for path in zoo.rglob("*")} == before
