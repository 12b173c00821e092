"""``styleresearch study make``: which methods, pairs and floors a study of a run shows, and what it refuses."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from styleresearch.data.images import save_image
from styleresearch.errors import InputError
from styleresearch.study.protocol import Protocol
from styleresearch.tasks.study import analyse, make

METHODS = {"ours": False, "theirs": False, "third": False, "identity": True, "color_transfer": True}


@pytest.fixture
def run(tmp_path):
    """Write a run of small pictures: 3 contents x 4 styles."""

    def write(methods: tuple[str, ...] = tuple(METHODS), config: dict[str, Any] | None = None) -> Path:
        folder = tmp_path / "run"
        rng = np.random.default_rng(0)
        lines = []
        for c in range(3):
            for s in range(4):
                pair = f"c{c}__s{s}"
                for kind, name in (("content", f"c{c}"), ("style", f"s{s}")):
                    path = folder / "inputs" / kind / f"{name}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    save_image(path, rng.random((8, 8, 3)))
                for method in methods:
                    path = folder / "images" / method / f"{pair}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    save_image(path, rng.random((8, 8, 3)))
                    files = {
                        "output": f"images/{method}/{pair}.png",
                        "content": f"inputs/content/c{c}.png",
                        "style": f"inputs/style/s{s}.png",
                    }
                    lines.append(
                        {
                            "schema": 1, "method": method, "baseline": METHODS[method], "pair": pair, "seed": 0,
                            "content": f"c{c}", "style": f"s{s}", "files": files, "metrics": {"m": 1.0},
                        }
                    )  # fmt: skip
        (folder / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        if config is not None:
            (folder / "config.json").write_text(json.dumps(config))
        return folder

    return write


def test_methods_floors_and_pairs_by_default(run, tmp_path):
    made = make(run(), tmp_path / "study")
    plan = made.protocol
    assert [shown.name for shown in plan.methods] == ["ours", "theirs", "third"]
    assert [shown.name for shown in plan.floors] == ["identity"], "a colour transfer may well be preferred"
    assert (len(plan.cells), plan.trials, plan.repeats, plan.catches) == (12, 36, 4, 4)
    assert Protocol.read(tmp_path / "study") == plan


def test_the_page_tells_no_method_and_holds_every_picture_once(run, tmp_path):
    made = make(run(), tmp_path / "study")
    page = made.page.read_text(encoding="utf-8")
    assert made.size == len(page.encode())
    assert not [name for name in ("theirs", "identity", "c0__", "http:") if name in page]
    assert page.count("data:image/webp") == 3 + 4 + 12 * 4
    assert made.protocol.digest in page


def test_the_same_study_is_the_same_file_and_another_needs_another_folder(run, tmp_path):
    folder = run()
    first = make(folder, tmp_path / "study").page.read_bytes()
    assert make(folder, tmp_path / "study").page.read_bytes() == first
    with pytest.raises(InputError, match="holds another study, whose votes could not be analysed"):
        make(folder, tmp_path / "study", {"trials": 10})


def test_the_config_asks_and_options_come_first(run, tmp_path):
    config = {"study": {"question": "Which is greener?", "trials": 9, "consent": "One.\n\nTwo <b>."}}
    made = make(run(config=config), tmp_path / "study", {"trials": 6, "ties": True})
    assert (made.protocol.question, made.protocol.trials, made.protocol.ties) == ("Which is greener?", 6, True)
    page = made.page.read_text(encoding="utf-8")
    assert "<p>One.</p>\n<p>Two &lt;b&gt;.</p>" in page
    assert "No difference" in page


def test_a_few_pairs_are_in_balance(run, tmp_path):
    folder = run()
    plan = make(folder, tmp_path / "study", {"pairs": 6}).protocol
    assert set(Counter(cell.content for cell in plan.cells).values()) == {2}
    assert set(Counter(cell.style for cell in plan.cells).values()) <= {1, 2}
    other = make(folder, tmp_path / "other", {"pairs": 6, "seed": 1}).protocol
    assert other.cells != plan.cells


def test_many_methods_have_fewer_pairs_by_default(run, tmp_path, monkeypatch):
    monkeypatch.setattr("styleresearch.tasks.study.PICTURES", 33)
    # Content, style, three methods and a floor: 5 pairs.
    assert len(make(run(), tmp_path / "study").protocol.cells) == 5


def test_a_pair_without_all_its_pictures_is_left_out(run, tmp_path):
    folder = run()
    (folder / "images/theirs/c0__s1.png").unlink()
    cells = make(folder, tmp_path / "study").protocol.cells
    assert len(cells) == 11
    assert ("c0", "s1") not in {(cell.content, cell.style) for cell in cells}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ("ours", "their")}, "no method 'their' in this run. Did you mean 'theirs'?"),
        ({"methods": ("ours",)}, "a study compares two methods or more; there are: ['ours']"),
        ({"methods": ("ours", "ours")}, "a method is named twice"),
        ({"trials": 37}, "trials = 37: there are 36 comparisons of two methods on these pairs"),
        ({"trials": 9, "repeats": 4}, "repeats = 4: they repeat the first third of the 9 trials"),
        ({"pairs": 13}, "pairs = 13: the run has 12 whose pictures are all there"),
        ({"most_missed": 4}, "most_missed = 4 of 4 catch trials would leave nobody out"),
        ({"trails": 9}, "no option 'trails'"),
        ({"trials": "many"}, "trials"),
    ],
)
def test_designs_that_cannot_be(run, tmp_path, options, message):
    with pytest.raises(InputError) as caught:
        make(run(), tmp_path / "study", options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "study").exists()


def test_a_run_without_floors_says_what_to_do(run, tmp_path):
    folder = run(("ours", "theirs", "color_transfer"))
    with pytest.raises(InputError, match=r"the run has no floor baseline for catch trials.*--catches=0"):
        make(folder, tmp_path / "study")
    assert make(folder, tmp_path / "none", {"catches": 0}).protocol.catches == 0
    named = make(folder, tmp_path / "named", {"floors": ("color_transfer",)}).protocol
    assert [floor.name for floor in named.floors] == ["color_transfer"]


def test_a_page_that_is_too_large_says_how_to_make_it_smaller(run, tmp_path, monkeypatch):
    monkeypatch.setattr("styleresearch.tasks.study.LARGEST", 20_000)
    with pytest.raises(InputError, match=r"the page would have 0 MB.*show fewer pairs of content and style \(--pairs"):
        make(run(), tmp_path / "study")


def test_a_picture_that_cannot_be_read(run, tmp_path):
    folder = run()
    (folder / "images/theirs/c0__s1.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"c0__s1\.png: file cannot be read as an image"):
        make(folder, tmp_path / "study")


def test_analysis_needs_votes(run, tmp_path):
    make(run(), tmp_path / "study")
    with pytest.raises(InputError, match="give the files of votes behind"):
        analyse(tmp_path / "study", [])
