"""``styleresearch stylize``: one picture from the command line, and every way in which that can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styleresearch import __version__
from styleresearch.data.images import load_image, read_metadata, save_image


@pytest.fixture
def stylize(bench, cli) -> Callable:
    """Stylise ``contents/hill.png`` (50 x 40) with ``styles/oil.png`` into ``out.png``; return the picture."""

    def run(*arguments: object, content="contents/hill.png", style="styles/oil.png", out="out.png") -> np.ndarray:
        done = cli("stylize", "--content", content, "--style", style, "--out", out, "--config=one.py", *arguments)
        assert done.status == 0, done
        assert done.err == ""
        assert f"{out}: " in done.out
        return load_image(out)

    return run


def test_the_picture_has_its_contents_size_and_carries_its_config(stylize):
    picture = stylize("--config.method.evaluations=2", "--seed=7")
    assert picture.shape == (40, 50, 3)
    assert np.abs(picture - load_image("contents/hill.png")).max() > 0.01
    metadata = read_metadata("out.png")
    assert metadata["Software"] == "styleresearch"
    details = json.loads(metadata["styleresearch"])
    assert details["config"]["method"]["evaluations"] == 2
    assert list(details["config"]["method"]["objective"]) == ["content", "style"]
    assert details["seed"] == 7
    assert details["version"] == __version__
    assert details["encoder"]["weights"] == "random"


def test_evaluations_are_recorded_as_they_were(stylize):
    stylize("--evaluations=5", "--preserve-color=histogram")
    method = json.loads(read_metadata("out.png")["styleresearch"])["config"]["method"]
    assert method["evaluations"] == 5
    assert method["preserve_color"] == {"how": "histogram", "when": "after"}


@pytest.mark.parametrize(("size", "shape"), [(24, (24, 30, 3)), (60, (60, 75, 3))])
def test_size_is_the_short_side(stylize, size, shape):
    assert stylize(f"--size={size}").shape == shape


def test_the_styles_size_is_the_contents_or_its_own(stylize):
    usual = stylize()
    np.testing.assert_array_equal(stylize("--style-size=40"), usual)
    assert not np.array_equal(stylize("--style-size=20"), usual)


def test_other_endings(stylize):
    jpeg, webp = stylize(out="out.jpg"), stylize(out="out.webp")
    np.testing.assert_array_equal(webp, stylize())
    assert 0 < np.abs(jpeg - webp).mean() < 0.02


def test_contents_of_every_kind(stylize, bench):
    hill = Image.open("contents/hill.png").convert("RGB")
    hill.convert("L").save("grey.png")
    hill.convert("CMYK").save("cmyk.jpg")
    hill.convert("P").save("palette.gif")
    alpha = hill.convert("RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(hill.size))
    alpha.save("alpha.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    hill.save("turned.jpg", exif=exif)
    for name in ("grey.png", "cmyk.jpg", "palette.gif", "alpha.png"):
        picture = stylize(content=name)
        assert picture.shape == (40, 50, 3)
        assert np.abs(picture - load_image(name)).mean() < 0.3
    assert stylize(content="turned.jpg").shape == (50, 40, 3)
    assert stylize(style="grey.png").shape == (40, 50, 3)


def test_several_styles_are_weighed(stylize):
    alone = stylize("--evaluations=6")
    other = stylize("--evaluations=6", style="styles/ink.webp")
    second = ("--style", "styles/ink.webp", "--evaluations=6")
    all_first = stylize(*second, "--style-weight=1", "--style-weight=0")
    np.testing.assert_allclose(all_first, alone, atol=0.02)
    half = stylize(*second)
    np.testing.assert_allclose(stylize(*second, "--style-weight=3", "--style-weight=3"), half, atol=0.01)
    assert np.abs(half - alone).mean() > 0.002
    assert np.abs(half - other).mean() > 0.002


def test_masks_say_where_a_style_goes_and_what_of_it(stylize):
    left = np.zeros((20, 25, 3))
    left[:, :12] = 1.0
    save_image("left.png", left)
    save_image("right.png", 1 - left)
    both = ("--style", "styles/ink.webp", "--config.method.objective.content.weight=0.0", "--evaluations=8")
    plain = stylize(*both)
    masked = stylize(*both, "--content-mask=left.png", "--content-mask=right.png")
    swapped = stylize(*both, "--content-mask=right.png", "--content-mask=left.png")
    assert not np.array_equal(masked, plain)
    assert not np.array_equal(masked, swapped)
    # On the left alone, far from the seam, oil is what the one mask asks for and ink the other.
    oil, ink = stylize(*both[2:]), stylize(*both[2:], style="styles/ink.webp")
    far = np.s_[:, :16]
    assert np.abs(masked[far] - oil[far]).mean() < np.abs(masked[far] - ink[far]).mean()
    assert np.abs(swapped[far] - ink[far]).mean() < np.abs(swapped[far] - oil[far]).mean()
    save_image("above.png", np.concatenate([np.ones((10, 20, 3)), np.zeros((10, 20, 3))]))
    part = stylize("--style-mask=above.png", "--evaluations=8")
    assert not np.array_equal(part, stylize("--evaluations=8"))


def test_a_layer_of_a_paint_program_is_a_mask(stylize):
    left = np.zeros((40, 50), np.uint8)
    left[:, :25] = 255
    for name, mask in (("left", left), ("right", 255 - left)):
        Image.fromarray(mask).save(f"{name}.png")
        Image.fromarray(np.dstack([np.full_like(mask, 255)] * 3 + [mask])).save(f"{name}_layer.png")
    styles = ("--style", "styles/ink.webp")
    masked = stylize(*styles, "--content-mask=left.png", "--content-mask=right.png")
    layers = stylize(*styles, "--content-mask=left_layer.png", "--content-mask=right_layer.png")
    np.testing.assert_array_equal(layers, masked)
    assert not np.array_equal(masked, stylize(*styles))


def test_a_mask_that_leaves_nothing_out_is_named(bench, cli):
    save_image("white.png", np.ones((40, 50, 3)))
    save_image("some.png", np.linspace(0, 1, 50)[None, :, None] * np.ones((40, 50, 3)))
    call = ("stylize", "--content=contents/hill.png", "--style=styles/oil.png", "--out=out.png", "--config=one.py")
    done = cli(*call, "--content-mask=white.png")
    assert done.status == 0
    assert done.err == "styleresearch: warning: the mask white.png is white everywhere and leaves nothing out\n"
    assert cli(*call, "--content-mask=some.png").err == ""


def test_a_mask_of_another_picture_is_refused(bench, refused):
    save_image("square.png", np.tri(40)[:, :, None] * np.ones(3))
    save_image("wide.png", np.tri(40, 50)[:, :, None] * np.ones(3))
    call = ("stylize", "--content=contents/hill.png", "--style=styles/oil.png", "--out=out.png", "--config=one.py")
    assert "square.png is 40 x 40 px and does not fit its picture, which is 50 x 40" in refused(
        *call, "--content-mask=square.png"
    )
    assert "wide.png is 50 x 40 px and does not fit its picture, which is 40 x 40" in refused(
        *call, "--style-mask=wide.png"
    )


def test_a_wide_gamut_photograph_keeps_its_colours(stylize, display_p3):
    hill = Image.open("contents/hill.png")
    hill.save("p3.png", icc_profile=display_p3)
    still = "--config.method.optimizer.learning_rate=1e-12"
    picture = stylize(still, content="p3.png")
    np.testing.assert_allclose(picture, load_image("p3.png"), atol=0.51 / 255)
    # What P3's numbers mean is more saturated in sRGB's.
    plain = stylize(still)
    assert np.ptp(picture, axis=2).mean() > 1.05 * np.ptp(plain, axis=2).mean()
    with Image.open("out.png") as written:
        assert "icc_profile" not in written.info


@pytest.mark.parametrize("how", ["luminance", "mean_std", "covariance", "histogram"])
def test_colours_are_kept(stylize, how):
    save_image("red.png", np.array([0.9, 0.1, 0.1]) * np.random.default_rng(0).random((36, 36, 1)))
    content = load_image("contents/hill.png")

    def distance(*arguments: str) -> float:
        picture = stylize("--config.method.init=style", "--evaluations=1", *arguments, style="red.png")
        return float(np.abs(tint(picture) - tint(content)).max())

    assert distance(f"--preserve-color={how}") < 0.1 < 0.15 < distance()
    assert distance(f"--preserve-color={how}", "--preserve-color-when=before") < 0.1


def tint(picture: np.ndarray) -> np.ndarray:
    """Return how far the mean of each channel is from grey: "luminance" keeps the colour, not the lightness."""
    mean = picture.mean((0, 1))
    return mean - mean @ np.array([0.299, 0.587, 0.114])


def test_the_seed_decides_the_noise(stylize):
    noise = "--config.method.init=noise"
    first, again, other = stylize(noise, "--seed=1"), stylize(noise, "--seed=1"), stylize(noise, "--seed=2")
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.01
    np.testing.assert_array_equal(stylize("--seed=1"), stylize("--seed=2"))


def test_a_name_that_looks_like_markup(stylize, bench):
    (bench / "[red]").mkdir()
    stylize(out="[red]/[bold].png")


# What cannot be done

GIVEN = {"--content": "contents/hill.png", "--style": "styles/oil.png", "--out": "out.png", "--config": "one.py"}


def broken_pictures(folder: Path) -> None:
    (folder / "text.png").write_text("not a picture")
    (folder / "empty.png").write_bytes(b"")
    (folder / "cut.png").write_bytes((folder / "contents/hill.png").read_bytes()[:500])
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    Image.new("RGB", (30_000, 20)).save(folder / "wide.png")
    Image.new("RGB", (5, 5)).save(folder / "black.png")
    Image.new("RGB", (5, 5), "white").save(folder / "white.png")
    (folder / "file").write_text("")


DEEP = "('relu5_1',)"


@pytest.mark.parametrize(
    ("changes", "further", "message"),
    [
        ({"--content": "text.png"}, (), "text.png is not a picture that can be read"),
        ({"--style": "text.png"}, (), "text.png is not a picture that can be read"),
        ({"--content": "empty.png"}, (), "empty.png is empty (0 bytes)"),
        ({"--content": "cut.png"}, (), "cut.png cannot be read as a picture, it is damaged or cut short"),
        ({"--content": "dot.png"}, (), "1x1 px is too small for layers relu2_1, relu1_1"),
        ({"--content": "wide.png"}, (), "wide.png is 30000 x 20"),
        ({"--style": "wide.png"}, (), "wide.png is 30000 x 20"),
        ({"--content": "wide.png"}, ("--size=512",), "wide.png is 30000 x 20 pixels and would be"),
        ({"--content": "nowhere.png"}, (), "there is no file nowhere.png"),
        ({"--style": "nowhere.png"}, (), "there is no file nowhere.png"),
        ({"--content": "contents"}, (), "contents is a folder, not a picture"),
        ({"--out": "nowhere/out.png"}, (), "--out nowhere/out.png is in a folder that does not exist"),
        ({"--out": "file/out.png"}, (), "--out file/out.png is in a folder that does not exist"),
        ({"--out": "contents"}, (), "--out contents: the ending must be one of .png, .jpg, .jpeg, .webp"),
        ({"--out": "out.tiff"}, (), "--out out.tiff: the ending must be one of .png"),
        ({"--out": "out"}, (), "--out out: the ending must be one of .png"),
        ({"--out": "contents/hill.png"}, (), "--out contents/hill.png is one of the pictures that come in"),
        ({"--out": "contents/../styles/oil.png"}, (), "is one of the pictures that come in"),
        ({"--config": "noone.py"}, (), "there is no config file noone.py. Did you mean 'one.py'?"),
        ({"--config": "tiny.py"}, (), "the key 'method' is missing"),
        ({}, ("--config.method.evaluation=3",), "has no key 'evaluation'. Did you mean 'evaluations'?"),
        ({}, ("--config.method.evaluations=many",), "--config.method.evaluations=many"),
        ({}, ("--config.method.init=contents",), "init = 'contents' is not one of 'content', 'style', 'noise'"),
        (
            {},
            ("--config.method.objective.style.layers=('relu6_1',)",),
            "vgg16 has no layer 'relu6_1'. Did you mean 'relu",
        ),
        ({}, ("--config.method.objective.style.layers=()",), "layers = () is not of 1 to 1000 entries"),
        ({}, (f"--config.method.objective.style.layers={DEEP}", "--size=15"), "too small for layers relu2_1, relu5_1"),
        ({}, (f"--config.method.objective.style.layers={DEEP}", "--style-size=15"), "too small for layers relu5_1"),
        ({}, ("--evaluations=0",), "evaluations = 0 is not from 1"),
        ({}, ("--evaluations=1.5",), "evaluations = 1.5 is not of type int"),
        ({}, ("--resize=3",), "--resize: this is no flag of stylize, and the method 'gatys' has no such option"),
        ({}, ("--evaluatons", "3"), "Did you mean 'evaluations'? Options: objective, optimizer, evaluations"),
        ({}, ("--evaluations=-3",), "evaluations = -3 is not from 1"),
        ({}, ("--size=0",), "size 0: the short side of a picture must be 1 to"),
        ({}, ("--size=-5",), "size -5: the short side"),
        ({}, ("--style-size=0",), "size 0: the short side"),
        ({}, ("--seed=-1",), "--seed = -1 is not from 0 to 4294967295"),
        ({}, (f"--seed={2**70}",), "is not a whole number of 64 bits"),
        (
            {},
            ("--style=styles/ink.webp", "--style-weight=1"),
            "1 --style-weight for 2 --style; give --style-weight once",
        ),
        ({}, ("--style-weight=-1",), "--style-weight [-1.0]: weights must be finite and not negative, and one above 0"),
        ({}, ("--style-weight=0",), "and one above 0"),
        ({}, ("--style-weight=nan",), "weights must be finite"),
        ({}, ("--style-weight=inf",), "weights must be finite"),
        ({}, ("--content-mask=white.png", "--content-mask=white.png"), "2 --content-mask for 1 --style"),
        ({}, ("--style=styles/ink.webp", "--style-mask=white.png"), "1 --style-mask for 2 --style"),
        ({}, ("--content-mask=black.png",), "the mask black.png is black everywhere; paint white where it applies"),
        ({}, ("--style-mask=black.png",), "the mask black.png is black everywhere"),
        ({}, ("--style-mask=text.png",), "text.png is not a picture that can be read"),
        ({}, ("--preserve-color-when=before",), "--preserve-color-when goes with --preserve-color"),
        ({}, ("--config.encoder.weights=nowhere",), "nowhere"),
        ({}, ("--config.method.optimizer.learning_rate=-1",), "learning_rate"),
    ],
)
def test_a_mistake_is_one_message_and_leaves_what_is_there(bench, refused, changes, further, message):
    broken_pictures(bench)
    (bench / "out.png").write_bytes(b"mine")
    before = {path: path.read_bytes() for path in bench.rglob("*") if path.is_file()}
    options = [f"{option}={value}" for option, value in {**GIVEN, **changes}.items()]
    assert message in refused("stylize", *options, *further)
    assert {path: path.read_bytes() for path in bench.rglob("*") if path.is_file()} == before


def test_a_method_without_what_an_option_asks_for(bench, refused):
    text = (bench / "one.py").read_text()
    start, end = text.index("config.method = dict("), text.index("    return config")
    (bench / "one.py").write_text(text[:start] + 'config.method = dict(name="identity")\n' + text[end:])
    options = [f"{option}={value}" for option, value in GIVEN.items()]
    assert "--evaluations: this is no flag of stylize, and the method 'identity' has no such option" in refused(
        "stylize", *options, "--evaluations=3"
    )
    assert "takes one style and no masks" in refused("stylize", *options, "--style=styles/ink.webp")
    assert not (bench / "out.png").exists()


def test_a_loss_that_diverges_names_its_term(bench, refused):
    options = [f"{option}={value}" for option, value in GIVEN.items()]
    message = refused("stylize", *options, "--config.method.optimizer.learning_rate=1e30", "--evaluations=5")
    assert "evaluation 2" in message
    assert "lower" in message
    assert not (bench / "out.png").exists()


def test_a_folder_that_cannot_be_written(bench, refused, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    options = [f"{option}={value}" for option, value in GIVEN.items()]
    assert "--out out.png: the folder cannot be written; name another" in refused("stylize", *options)


@pytest.mark.parametrize("missing", ["--content", "--out"])
def test_what_is_required(cli, missing):
    done = cli("stylize", *(f"{option}={value}" for option, value in GIVEN.items() if option != missing))
    assert done.status == 2
    assert f"the following arguments are required: {missing}" in done.err


def test_a_style_is_required_by_what_takes_one(bench, refused):
    given = (f"{option}={value}" for option, value in GIVEN.items() if option != "--style")
    assert "--style is missing: name the painting" in refused("stylize", *given)


@pytest.mark.parametrize("wrong", ["--size=big", "--preserve-color=hue", "--resize", "extra"])
def test_what_the_command_line_does_not_know(bench, cli, wrong):
    done = cli("stylize", *(f"{option}={value}" for option, value in GIVEN.items()), wrong)
    assert done.status == 2
    assert "usage: styleresearch" in done.err
    assert wrong.split("=")[0] in done.err
    assert not (bench / "out.png").exists()
