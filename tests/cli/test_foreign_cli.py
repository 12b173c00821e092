"""Other people's outputs: in any usual layout, beside own methods in one table, and measured from the command line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from styleresearch.data.images import load_image, read_metadata, save_image

PAIRS = [(content, style) for content in ("hill", "lake") for style in ("oil", "ink")]
LAYOUTS = {
    "stylized": "{content}_stylized_{style}.png",
    "plain": "{content}_{style}.png",
    "folders": "{style}/{content}.png",
    "deep": "results/{content}_stylized_{style}.png",
}


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def paint(folder: Path, layout: str, shift: float, size: int = 32) -> None:
    """Write outputs as another program would: at a size of its own, in a layout of its own."""
    for content, style in PAIRS:
        path = folder / layout.format(content=content, style=style)
        path.parent.mkdir(parents=True, exist_ok=True)
        source = next(Path("contents").glob(f"{content}.*"))
        save_image(path, np.clip(1 - load_image(source, size) + shift, 0, 1))


@pytest.fixture
def theirs(bench) -> Path:
    """Three methods of others in three layouts, and the comparison ``with_theirs.py`` that has them as methods."""
    for index, (name, layout) in enumerate(LAYOUTS.items()):
        paint(bench / name, layout, 0.1 * index, size=32 if index else 40)
    methods = "\n".join(f'    config.methods.{name} = dict(name="outputs", path={name!r})' for name in LAYOUTS)
    said = '    config.methods.plain = dict(name="outputs", path="plain", label="Plain et al.", optimised=("gram",))'
    text = (bench / "tiny.py").read_text().replace("    return config", f"{methods}\n{said}\n    return config")
    (bench / "with_theirs.py").write_text(text)
    return bench


def test_three_layouts_of_others_stand_in_one_table_beside_own_methods_and_floors(theirs, cli):
    done = cli("compare", "--config=with_theirs.py", "--workdir=run")
    assert (done.status, done.err) == (0, "")
    records = read(theirs / "run/records.jsonl")
    assert {record["method"] for record in records} == {"noise", "identity", "style", *LAYOUTS}
    marks = {record["method"]: record["in_sample"] for record in records}
    assert marks["noise"] == ["content_loss", "style_loss"]
    assert marks["plain"] == ["style_loss"], "as the config says of a method that nobody here can ask"
    assert marks["stylized"] == marks["folders"] == []
    assert {record["label"] for record in records if record["method"] == "plain"} == {"Plain et al."}
    of_pair = [record for record in records if record["pair"] == "hill__oil"]
    assert len({json.dumps([each["size"], each["inputs"], each["framing"]]) for each in of_pair}) == 1
    assert all(record["cost"]["seconds"] is None for record in records if record["method"] in LAYOUTS)
    report = (theirs / "run/report.html").read_text()
    (apart,) = re.findall(r"<ul><li>(.*?)</ul>", report.split("Not comparable")[1])[:1]
    assert "Peak memory" in apart
    assert not any(name in apart for name in LAYOUTS), "what others made is ranked with the rest"
    # A second call takes and measures nothing; one picture that changed is taken again, alone.
    before = {path: path.stat().st_mtime_ns for path in (theirs / "run/images").rglob("*.png")}
    assert cli("compare", "--config=with_theirs.py", "--workdir=run").status == 0
    assert {path: path.stat().st_mtime_ns for path in (theirs / "run/images").rglob("*.png")} == before
    save_image("plain/hill_oil.png", load_image("contents/hill.png", 32))
    assert cli("compare", "--config=with_theirs.py", "--workdir=run").status == 0
    changed = [path for path, time in before.items() if path.stat().st_mtime_ns != time]
    assert changed == [theirs / "run/images/plain/hill__oil.png"]

    # Our own pictures bring back what they are, in evaluate and in another comparison.
    done = cli(
        *("evaluate", "--outputs=run/images/noise", "--outputs=ours=run/images/identity", "--outputs=plain"),
        *("--content=contents", "--style=styles", "--config=tiny.py", "--out=scores", "--optimised=plain=style_loss"),
    )
    assert done.status == 0, done
    first = {record["method"]: record for record in records}
    found = {record["method"]: record for record in read(theirs / "scores/records.jsonl")}
    assert found["noise"]["label"] == "Gatys"
    assert found["noise"]["in_sample"] == ["content_loss", "style_loss"]
    assert found["noise"]["cost"] == first["noise"]["cost"]
    assert found["noise"]["provenance"]["made"] == first["noise"]["provenance"]["made"]
    assert (found["ours"]["label"], found["ours"]["baseline"]) == ("Content", True)
    assert found["plain"]["in_sample"] == ["style_loss"]
    changed = 'config.methods = dict(again=dict(name="outputs", path="run/images/noise"))'
    text = (theirs / "tiny.py").read_text().replace("    return config", f"    {changed}\n    return config")
    (theirs / "again.py").write_text(text)
    assert cli("compare", "--config=again.py", "--workdir=again").status == 0
    found = {record["method"]: record for record in read(theirs / "again/records.jsonl")}["again"]
    assert (found["label"], found["in_sample"]) == ("Gatys", ["content_loss", "style_loss"])
    assert found["cost"] == {**first["noise"]["cost"]}
    assert found["metrics"] == first["noise"]["metrics"]
    assert "optimised" in read_metadata(theirs / "again/images/again/hill__oil.png")["styleresearch"]


def test_from_the_command_line_each_layout_is_recognised_or_told(theirs, cli, refused):
    inputs = ("--content=contents", "--style=styles", "--config=tiny.py", "--out=scores")
    paint(theirs / "odd", "out-{style}+{content}.final.png", 0.2)
    outputs = [f"--outputs={name}" for name in LAYOUTS] + ["--outputs=Odd et al=odd"]
    pattern = "--pattern=Odd et al=out-{style}+{content}.final.png"
    done = cli("evaluate", *outputs, pattern, *inputs)
    assert (done.status, done.err) == (0, "")
    records = read(theirs / "scores/records.jsonl")
    assert {(r["method"], r["pair"]) for r in records} == {
        (method, f"{content}__{style}") for method in (*LAYOUTS, "Odd et al") for content, style in PAIRS
    }
    message = refused("evaluate", "--outputs=odd", *inputs)
    assert "odd holds no picture named CONTENT__STYLE.EXT (4 pictures, such as out-ink+hill.final.png)" in message
    message = refused("evaluate", "--outputs=odd", "--pattern={content}-{style}", *inputs)
    assert "the pattern '{content}-{style}' matches no picture in odd (4 pictures, such as" in message
    assert "needs {content} and {style} once each" in refused(
        "evaluate", "--outputs=odd", "--pattern={content}", *inputs
    )
    message = refused("evaluate", "--outputs=odd", "--pattern=even={content}_{style}", *inputs)
    assert "there is no method 'even'" in message
    message = refused("evaluate", "--outputs=plain", "--optimised=plain=grma", *inputs)
    assert "no metric and no loss 'grma'. Did you mean 'gram'?" in message


def test_a_table_may_name_the_method_of_each_output(theirs, cli, refused):
    rows = [f"{name}\t{name}/{layout}\t{{content}}\t{{style}}" for name, layout in list(LAYOUTS.items())[:3]]
    lines = [row.format(content=content, style=style) for row in rows for content, style in PAIRS]
    Path("all.csv").write_text("\n".join(["Method\toutput\tcontent\tstyle", *lines]))
    inputs = ("--content=contents", "--style=styles", "--config=tiny.py", "--out=scores")
    done = cli("evaluate", "--pairs=all.csv", *inputs)
    assert (done.status, done.err) == (0, "")
    assert len({(r["method"], r["pair"]) for r in read(theirs / "scores/records.jsonl")}) == 12
    assert "lists nothing of 'deep'" in refused("evaluate", "--pairs=all.csv", "--outputs=deep", *inputs)
    Path("all.csv").write_text("output,content,style,method\nplain/hill_oil.png,hill,oil,\n")
    assert "each needs output, content, style and method" in refused("evaluate", "--pairs=all.csv", *inputs)


def test_inputs_copied_once_for_each_output_are_one_picture_each(theirs, cli):
    """As the evaluation code of the StyleID line has it: three folders of equal names."""
    for content, style in PAIRS:
        for folder, source in (("cnt_eval", f"contents/{content}"), ("sty_eval", f"styles/{style}")):
            Path(folder).mkdir(exist_ok=True)
            file = next(Path().glob(f"{source}.*"))
            save_image(f"{folder}/{content}_stylized_{style}.png", load_image(file))
    done = cli(
        *("evaluate", "--outputs=theirs=stylized", "--content=cnt_eval", "--style=sty_eval"),
        *("--config=tiny.py", "--out=scores"),
    )
    assert (done.status, done.err) == (0, "")
    records = read(theirs / "scores/records.jsonl")
    assert [(record["content"], record["style"]) for record in records] == sorted(PAIRS)
    # Or from the pictures that were copied.
    folders = ("--content=contents", "--style=styles")
    assert cli("evaluate", "--outputs=theirs=stylized", *folders, "--config=tiny.py", "--out=plain_scores").status == 0
    assert {record["pair"] for record in read(theirs / "plain_scores/records.jsonl")} == {r["pair"] for r in records}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ('path="nowhere"', "methods.theirs: nowhere is not a folder that can be read"),
        ('path="plain", pattern="{content}"', "it needs {content} and {style} once each"),
        ('path="plain", pattern="{style}+{content}"', "the pattern '{style}+{content}' matches no picture in plain"),
        ('path="plain", optimised=("grma",)', "no metric and no loss 'grma'"),
        ('path="plain", patern="x"', "method 'outputs' has no option 'patern'. Did you mean 'pattern'?"),
        ('path="empty"', "empty holds no picture named CONTENT__STYLE.EXT"),
        ('path="twice", pattern="*{content}_{style}"', "several outputs for one pair (1 times)"),
    ],
)
def test_outputs_that_cannot_be_taken_are_refused_before_any_work(theirs, refused, spec, message):
    Path("empty").mkdir()
    Path("twice").mkdir()
    for name in ("hill_oil", "old-hill_oil"):
        shutil.copy("plain/hill_oil.png", f"twice/{name}.png")
    text = (theirs / "tiny.py").read_text()
    extra = f'    config.methods.theirs = dict(name="outputs", {spec})\n    return config'
    (theirs / "bad.py").write_text(text.replace("    return config", extra))
    assert message in refused("compare", "--config=bad.py", "--workdir=run")
    assert not Path("run").exists()


def test_a_pair_without_a_picture_fails_alone_and_pictures_of_others_are_passed_over(theirs, cli):
    Path("plain/hill_oil.png").unlink()
    shutil.copy("plain/hill_ink.png", "plain/valley_ink.png")
    changed = 'config.methods = dict(floor=dict(name="identity"), theirs=dict(name="outputs", path="plain"))'
    text = (theirs / "tiny.py").read_text().replace("    return config", f"    {changed}\n    return config")
    (theirs / "small.py").write_text(text)
    done = cli("compare", "--config=small.py", "--workdir=run", "--config.methods.theirs.label=Theirs")
    assert done.status == 1
    assert "passed over 1 picture in plain whose names are none of a content and a style: valley_ink.png" in done.err
    assert "theirs, hill__oil: plain holds no picture of this pair" in done.err
    records = [record for record in read(theirs / "run/records.jsonl") if record["method"] == "theirs"]
    assert len(records) == 3
    assert {record["label"] for record in records} == {"Theirs"}


def test_a_protocol_is_fixed_by_its_digests_and_measured_in_one_command(theirs, cli, refused):
    make = ("protocol", "--contents=contents", "--styles=styles", "--size=24")
    done = cli(*make, "--out=fixed")
    assert done.status == 0
    manifest = json.loads(Path("fixed/protocol.json").read_text())
    assert manifest["protocol"] in done.out
    assert [entry["name"] for entry in manifest["content"]] == ["hill", "lake"]
    assert load_image("fixed/content/hill.png").shape == (24, 24, 3)
    assert len(Path("fixed/pairs.csv").read_text().splitlines()) == 5
    assert cli(*make, "--out=again").out.split("sha256 ")[1].split()[0] == manifest["protocol"]
    assert cli(*make, "--out=fixed").status == 0, "the same protocol may be written again"
    assert "holds something else" in refused(*make, "--keep-aspect", "--out=fixed")
    one = cli(*make, "--count=1x2", "--seed=3", "--out=one")
    assert "1 contents x 2 styles" in one.out
    assert "holds 2 pictures, and 3 are wanted" in refused(*make, "--count=3x2", "--out=three")
    assert "give how many contents and styles" in refused(*make, "--count=3", "--out=three")
    # Somebody runs on it, and sends pictures back.
    for content, style in PAIRS:
        Path("sent").mkdir(exist_ok=True)
        save_image(f"sent/{content}_to_{style}.png", 1 - load_image(f"fixed/content/{content}.png"))
    measure = ("evaluate", "--protocol=fixed", "--outputs=sent", "--config=tiny.py", "--out=scores")
    done = cli(*measure)
    assert (done.status, done.err) == (0, "")
    records = read(theirs / "scores/records.jsonl")
    assert len(records) == 4
    assert not any(record["framing"] for record in records)
    save_image("fixed/content/hill.png", np.zeros((24, 24, 3)))
    assert "1 pictures were changed, added or are missing, the first content/hill.png" in refused(*measure)
    assert "holds no protocol" in refused("evaluate", "--protocol=sent", "--outputs=sent", "--out=x")
    assert "name the contents and styles" in refused("evaluate", "--outputs=sent", "--out=x")
