"""The page as text: what it holds, what it escapes, what it does with a run that is not whole."""

from __future__ import annotations

import base64
import errno
import html.parser
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from styleresearch.errors import InputError
from styleresearch.report.depth import depth_of
from styleresearch.report.html import render, write_report
from styleresearch.report.pictures import on_page, picture, preview_side
from styleresearch.report.reading import read_run
from styleresearch.report.summary import summarise

SCRIPT = "</script><script>alert('1')</script>"
NASTY = "\"'><img src=x onerror=alert(1)> & {{ 7*7 }} ü"
VOID = {"meta", "link", "img", "input", "br", "hr"}


class _Page(html.parser.HTMLParser):
    """Collects tags and texts, and fails where elements do not nest."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def _page(path):
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def report(finished_run, tmp_path_factory):
    copy = tmp_path_factory.mktemp("html") / "quick start"
    shutil.copytree(finished_run, copy)
    return write_report(copy, command="styleresearch compare --config=a.py --workdir='runs/a b'", resamples=500)


def test_writes_three_files(report):
    assert report.name == "report.html"
    assert {"report.html", "table.csv", "table.tex"} <= {path.name for path in report.parent.iterdir()}


def test_page_is_well_formed_and_ids_are_unique(report):
    page = _page(report)
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for a in page.all("a") if (a.get("href") or "").startswith("#")]
    assert targets
    assert set(targets) <= set(ids)


def test_page_loads_nothing_from_outside(report):
    page = _page(report)
    for tag, attributes in page.tags:
        if tag != "a":
            for name in ("src", "href", "srcset", "action", "data", "poster"):
                assert (attributes.get(name) or "data:").startswith("data:"), (tag, attributes)
    text = report.read_text(encoding="utf-8")
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|https?://(?!www\.w3\.org)", text)
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_links_lead_to_files_beside_the_page(report):
    page = _page(report)
    links = [a["href"] for a in page.all("a") if a.get("href") and not a["href"].startswith("#")]
    links += [image["data-file"] for image in page.all("img")]
    assert len(links) > 50
    for link in links:
        assert (report.parent / link).is_file(), link


def test_every_picture_is_embedded_with_a_text(report):
    images = _page(report).all("img")
    # 9 pairs x (6 methods + 2 inputs), one output absent and one unreadable.
    assert len(images) == 9 * 8 - 2
    for image in images:
        assert image["alt"]
        with Image.open(io.BytesIO(base64.b64decode(image["src"].split(",")[1]))) as decoded:
            assert decoded.size == (int(image["width"]), int(image["height"]))


def test_missing_and_unreadable_pictures_have_a_place_and_a_reason(report):
    labels = [a["aria-label"] for _, a in _page(report).tags if a.get("class") == "missing"]
    assert labels == [
        "coffee in the style of grass, by Color transfer: file cannot be read as an image",
        "chelsea in the style of brick, by Channel moments: not there yet",
    ]


def test_page_says_what_was_compared(report):
    text = " ".join("".join(_page(report).texts).split())
    for fact in (
        "3 methods and 3 floor baselines on 9 pairs: 3 contents × 3 styles; not every method has them all.",
        "vgg16, caffe", "ab12cd34ef56",
        "192 px short side", "cpu (2 cores, x86_64)", "float32", "5f2c9a70b1d4", "2026-11-23 02:30 UTC", "jax 0.10.2",
        "Channel moments has 8 of 9 images", "measured alike, are set side by side: Channel moments: 8 of 9 images",
        "Not drawn, for not comparable (‡): Channel moments",
        "In-sample", "Without a curve: Channel moments.", "runs/a b",
        "Gram matrices of the output", "Differences to Gatys (L-BFGS)", '"seed": 0',
    ):  # fmt: skip
        assert fact in text, fact


def test_names_cannot_become_markup(records_in, make_record):
    directory = records_in(
        make_record(SCRIPT, SCRIPT, False, NASTY, SCRIPT, metrics={SCRIPT: 1.0}),
        make_record("b", NASTY, True, NASTY, SCRIPT, metrics={SCRIPT: 2.0}),
    )
    (directory / "config.json").write_text(json.dumps({"name": SCRIPT, "x": SCRIPT}))
    (directory / "contracts.json").write_text(
        json.dumps({SCRIPT: {"label": NASTY, "definition": SCRIPT, "unit": NASTY, "contract": {SCRIPT: NASTY}}})
    )
    path = write_report(directory, command=SCRIPT)
    page = _page(path)
    assert len(page.all("script")) == 2
    assert page.all("img") == []
    assert "alert('1')" in "".join(page.texts)
    assert "{{ 7*7 }}" in "".join(page.texts)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text(encoding="utf-8"))
    assert data
    assert json.loads(data[1])["methods"] == [SCRIPT, NASTY]


def test_links_to_odd_file_names_stay_relative(tmp_path):
    for name in ("javascript:alert(1).png", "a b#?%.png"):
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    assert picture(tmp_path, "javascript:alert(1).png", 100).link == "javascript%3Aalert%281%29.png"
    assert picture(tmp_path, "a b#?%.png", 100).link == "a%20b%23%3F%25.png"


@pytest.mark.parametrize("size", [(1, 1), (30_000, 2), (2, 5000), (300, 200)])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK", "P", "1"])
def test_previews_of_any_picture(tmp_path, size, mode):
    suffix = ".tif" if mode == "CMYK" else ".png"
    Image.new(mode, size).save(tmp_path / f"a{suffix}")
    found = picture(tmp_path, f"a{suffix}", 160)
    assert found.problem == ""
    assert 1 <= min(found.width, found.height) <= max(found.width, found.height) <= 160


def test_truncated_picture_is_a_placeholder(tmp_path):
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(buffer, "PNG")
    (tmp_path / "a.png").write_bytes(buffer.getvalue()[:900])
    assert picture(tmp_path, "a.png", 100).problem == "file cannot be read as an image"
    assert picture(tmp_path, None, 100).problem == "not there yet"
    assert picture(tmp_path, "b.png", 100).problem == "not a file of this run"


def test_of_more_pairs_than_a_page_can_hold_some_are_shown_and_that_is_said(small, monkeypatch):
    assert on_page(small.pairs, 5) == small.pairs
    monkeypatch.setattr("styleresearch.report.pictures.MOST", 10)
    shown = on_page(small.pairs, 5)
    assert len(shown) == 2
    assert list(shown) == [pair for pair in small.pairs if pair in shown]
    assert shown == on_page(small.pairs, 5)
    page = write_report(small.directory).read_text()
    assert "Of 4 pairs 2 are shown, drawn at random" in page
    assert "Values of these images; records.jsonl has all" in page
    assert page.count('class="row" role="listitem"') == 2


def test_previews_shrink_as_pictures_grow_in_number():
    assert preview_side(10) == 1024
    assert preview_side(100_000) is None, "the page then shows the files beside it"
    assert 1000 * preview_side(1000) ** 2 <= 40e6


def test_smallest_run_makes_a_page(records_in, make_record):
    files = {"output": None, "content": None, "style": None, "curve": None}
    line = make_record("a", "A", False, "c", "s", files=files, metrics={"m": None}, provenance={}, size=None)
    path = write_report(records_in(line))
    page = _page(path)
    text = "".join(page.texts)
    assert "1 method on the same 1 pair: 1 content × 1 style." in text
    assert "Loss curves" not in text
    assert "Differences to" not in text
    assert sum(attributes.get("class") == "missing" for _, attributes in page.tags) == 3


def test_only_baselines_make_a_page(records_in, make_record):
    path = write_report(records_in(make_record("a", "A", True, "c", "s"), make_record("b", "B", True, "c", "s")))
    assert "0 methods and 2 floor baselines" in path.read_text(encoding="utf-8")


def test_unwritable_directory_is_an_input_error(records_in, make_record):
    directory = records_in(make_record("a", "A", False, "c", "s"))
    (directory / "report.html").mkdir()
    with pytest.raises(InputError, match="cannot write the report"):
        write_report(directory)


@pytest.mark.parametrize("full_after", [0, 1, 2])
def test_a_disk_that_fills_leaves_the_old_report_and_tables(records_in, make_record, monkeypatch, full_after):
    directory = records_in(make_record("a", "A", False, "c", "s"))
    old = {name: f"old {name}" for name in ("report.html", "table.csv", "table.tex")}
    for name, text in old.items():
        (directory / name).write_text(text)
    written = []

    def fill(path, content, write=Path.write_bytes):
        if len(written) == full_after:
            write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.raises(InputError, match=r"cannot write the report into .*: No space left on device"):
        write_report(directory)
    assert {name: (directory / name).read_text() for name in old} == old
    assert {path.name for path in directory.iterdir()} == {*old, "records.jsonl"}, "nothing half written is left"


def test_a_command_line_of_any_bytes_can_be_shown(records_in, make_record):
    path = write_report(records_in(make_record("a", "A", False, "c", "s")), command="compare --workdir=r\udcff")
    assert r"--workdir=r\udcff" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("how", ["up", "absolute", "link"])
def test_files_of_this_user_do_not_get_into_the_report_of_a_strangers_run(tmp_path, make_record, how):
    run, secret = tmp_path / "run", tmp_path / "secret.png"
    run.mkdir()
    Image.new("RGB", (8, 8), "red").save(secret)
    (tmp_path / "secret.json").write_text('{"evaluations": [1, 2], "total": [77, 33]}')
    (run / "link.png").symlink_to(secret)
    (run / "link.json").symlink_to(tmp_path / "secret.json")
    picture_name = {"up": "../secret.png", "absolute": str(secret), "link": "link.png"}[how]
    files = {"output": picture_name, "content": picture_name, "style": picture_name}
    files["curve"] = picture_name.replace(".png", ".json")
    line = make_record("a", "A", False, "c", "s", files=files)
    (run / "records.jsonl").write_text(json.dumps(line) + "\n")
    page = _page(write_report(run))
    assert page.all("img") == []
    text = "".join(page.texts)
    assert "not a file of this run" in text
    assert "Loss curves" not in text


def test_a_picture_whose_link_stays_inside_is_shown(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to("a.png")
    assert picture(tmp_path, "b.png", 100).link == "a.png"
    assert picture(tmp_path, str(tmp_path / "a.png"), 100).link == "a.png"


def test_report_is_the_same_every_time(records_in, make_record):
    lines = [make_record("a", "A", False, c, s, metrics={"m": len(c + s)}) for c in ("c", "cc") for s in ("s", "sss")]
    directory = records_in(*lines)
    first = write_report(directory).read_bytes()
    assert write_report(directory).read_bytes() == first


def test_of_very_many_pictures_the_page_shows_the_files_beside_it(finished_run, monkeypatch):
    """20 x 40 pairs of eight methods would be a page of 100 MB."""
    monkeypatch.setattr("styleresearch.report.pictures.PIXEL_BUDGET", 1.0)
    run = read_run(finished_run)
    summary = summarise(run, resamples=10)
    text = render(run, summary, depth_of(run, summary))
    assert "data:image" not in text
    assert 'src="images/gatys_lbfgs/coffee__grass.png" width="288" height="192"' in text
    assert 'loading="lazy"' in text
    assert "img-src data: 'self' file:;" in text
    assert "move it together with them" in text
    assert '<td class="num">' not in text.split('id="every"')[1].split("</details>")[0], "the script fills it"
