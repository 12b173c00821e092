"""``styleresearch evaluate``: pictures on disk, whoever made them, measured as ``compare`` measures."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from styleresearch.data.framing import resize
from styleresearch.data.images import load_image, save_image

METRICS = """
from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.imports = ()
    config.encoder = dict(name="vgg16", weights="random", width=0.125)
    config.metrics = dict(
        content_loss=dict(name="loss", title="Content loss", loss=dict(name="feature", layers=("relu2_1",))),
        style_loss=dict(name="loss", title="Style loss", loss=dict(name="gram", layers=("relu1_1", "relu2_1"))),
        ssim=dict(name="ssim"),
        color=dict(name="color_histogram"),
    )
    return config
"""
FRAMES = """
    config.size = 32
    config.style_size = 23
    config.contents = dict(name="folder", path="contents")
    config.styles = dict(name="folder", path="styles", names=("oil",))
    config.methods = dict(identity=dict(name="identity"))
    return config
"""
FOLDERS = ("--content=contents", "--style=styles", "--config=metrics.py")


@pytest.fixture
def folder(bench) -> Path:
    """The bench with the config ``metrics.py`` and outputs of a method ``other`` in several formats."""
    (bench / "metrics.py").write_text(METRICS)
    (bench / "other").mkdir()
    for name in ("hill__oil.png", "hill__ink.jpg", "lake__oil.webp", "lake__ink.PNG"):
        content = next((bench / "contents").glob(f"{name[:4]}.*"))
        path = bench / "other" / name
        save_image(path.with_suffix(path.suffix.lower()), 1 - load_image(content))
        path.with_suffix(path.suffix.lower()).rename(path)
    return bench


@pytest.fixture
def evaluate(folder, cli) -> Callable:
    """Measure the folder ``other`` into ``scores``."""

    def run(*arguments: object, outputs: tuple[str, ...] = ("other",), out="scores") -> list[dict]:
        done = cli("evaluate", *(f"--outputs={each}" for each in outputs), *FOLDERS, f"--out={out}", *arguments)
        assert done.status == 0, done
        assert f"Report: {folder / out / 'report.html'}" in done.out
        return read(folder / out / "records.jsonl")

    return run


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def scene(height: int, width: int) -> np.ndarray:
    return resize(np.random.default_rng(height).random((16, 16, 3)), (height, width))


def resized(folder: Path, sizes: str) -> None:
    """Write the sizes of the comparison ``tiny.py`` anew."""
    text = (folder / "tiny.py").read_text()
    (folder / "tiny.py").write_text(re.sub(r"config\.size = 32(\n +config\.style_size = \d+)?", sizes, text))


def table(path: Path, *rows: str, header="output,content,style") -> str:
    path.write_text("\n".join([header, *rows]) + "\n")
    return f"--pairs={path.name}"


def test_outputs_are_named_after_their_inputs(evaluate, folder):
    records = evaluate()
    assert [record["pair"] for record in records] == ["hill__ink", "hill__oil", "lake__ink", "lake__oil"]
    for record in records:
        assert record["schema"] == 1
        assert (record["method"], record["label"], record["baseline"], record["seed"]) == ("other", "other", False, 0)
        assert record["size"] == {"hill": [40, 50], "lake": [48, 36]}[record["content"]]
        assert list(record["metrics"]) == ["content_loss", "style_loss", "ssim", "color"]
        assert all(np.isfinite(value) for value in record["metrics"].values())
        assert record["cost"] == dict.fromkeys(("seconds", "compile_seconds", "evaluations", "peak_memory_mb"))
        assert record["in_sample"] == []
        assert record["files"]["curve"] is None
        shown = load_image(folder / "scores" / record["files"]["output"])
        (original,) = (folder / "other").glob(f"{record['pair']}.*")
        np.testing.assert_array_equal(shown, load_image(original))
        for name in ("content", "style"):
            assert load_image(folder / "scores" / record["files"][name]).size
    assert (folder / "scores/table.csv").is_file()
    assert list(json.loads((folder / "scores/contracts.json").read_text())) == list(records[0]["metrics"])
    assert json.loads((folder / "scores/config.json").read_text())["encoder"]["weights"] == "random"


def test_scores_are_those_that_compare_gave(folder, cli, evaluate):
    assert cli("compare", "--config=tiny.py", "--workdir=run").status == 0
    given = {(record["method"], record["pair"]): record for record in read(folder / "run/records.jsonl")}
    done = cli(
        *("evaluate", "--outputs=run/images/noise", "--outputs=run/images/style", "--outputs=run/images/identity"),
        *("--content=run/inputs/content", "--style=run/inputs/style", "--config=tiny.py", "--out=scores"),
    )
    assert done.status == 0
    records = read(folder / "scores/records.jsonl")
    assert {(record["method"], record["pair"]) for record in records} == given.keys()
    for record in records:
        compared = given[record["method"], record["pair"]]
        assert record["metrics"] == pytest.approx(compared["metrics"], rel=1e-6, abs=1e-9)
        assert record["size"] == compared["size"]
    contracts = [json.loads((folder / run / "contracts.json").read_text()) for run in ("run", "scores")]
    assert contracts[0] == contracts[1]


def test_seeds_in_names_are_understood(folder, cli, evaluate):
    assert cli("compare", "--config=tiny.py", "--workdir=run", "--config.seeds=(1, 2)").status == 0
    done = cli(
        *("evaluate", "--outputs=run/images/noise", "--content=run/inputs/content", "--style=run/inputs/style"),
        *("--config=metrics.py", "--out=scores"),
    )
    assert done.status == 0
    assert done.err == ""
    given = {record["pair"]: record for record in read(folder / "run/records.jsonl") if record["method"] == "noise"}
    records = {record["pair"]: record for record in read(folder / "scores/records.jsonl")}
    assert records.keys() == given.keys()
    assert len(records) == 8
    for pair, record in records.items():
        assert record["metrics"] == pytest.approx(given[pair]["metrics"], rel=1e-6, abs=1e-9)
        assert (record["seed"], record["content"], record["style"]) == tuple(
            given[pair][key] for key in ("seed", "content", "style")
        )


def test_a_table_says_what_belongs_together(evaluate, folder):
    (folder / "other/result 1.png").write_bytes((folder / "other/hill__oil.png").read_bytes())
    pairs = table(folder / "pairs.csv", "result 1.png,lake.jpg,ink", '"hill__ink.jpg",hill,oil.png')
    records = evaluate(pairs)
    assert [record["pair"] for record in records] == ["lake__ink", "hill__oil"]
    shown = load_image(folder / "scores" / records[0]["files"]["output"])
    np.testing.assert_array_equal(shown, load_image(folder / "other/result 1.png"))
    assert records[0]["size"] == [40, 50]
    # A spreadsheet's file: a byte order mark, a further column, other ends of lines.
    text = "output,style,content,note\r\nhill__ink.jpg,oil,hill,x\r\n"
    (folder / "pairs.csv").write_bytes(text.encode("utf-8-sig"))
    assert [record["pair"] for record in evaluate(pairs)] == ["hill__oil"]


def test_several_folders_are_several_methods(evaluate, folder):
    shutil.copytree(folder / "other", folder / "third")
    records = evaluate(outputs=("other", "third/"))
    assert [record["method"] for record in records] == ["other"] * 4 + ["third"] * 4
    assert [record["metrics"] for record in records[:4]] == [record["metrics"] for record in records[4:]]
    (folder / "link").symlink_to(folder / "other")
    assert {record["method"] for record in evaluate(outputs=("other", "link"))} == {"other", "link"}


def test_outputs_of_another_size(evaluate, folder):
    before = {record["pair"]: record["metrics"] for record in evaluate()}
    inverted = resize(1 - load_image("contents/hill.png"), (20, 25))
    save_image("other/hill__oil.png", inverted)
    records = {record["pair"]: record for record in evaluate()}
    assert records["hill__oil"]["size"] == [20, 25]
    assert records["hill__oil"]["metrics"] != before["hill__oil"]
    assert records["lake__oil"]["metrics"] == before["lake__oil"]
    shrunk = {record["pair"]: record for record in evaluate("--size=20")}
    assert {tuple(record["size"]) for record in shrunk.values()} == {(20, 25), (27, 20)}
    # The content that the output is measured against is the content at that size.
    save_image("other/hill__oil.png", load_image("contents/hill.png", 20))
    (record,) = (record for record in evaluate() if record["pair"] == "hill__oil")
    assert record["metrics"]["ssim"] > 0.98


def test_a_content_scores_one_against_itself(folder, cli):
    """Through compare, through evaluate on compare's pictures, and on those of ``stylize --size``."""
    shutil.rmtree(folder / "contents")
    (folder / "contents").mkdir()
    shapes = {"a.png": (50, 74), "b.jpg": (141, 97), "c.jpg": (203, 300), "d.png": (65, 65)}
    for name, (height, width) in shapes.items():
        save_image(folder / "contents" / name, scene(height, width))
    (folder / "frames.py").write_text(METRICS.replace("    return config", FRAMES))
    (folder / "photos").mkdir()
    for size in (31, 48):
        sized = ("--config=frames.py", f"--config.size={size}")
        assert cli("compare", *sized, f"--workdir=run{size}").status == 0
        given = {record["pair"]: record for record in read(folder / f"run{size}/records.jsonl")}
        config = (*sized, "--content=contents", "--style=styles")
        done = cli("evaluate", f"--outputs=run{size}/images/identity", *config, f"--out=scores{size}")
        assert (done.status, done.err) == (0, "")
        records = read(folder / f"scores{size}/records.jsonl")
        assert len(records) == len(given) == 4
        for record in records:
            compared = given[record["pair"]]
            assert record["metrics"]["ssim"] == compared["metrics"]["ssim"] == pytest.approx(1.0, abs=1e-6)
            assert record["metrics"]["content_loss"] == compared["metrics"]["content_loss"] == 0.0
            for same in ("inputs", "framing", "contracts", "size"):
                assert record[same] == compared[same], same
            assert record["framing"] is None
            assert record["metrics"] == pytest.approx(compared["metrics"], rel=1e-6)
        # A step so small that a content stays what it is shows how stylize frames it.
        for content in (folder / "contents").iterdir():
            out = folder / f"photos/{content.stem}__oil.png"
            still = ("--config=one.py", "--config.method.optimizer.learning_rate=1e-12", f"--size={size}")
            assert cli("stylize", f"--content={content}", "--style=styles/oil.png", f"--out={out}", *still).status == 0
            compared = load_image(folder / f"run{size}/images/identity/{content.stem}__oil.png")
            np.testing.assert_array_equal(load_image(out), compared)


def test_another_framing_is_said_and_can_be_stated(folder, cli):
    content = load_image("contents/hill.png")  # 50 x 40
    shutil.rmtree("other")
    Path("other").mkdir()
    save_image("other/hill__oil.png", content[:, 5:45])
    save_image("other/hill__ink.png", content)
    call = ("evaluate", "--outputs=other", *FOLDERS, "--out=scores")
    done = cli(*call)
    assert done.status == 0
    assert "other: 1 of 2 outputs are not framed as their content is (hill__oil: aspect ratio 1.00" in done.err
    assert "--framing=crop" in done.err
    records = {record["pair"]: record for record in read(folder / "scores/records.jsonl")}
    whole = "aspect ratio 1.00, the content's is 1.25; measured against the whole content"
    assert records["hill__oil"]["framing"] == whole
    assert records["hill__ink"]["framing"] is None
    assert records["hill__oil"]["metrics"]["ssim"] < 0.9
    # One name, two framings: a record's file is what was measured.
    files = [record["files"]["content"] for record in records.values()]
    assert [load_image(folder / "scores" / file).shape for file in files] == [(40, 50, 3), (40, 40, 3)]

    done = cli(*call, "--framing=crop")
    assert (done.status, done.err) == (0, "")
    records = {record["pair"]: record for record in read(folder / "scores/records.jsonl")}
    assert {record["metrics"]["ssim"] for record in records.values()} == {1.0}
    assert records["hill__oil"]["framing"].endswith("measured against its middle")
    assert "--framing=crop" in (folder / "scores/report.html").read_text()
    assert cli(*call, "--framing=squash").err == ""


def test_outputs_of_several_sizes_are_measured_on_one_content(folder, cli):
    shutil.copy("contents/lake.jpg", "contents/hill.jpg")
    Path("contents/hill.png").unlink()
    save_image("contents/hill.jpg", scene(301, 203))
    for name, size in (("large", 90), ("small", 61)):
        Path(name).mkdir()
        save_image(f"{name}/hill__oil.png", load_image("contents/hill.jpg", size))
    done = cli("evaluate", "--outputs=large", "--outputs=small", *FOLDERS, "--out=scores", "--size=40")
    assert (done.status, done.err) == (0, "")
    large, small = read(folder / "scores/records.jsonl")
    assert large["size"] == small["size"] == [59, 40]
    assert large["inputs"] == small["inputs"]


def test_styles_are_shown_at_the_size_that_a_comparison_shows_them(evaluate, folder):
    def shape(*options: str, out: str) -> tuple[int, ...]:
        records = {record["pair"]: record for record in evaluate(*options, out=out)}
        return load_image(folder / out / records["hill__ink"]["files"]["style"]).shape[:2]

    # hill is 40 x 50, ink 40 x 32.
    assert shape(out="a") == (50, 40)  # the output's short side
    assert shape("--style-size=20", out="b") == (25, 20)
    resized(folder, "config.size = 32\n    config.style_size = 24")
    assert shape("--config=tiny.py", out="c") == (30, 24)
    resized(folder, "")  # a comparison without any size
    assert shape("--config=tiny.py", out="d") == (40, 32)
    assert shape("--config=tiny.py", "--size=20", out="e") == (25, 20)


def test_a_second_call_measures_nothing(evaluate, folder, monkeypatch):
    records = evaluate()
    before = {path: path.stat().st_mtime_ns for path in (folder / "scores").rglob("*.png")}
    with monkeypatch.context() as patch:

        def refuse(*_args, **_keywords):
            raise AssertionError("measured twice")

        patch.setattr("styleresearch.evaluation.suite.Suite.__call__", refuse)
        assert evaluate() == records
    assert {path: path.stat().st_mtime_ns for path in (folder / "scores").rglob("*.png")} == before
    # What changed is measured again: one output, or all when a metric did; so is one whose copy is gone.
    save_image("other/hill__oil.png", load_image("contents/hill.png"))
    changed = [old["pair"] for old, new in zip(records, evaluate(), strict=True) if old["metrics"] != new["metrics"]]
    assert changed == ["hill__oil"]
    (folder / "metrics.py").write_text(METRICS.replace('"color_histogram"', '"color_histogram", bins=4'))
    changed = [old["pair"] for old, new in zip(records, evaluate(), strict=True) if old["metrics"] != new["metrics"]]
    assert len(changed) == 4
    (folder / "scores/images/other/lake__oil.png").unlink()
    evaluate()
    assert (folder / "scores/images/other/lake__oil.png").is_file()


def test_pictures_with_other_names_are_passed_over_aloud(evaluate, folder, cli):
    for name in ("overview.png", "a__b__c.png", "__oil.png", "._hill__ink.png", "z.png"):
        save_image(folder / "other" / name, np.zeros((12, 12, 3)))
    (folder / "other/notes.txt").write_text("hill__oil")
    (folder / "other/hill__oil.jpg").mkdir()
    done = cli("evaluate", "--outputs=other", *FOLDERS, "--out=scores")
    assert done.status == 0
    assert len(read(folder / "scores/records.jsonl")) == 4
    assert done.err == (
        "styleresearch: passed over 4 pictures in other not named CONTENT__STYLE.EXT: "
        "__oil.png, a__b__c.png, overview.png, ...\n"
    )


# What cannot be done


@pytest.fixture
def fails(folder, refused) -> Callable[..., str]:
    """Return the message of a call that must fail and write nothing."""

    def run(*arguments: str, outputs: tuple[str, ...] = ("other",), out="scores") -> str:
        existed = (folder / out).exists()
        message = refused("evaluate", *(f"--outputs={each}" for each in outputs), *FOLDERS, f"--out={out}", *arguments)
        assert (folder / out).exists() == existed
        return message

    return run


def test_everything_that_is_missing_is_listed(fails, folder):
    for name in ("hut__oil.png", "hill__chalk.png", "hut__chalk.png"):
        shutil.copy(folder / "other/hill__oil.png", folder / "other" / name)
    message = fails()
    assert "what the outputs were made from is missing or not clear (4 times)" in message
    for line in ("hut__oil.png: no picture 'hut' in contents", "hill__chalk.png: no picture 'chalk' in styles"):
        assert line in message
    for number in range(20):
        shutil.copy(folder / "other/hill__oil.png", folder / "other" / f"x{number}__oil.png")
    assert "(24 times)" in fails()
    assert "and 14 more" in fails()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["nowhere.png,hill,oil"], "no picture 'nowhere.png' in other"),
        (["hill__oil.png,nowhere,oil"], "hill__oil.png: no picture 'nowhere' in contents"),
        (["hill__oil.png,hill"], "pairs.csv: empty cells in line 2; each needs output, content and style"),
        (["hill__oil.png,hill", ",,", "hill__ink.jpg,,oil"], "empty cells in line 2, 4"),
        (["hill__oil.png,hill,oil,x"], "pairs.csv: more cells than columns in line 2; put names that hold"),
        (
            ["hill__oil.png,hill,oil", "hill__ink.jpg,hill,oil"],
            "other, hill__oil: other/hill__oil.png, other/hill__ink",
        ),
        ([], "pairs.csv lists no output in other (0 rows)"),
    ],
)
def test_a_table_that_cannot_be_followed(fails, folder, rows, message):
    assert message in fails(table(folder / "pairs.csv", *rows))


def test_a_table_that_cannot_be_read(fails, folder):
    assert "pairs.csv has no column style; it needs output" in fails(
        table(folder / "pairs.csv", header="output,content")
    )
    (folder / "pairs.csv").write_bytes(b"")
    assert "pairs.csv has no column content, output, style" in fails("--pairs=pairs.csv")
    (folder / "pairs.csv").write_bytes(b"output,content,style\n\xff\xfe\x00,a,b\n")
    assert "cannot read the table pairs.csv" in fails("--pairs=pairs.csv")
    assert "cannot read the table nowhere.csv" in fails("--pairs=nowhere.csv")
    assert "cannot read the table other" in fails("--pairs=other")


def test_folders_that_hold_nothing_or_are_none(fails, folder):
    (folder / "empty").mkdir()
    assert "empty holds no picture named CONTENT__STYLE.EXT, nor in another usual way, after" in fails(
        outputs=("empty",)
    )
    assert "nowhere is not a folder that can be read" in fails(outputs=("nowhere",))
    assert "tiny.py is not a folder" in fails(outputs=("tiny.py",))
    assert "nowhere is not a folder" in fails("--content=nowhere")
    assert "no picture 'hill' in empty" in fails("--content=empty")


def test_two_outputs_of_one_pair_are_refused(fails, folder):
    shutil.copy(folder / "other/hill__oil.png", folder / "other/hill__oil.bmp.png")
    (folder / "other/hill__oil.bmp.png").rename(folder / "other/hill__oil.jpg")
    message = fails()
    assert (
        "several outputs for one pair (1 times):\n  other, hill__oil: other/hill__oil.jpg, other/hill__oil.png"
        in message
    )
    (folder / "other/hill__oil.jpg").unlink()
    (folder / "again").mkdir()
    shutil.copytree(folder / "other", folder / "again/other")
    message = fails(outputs=("other", "again/other"))
    assert "other and again/other would both be the method 'other': folders of different methods need" in message


def test_an_input_that_may_be_two_is_refused(fails, folder):
    save_image(folder / "contents/hill.jpg", np.zeros((40, 50, 3)))
    assert "hill__ink.jpg: 'hill' may be hill.jpg or hill.png" in fails()


def test_what_cannot_be_measured_fails_alone(folder, cli):
    call = ("evaluate", "--outputs=other", *FOLDERS, "--out=scores")
    good = (folder / "other/lake__oil.webp").read_bytes()
    for data, reason in ((b"", "is empty (0 bytes)"), (good[:60], "cannot be read as a picture")):
        (folder / "other/lake__oil.webp").write_bytes(data)
        done = cli(*call)
        assert done.status == 1
        assert f"styleresearch: other, lake__oil: other/lake__oil.webp {reason}" in done.err
        assert "1 failed; scores/failures has the whole of each error, the same command tries them again" in done.err
        assert [record["pair"] for record in read(folder / "scores/records.jsonl")] == [
            *("hill__ink", "hill__oil", "lake__ink"),
        ]
        report = (folder / "scores/report.html").read_text()
        assert "other failed on 1 pair, the first lake__oil: " in report
        assert reason in report
    save_image(folder / "other/lake__oil.webp", np.zeros((1, 1, 3)))
    assert "too small for layers relu2_1" in cli(*call).err
    (folder / "other/lake__oil.webp").write_bytes(good)
    done = cli(*call)
    assert (done.status, done.err) == (0, "")
    assert len(read(folder / "scores/records.jsonl")) == 4
    assert not (folder / "scores/failures").exists()
    # A style that two outputs were made with.
    (folder / "styles/oil.png").write_bytes(b"no picture")
    done = cli(*call)
    assert done.status == 1
    assert {record["pair"] for record in read(folder / "scores/records.jsonl")} == {"hill__ink", "lake__ink"}
    assert "2 failed" in done.err


def test_where_nothing_can_be_measured_that_is_said_and_no_report_is_written(folder, cli):
    for file in (folder / "styles").iterdir():
        file.write_bytes(b"no picture")
    done = cli("evaluate", "--outputs=other", *FOLDERS, "--out=scores")
    assert done.status == 1
    assert "4 failed, nothing is left to report" in done.err.splitlines()[-1]
    assert not (folder / "scores/report.html").exists()


def test_a_size_that_no_picture_can_have_is_refused(fails):
    for option in ("--size=0", "--size=16385", "--style-size=-1"):
        assert "is not from 1 to 16384" in fails(option)


def test_a_comparison_and_pictures_to_measure_are_not_written_over(folder, cli, fails):
    assert cli("compare", "--config=tiny.py", "--workdir=run").status == 0
    before = {path: path.read_bytes() for path in (folder / "run").rglob("*") if path.is_file()}
    assert "run holds a comparison, whose records would be lost" in fails(out="run")
    inside = ("--content=run/inputs/content", "--style=run/inputs/style")
    assert "run holds a comparison" in fails(*inside, outputs=("run/images/noise",), out="run")
    assert {path: path.read_bytes() for path in (folder / "run").rglob("*") if path.is_file()} == before
    (folder / "run/outputs.jsonl").unlink()
    assert "lies where the measured pictures are copied to" in fails(*inside, outputs=("run/images/noise",), out="run")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("--config.metrics.ssim.name=sism", "metrics.ssim: unknown metric 'sism'. Did you mean 'ssim'?"),
        (
            "--config.metrics.content_loss.loss.layers=('relu8_1',)",
            "metrics.content_loss: vgg16 has no layer 'relu8_1'",
        ),
        ("--config.encoder.name=vgg17", "unknown encoder 'vgg17'. Did you mean 'vgg19'?"),
        ("--config=one.py", "unknown key 'method'"),
    ],
)
def test_a_config_that_cannot_be_used(fails, override, message):
    assert message in fails(override)
