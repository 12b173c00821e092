"""``styleresearch data`` as a user sees it."""

from __future__ import annotations

import argparse

import numpy as np
import pytest
from PIL import Image

from styleresearch.cli import data as command
from styleresearch.data.datasets import DATASETS, builder
from styleresearch.data.images import load_image
from styleresearch.data.pipeline import Pipeline
from styleresearch.errors import InputError


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLERESEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "cache" / "datasets"


@pytest.fixture
def run(capsys):
    """Run the command; return (exit status, standard output)."""

    def call(*arguments: object) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        command.add_parser(parser.add_subparsers())
        args = parser.parse_args(["data", *map(str, arguments)])
        return args.run(args), capsys.readouterr().out

    return call


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "photos"
    path.mkdir()
    for i in range(4):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 50 + i, 3), np.uint8)
        Image.fromarray(pixels).save(path / f"{i}.png")
    return path


def test_prepare_names_what_is_broken_and_where_it_says_so(run, folder, cache_folder):
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:90])
    (folder / "list.txt").write_text("3.png\n")
    status, out = run(
        "prepare", "--dataset", "folder", "--path", folder, "--exclude", folder / "list.txt", "--size", 30
    )
    assert status == 0
    expected = DATASETS.build({"name": "folder", "path": str(folder), "exclude": str(folder / "list.txt"), "size": 30})
    assert f"folder: 3 pictures, sha256 {expected.identity()}" in out
    assert "3 were converted, 1 could not be read; 1 other files" in out
    assert "left out: cut.png: " in out
    (report,) = cache_folder.glob("*/report.json")
    assert f"report: {report}" in out
    with pytest.raises(InputError, match=r"1 of the 5 pictures.*cut\.png"):
        run("prepare", "--path", folder, "--broken", "fail")


def test_prepare_names_the_broken_records_of_tfds(run, folder, tmp_path, cache_folder):
    files = sorted(folder.iterdir())
    pictures = [(file.read_bytes(), file.name) for file in files] + [(files[0].read_bytes()[:90], "cut.png")]
    builder.write(tmp_path / "tfds", lambda: iter(pictures))
    options = ("--dataset=tfds", "--name=pictures", "--data-dir", tmp_path / "tfds")
    status, out = run("prepare", *options)
    assert (status, "tfds: 4 pictures, sha256" in out, "\n1 could not be read\n" in out) == (0, True, True)
    assert "left out: 4: record 4 is damaged or cut short: " in out
    (report,) = cache_folder.glob("*/report.json")
    assert f"report: {report}" in out
    (row,) = [line.split() for line in run("list")[1].splitlines() if line.strip().startswith("tfds_pictures_train")]
    assert (row[1], row[4]) == ("4", "1")
    with pytest.raises(InputError, match="1 of the 5 pictures"):
        run("prepare", *options, "--broken=fail")


def test_prepare_the_painter_and_the_photographs(run, cache_folder):
    status, out = run("prepare", "--dataset=painter", "--names", "mosaic", "pointillism", "--count=3", "--size=16")
    assert (status, "painter: 3 pictures" in out) == (0, True)
    assert len(list(cache_folder.glob("painter-*/*.png"))) == 3
    assert "photographs: 5 pictures" in run("prepare", "--dataset=photographs")[1]


def test_options_of_another_dataset_are_refused(run, folder):
    with pytest.raises(InputError, match="dataset 'folder' has no option 'count'"):
        run("prepare", "--path", folder, "--count=3")
    with pytest.raises(InputError, match="needs the option 'path'"):
        run("prepare")
    with pytest.raises(InputError, match=r"unknown dataset 'foldr'.*Did you mean 'folder'"):
        run("prepare", "--dataset=foldr", "--path", folder)


def test_list(run, folder, cache_folder):
    status, out = run("list")
    assert (status, str(cache_folder) in out) == (0, True)
    run("prepare", "--path", folder)
    run("prepare", "--dataset=painter", "--names", "mosaic", "--count=2", "--size=16")
    (final,) = cache_folder.glob("photos-*")
    out = run("list")[1]
    (row,) = [line.split() for line in out.splitlines() if line.strip().startswith("photos")]
    size = sum(file.stat().st_size for file in final.rglob("*") if file.is_file())
    assert row[:2] == ["photos", "4"]
    assert float(row[2]) == pytest.approx(size / 1000, abs=0.1)
    assert row[3:] == ["kB", "0", final.name.rpartition("-")[2], str(folder)]
    (row,) = [line.split() for line in out.splitlines() if line.strip().startswith("painter")]
    assert row[1] == "2"


def test_show_writes_what_the_pipeline_gives(run, folder, tmp_path):
    out = tmp_path / "sheet.png"
    status, said = run(
        "show", "--path", folder, "--out", out, "--examples", 5, "--crop", 24, "--resize", 32, "--pipeline-seed", 7
    )
    assert (status, "5 examples of 24 px from 4 pictures" in said) == (0, True)
    sheet = np.rint(load_image(out) * 255).astype(np.uint8)
    assert sheet.shape == (2 * 28 + 4, 3 * 28 + 4, 3)
    dataset = DATASETS.build({"name": "folder", "path": str(folder)})
    examples = Pipeline(dataset, batch_size=5, crop=24, resize=32, seed=7).batch(0)["content"]
    for i, (row, column) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]):
        y, x = 4 + 28 * row, 4 + 28 * column
        np.testing.assert_array_equal(sheet[y : y + 24, x : x + 24], examples[i])
    assert (sheet[-28:, -28:] == 255).all()


def test_show_refuses(run, folder, tmp_path):
    with pytest.raises(InputError, match=r"ends in \.png"):
        run("show", "--path", folder, "--out", tmp_path / "sheet.jpg")
    with pytest.raises(InputError, match="--examples 0"):
        run("show", "--path", folder, "--out", tmp_path / "sheet.png", "--examples=0")
    with pytest.raises(InputError, match="smaller than crop"):
        run("show", "--path", folder, "--out", tmp_path / "sheet.png", "--crop=64", "--resize=32")
    assert not (tmp_path / "sheet.png").exists()
