"""``styleresearch data`` as a user sees it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from styleresearch import cli
from styleresearch.data.images import load_image
from styleresearch.data.pictures import SOURCES
from styleresearch.data.pipeline import Pipeline

CONFIG = """
from ml_collections import ConfigDict

import {imports}


def get_config():
    config = ConfigDict()
    config.seed = 5
    config.data = dict({data}, batch_size=4, crop=24, resize=32)
    return config
"""


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLERESEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "cache" / "pictures"


@pytest.fixture
def run(capsys):
    """Run the command; return (exit status, standard output, what it said on the other)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        status = cli.main(["data", *map(str, arguments)])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "photos"
    path.mkdir()
    for i in range(4):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 50 + i, 3), np.uint8)
        Image.fromarray(pixels).save(path / f"{i}.png")
    return path


@pytest.fixture
def config(own_folder):
    """Write a config with this data in the current folder; return its name."""

    def write(data: str, imports: str = "os") -> str:
        (own_folder / "mine.py").write_text(CONFIG.format(data=data, imports=imports))
        return "--config=mine.py"

    return write


def test_prepare_names_what_is_broken_and_where_it_says_so(run, folder, cache_folder):
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:90])
    Image.new("L", (20, 20)).save(folder / "grey.png")
    (folder / "notes.txt").touch()
    status, out, _ = run("prepare", "--path", folder)
    expected = SOURCES.build({"name": "folder", "path": str(folder)}).dataset()
    assert (status, f"{folder}: 5 pictures, sha256 {expected.identity()}" in out) == (0, True)
    assert "1 were converted, 1 could not be read; 1 other files in the folder" in out
    assert "left out: cut.png: " in out
    (record,) = cache_folder.glob("*.json")
    assert f"record: {record}" in out


def test_prepare_what_a_config_names_with_its_overrides(run, folder, config, cache_folder):
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:90])
    (folder / "list.txt").write_text("3.png\n")
    given = config(
        f"content=dict(name='half', side='left', of=dict(name='folder', path={str(folder)!r}, exclude='', size=30)), "
        "style=dict(name='painter', names=('mosaic', 'pointillism'), count=3, size=16)"
    )
    status, out, said = run("prepare", given, f"--config.data.content.of.exclude={folder / 'list.txt'}")
    assert (status, said) == (0, "")
    assert "data.content: 3 pictures, sha256 " in out
    assert "3 were converted, 1 could not be read; 1 other files in the folder; 1 pictures left out by names, in" in out
    assert "left out: cut.png: " in out
    assert "data.style: 3 pictures, sha256 " in out
    assert len(list(cache_folder.glob("painter-*/*.png"))) == 3
    strict = f"content=dict(name='folder', path={str(folder)!r}, broken='fail')"
    status, out, said = run("prepare", config(strict))
    assert (status, "sha256" in out) == (2, False)
    assert "1 of the 5 pictures" in said
    assert "cut.png" in said


def test_prepare_names_the_broken_records_of_tfds(run, folder, tmp_path, config, cache_folder, write_tfds):
    files = sorted(folder.iterdir())
    write_tfds(tmp_path / "tfds", [(file.read_bytes(), "x") for file in files] + [(files[0].read_bytes()[:90], "cut")])
    given = config(f"content=dict(name='tfds', dataset='pictures', data_dir={str(tmp_path / 'tfds')!r})")
    status, out, _ = run("prepare", given)
    assert (status, "data.content: 4 pictures, sha256" in out, "\n1 could not be read\n" in out) == (0, True, True)
    assert "left out: 4: record 4 is damaged or cut short: " in out
    (record,) = cache_folder.glob("*.json")
    assert f"record: {record}" in out
    (row,) = [line.split() for line in run("list")[1].splitlines() if line.strip().startswith("tfds_pictures_train")]
    assert (row[1], row[4]) == ("4", "1")


OWN = """
import numpy as np

from styleresearch.data.pictures import SOURCES, PictureSource


@SOURCES.register("greys_of_a_test")
class Greys(PictureSource):
    def __init__(self, count: int = 2) -> None:
        self.count = count

    def names(self):
        return tuple(f"grey-{i}" for i in range(self.count))

    def picture(self, name, size=None):
        size = size or 8
        return np.full((size, size, 3), 0.5, np.float32)
"""


def test_prepare_and_show_work_for_a_kind_of_the_users_own(run, config, own_folder):
    (own_folder / "greys_of_a_test.py").write_text(OWN)
    given = config("content=dict(name='greys_of_a_test', count=3)", imports="greys_of_a_test")
    assert "data.content: 3 pictures, sha256 " in run("prepare", given)[1]
    status, out, _ = run("show", given, "--out=sheet.png", "--examples=1")
    assert (status, "1 examples of 24 px of data.content, 3 pictures" in out) == (0, True)


def test_what_names_no_pictures_to_train_on_is_refused(run, folder, config, own_folder):
    (own_folder / "other.py").write_text(
        "from ml_collections import ConfigDict\n\n\ndef get_config():\n    return ConfigDict(dict(contents=dict()))\n"
    )
    assert "the config has no 'data': give one of a training run" in run("prepare", "--config=other.py")[2]
    said = run("prepare", config("content=dict(name='foldr')"))[2]
    assert "data: content: unknown picture source 'foldr'. Did you mean 'folder'?" in said
    said = run("prepare", config(f"content=dict(name='folder', path={str(folder)!r}, count=3)"))[2]
    assert "picture source 'folder' has no option 'count'" in said
    assert "--config.size=3 changes a config: give --config" in run("prepare", "--path", folder, "--config.size=3")[2]
    with pytest.raises(SystemExit):
        run("prepare")
    with pytest.raises(SystemExit):
        run("prepare", "--path", folder, "--config=other.py")


def test_list(run, folder, config, cache_folder):
    status, out, _ = run("list")
    assert (status, str(cache_folder) in out) == (0, True)
    Image.new("L", (20, 20)).save(folder / "grey.png")
    run("prepare", "--path", folder)
    run("prepare", config("content=dict(name='painter', names=('mosaic',), count=2, size=16)"))
    out = run("list")[1]
    (row,) = [line.split() for line in out.splitlines() if line.strip().startswith("photos")]
    size = sum(file.stat().st_size for file in (*cache_folder.glob("photos*"), *cache_folder.glob("converted/*")))
    assert row[:2] == ["photos", "5"]
    assert float(row[2]) == pytest.approx(size / (1000 if row[3] == "kB" else 1), abs=0.1)
    assert row[4:] == ["0", str(folder)]
    (row,) = [line.split() for line in out.splitlines() if line.strip().startswith("painter")]
    assert row[1] == "2"


def cells(sheet, count):
    """The first examples of a sheet of three columns."""
    corners = ((4 + 28 * row, 4 + 28 * column) for row, column in (divmod(i, 3) for i in range(count)))
    return [sheet[y : y + 24, x : x + 24] for y, x in corners]


def test_show_writes_what_the_pipeline_gives(run, folder, tmp_path):
    out = tmp_path / "sheet.png"
    options = ("--examples", 5, "--crop", 24, "--resize", 32, "--pipeline-seed", 7)
    status, said, _ = run("show", "--path", folder, "--out", out, *options)
    assert (status, f"5 examples of 24 px of {folder}, 4 pictures" in said) == (0, True)
    sheet = np.rint(load_image(out) * 255).astype(np.uint8)
    assert sheet.shape == (2 * 28 + 4, 3 * 28 + 4, 3)
    source = SOURCES.build({"name": "folder", "path": str(folder)})
    examples = Pipeline(source, batch_size=5, crop=24, resize=32, seed=7).batch(0)["content"]
    np.testing.assert_array_equal(cells(sheet, 5), examples)
    assert (sheet[-28:, -28:] == 255).all()


def test_show_writes_what_a_config_trains_on(run, folder, config, own_folder):
    paired = f"content=dict(name='edges', of=dict(name='folder', path={str(folder)!r})), paired=True, "
    given = config(paired + f"style=dict(name='folder', path={str(folder)!r})")
    status, said, _ = run("show", given, "--out=sheet.png", "--examples=5", "--config.data.crop=24")
    assert (status, said.count("5 examples of 24 px of data.")) == (0, 2)
    sheet = np.rint(load_image("sheet.png") * 255).astype(np.uint8)
    source = SOURCES.build({"name": "folder", "path": str(folder)})
    edges = SOURCES.build({"name": "edges", "of": source})
    batch = Pipeline(edges, source, paired=True, batch_size=5, crop=24, resize=32, seed=5).batch(0)
    np.testing.assert_array_equal(cells(sheet, 5), batch["content"])
    np.testing.assert_array_equal(cells(sheet[2 * 28 :], 5), batch["style"])


def test_show_refuses(run, folder, config, tmp_path):
    for options, said in (
        (("--out", tmp_path / "sheet.jpg"), "ends in .png"),
        (("--out", tmp_path / "sheet.png", "--examples=0"), "--examples 0"),
        (("--out", tmp_path / "sheet.png", "--crop=64", "--resize=32"), "smaller than crop"),
    ):
        status, _, error = run("show", "--path", folder, *options)
        assert (status, said in error) == (2, True)
    given = config(f"content=dict(name='folder', path={str(folder)!r})")
    error = run("show", given, "--out", tmp_path / "sheet.png", "--no-flip")[2]
    assert "--no-flip goes with --path; of a config, say --config.data.flip=False" in error
    assert not (tmp_path / "sheet.png").exists()
