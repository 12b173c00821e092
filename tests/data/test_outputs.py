"""Outputs on disk find the pictures that they were made from, or say why not."""

import unicodedata
from pathlib import Path

import pytest

from styleresearch.data.outputs import Folder, find_outputs
from styleresearch.errors import InputError


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    for file in (
        *("contents/hill.png", "contents/hill.jpg", "contents/lake.jpg"),
        *("styles/oil.png", "styles/Cubism/x.png", "styles/Pop/x.png", "styles/Pop/y.png"),
        *("theirs/1.png", "theirs/2.png", "ours/1.png"),
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*rows: str, outputs=("theirs",)) -> list[tuple[str, ...]]:
    Path("pairs.csv").write_text("\n".join(["output;content;style", *rows]), encoding="utf-8")
    pairs, _ = find_outputs([Folder.of(each) for each in outputs], Path("contents"), Path("styles"), Path("pairs.csv"))
    return [
        (each.method, each.output.name, each.content.as_posix(), each.style.as_posix(), each.pair) for each in pairs
    ]


def test_two_contents_of_one_stem_are_two(folder):
    rows = found("1.png;hill.png;oil", "2.png;hill.jpg;oil")
    assert rows == [
        ("theirs", "1.png", "contents/hill.png", "styles/oil.png", "hill.png__oil"),
        ("theirs", "2.png", "contents/hill.jpg", "styles/oil.png", "hill.jpg__oil"),
    ]
    with pytest.raises(InputError, match=r"1\.png: 'hill' may be hill\.jpg or hill\.png"):
        found("1.png;hill;oil")
    # By their names too: as compare names them.
    for file in ("hill.png__oil.png", "hill.jpg__oil.png.png"):
        Path("ours", file).touch()
    pairs, notes = find_outputs([Folder.of("ours")], Path("contents"), Path("styles"))
    assert sorted((each.content.name, each.pair) for each in pairs) == [
        ("hill.jpg", "hill.jpg__oil"),
        ("hill.png", "hill.png__oil"),
    ]
    assert notes == ["passed over 1 picture in ours not named CONTENT__STYLE.EXT: 1.png"]


@pytest.mark.parametrize(
    "style",
    [
        "Cubism/x.png",
        "Cubism/x",
        "./Cubism/x.png",
        r"Cubism\x.png",
        "styles/Cubism/x.png",
        "../styles/Cubism/x.png",
        "{folder}/styles/Cubism/x.png",
    ],
)
def test_pictures_in_subfolders_are_named_by_their_paths(folder, style):
    assert found(f"1.png;lake;{style.format(folder=folder)}")[0][3:] == ("styles/Cubism/x.png", "lake__x")


def test_paths_begin_at_the_folder_the_table_or_here(folder):
    (folder / "tables").mkdir()
    (folder / "tables/pairs.csv").write_text(
        "output,content,style\n../theirs/1.png,contents/lake.jpg,../styles/oil.png\n"
    )
    pairs, _ = find_outputs([Folder.of("theirs")], Path("contents"), Path("styles"), Path("tables/pairs.csv"))
    assert [(each.output.as_posix(), each.pair) for each in pairs] == [("theirs/1.png", "lake__oil")]
    Path("link").symlink_to(folder / "styles")
    assert found(f"1.png;lake;{folder}/link/oil.png")[0][3] == "styles/oil.png"


def test_a_name_alone_means_a_picture_in_a_subfolder_if_there_is_one(folder):
    assert found("1.png;lake;y.png", "2.png;lake;oil")[0][3:] == ("styles/Pop/y.png", "lake__y")
    with pytest.raises(InputError, match=r"1\.png: 'x\.png' may be Cubism/x\.png or Pop/x\.png"):
        found("1.png;lake;x.png")
    # Two of one name are told apart in tables and files.
    pairs = [row[-1] for row in found("1.png;lake;Cubism/x.png", "2.png;lake;Pop/x.png")]
    assert pairs == ["lake__Cubism-x", "lake__Pop-x"]


def test_a_table_may_list_the_outputs_of_several_methods_by_their_paths(folder):
    rows = found("ours/1.png;lake;oil", "theirs/1.png;hill.png;oil", outputs=("ours", "theirs"))
    assert [(row[0], row[-1]) for row in rows] == [("ours", "lake__oil"), ("theirs", "hill.png__oil")]
    # A name alone is one of every method.
    rows = found("1.png;lake;oil", outputs=("ours", "theirs"))
    assert [row[0] for row in rows] == ["ours", "theirs"]
    with pytest.raises(InputError, match=r"no picture '2\.png' in ours"):
        found("2.png;lake;oil", outputs=("ours", "theirs"))


def test_an_output_of_another_ending_is_taken(folder):
    Path("theirs/3.result").touch()
    Path("4.png").touch()
    assert [row[1] for row in found("3.result;lake;oil", f"{folder}/4.png;hill.jpg;oil")] == ["3.result", "4.png"]


def test_names_match_in_either_unicode_form(folder):
    Path("contents", unicodedata.normalize("NFD", "é.png")).touch()
    assert found("1.png;é.png;oil")[0][-1] == found(f"1.png;{unicodedata.normalize('NFD', 'é')};oil")[0][-1] == "é__oil"


def test_what_a_table_does_not_list_and_what_it_lists_twice_is_said(folder):
    Path("pairs.csv").write_text("output,content,style\n1.png,lake,oil\n1.png,lake,oil\n")
    _, notes = find_outputs([Folder.of("theirs")], Path("contents"), Path("styles"), Path("pairs.csv"))
    assert notes == [
        "pairs.csv: 1 row there more than once; each is taken once",
        "passed over 1 picture in theirs that pairs.csv does not list: 2.png",
    ]


def test_a_name_that_reads_as_two_pairs_is_refused_with_both(folder):
    for file in ("contents/trail.png", "contents/trail_.png", "styles/_oil.png", "ours/trail___oil.png"):
        Path(file).touch()
    with pytest.raises(InputError) as caught:
        find_outputs([Folder.of("ours")], Path("contents"), Path("styles"))
    assert (
        "trail___oil.png may be content 'trail' with style '_oil' or content 'trail_' with style 'oil'; list it with"
        in str(caught.value)
    )
    assert found("1.png;trail_;oil")[0][-1] == "trail___oil"
    with pytest.raises(InputError, match="several outputs for one pair"):
        found("1.png;trail_;oil", "2.png;trail;_oil")


def test_names_are_checked_before_anything_is_measured(folder):
    Path("contents", "n" * 250 + ".png").touch()
    Path("contents/two\nlines.png").touch()
    with pytest.raises(InputError, match="too long together for the name of a file") as caught:
        found(f"1.png;{'n' * 250};oil")
    assert "n" * 250 in str(caught.value)
    with pytest.raises(InputError, match=r"the content name 'two\\nlines' holds the control character"):
        found('1.png;"two\nlines.png";oil')
    Path("odd\nname").mkdir()
    Path("odd\nname/hill.png__oil.png").touch()
    with pytest.raises(InputError, match=r"the folder name .* holds the control character"):
        find_outputs([Folder.of("odd\nname")], Path("contents"), Path("styles"))


@pytest.mark.parametrize("other", ["deeper/theirs", "THEIRS", "theirs/"])
def test_folders_that_would_be_one_method_are_refused(folder, other):
    Path(other).mkdir(parents=True, exist_ok=True)
    with pytest.raises(InputError, match="would both be the method"):
        find_outputs([Folder.of("theirs"), Folder.of(other)], Path("contents"), Path("styles"))


@pytest.mark.parametrize(
    "cell", ["../../../etc/passwd", "/etc/passwd", "x" * 5000, "a\0b", "=cmd()", ".", "/", "..", "C:\\x"]
)
def test_hostile_cells_name_no_picture(folder, cell):
    for row in (f"1.png;{cell};oil", f"1.png;lake;{cell}"):
        with pytest.raises(InputError, match="no picture"):
            found(row)
