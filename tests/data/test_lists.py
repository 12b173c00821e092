"""A list of pictures means what its user meant, however another program wrote it, or is refused."""

import codecs
from pathlib import Path

import pytest

from styleresearch.data.lists import selected
from styleresearch.errors import InputError

NAMES = ("#1.png", "a.png", "b.png", "café.png", "sub/a.png", "sub/c.png")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The folder of the pictures, below the current one; a list needs only their names."""
    (tmp_path / "data" / "photos").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return Path("data/photos")


def left_out(root, exclude):
    kept = selected(root, NAMES, None, exclude)
    assert kept == tuple(name for name in NAMES if name in kept)  # in the order of the folder
    assert selected(root, NAMES, exclude, None) == tuple(name for name in NAMES if name not in kept)
    return set(NAMES) - set(kept)


def refuses(match, root, **lists):
    with pytest.raises(InputError, match=match) as caught:
        selected(root, NAMES, lists.get("include"), lists.get("exclude"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"b.png\nsub/c.png\n",
        b"b.png\r\nsub/c.png",
        b"b.png\rsub/c.png\r",
        codecs.BOM_UTF8 + b"b.png\r\nsub/c.png\r\n",
        "b.png\r\nsub\\c.png\r\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + "b.png\r\nsub\\c.png\r\n".encode("utf-16-be"),
        b"# to validate on\n\n  b.png \t\n\n./sub/c.png\n",
    ],
    ids=["unix", "windows", "old mac", "notepad", "powershell", "big endian", "by hand"],
)
def test_files_as_programs_write_them(root, data):
    Path("data/VAL.txt").write_bytes(data)
    assert left_out(root, "data/VAL.txt") == {"b.png", "sub/c.png"}


def test_a_path_may_begin_in_several_places(root):
    absolute = Path("data/photos/b.png").absolute()
    Path("lists").mkdir()
    for written in ("b.png", "./b.png", ".\\b.png", "photos/b.png", "data/photos/b.png", "sub/../b.png", str(absolute)):
        assert left_out(root, [written]) == {"b.png"}, written
    Path("lists/VAL.txt").write_text("../data/photos/b.png\n")
    assert left_out(root, Path("lists/VAL.txt")) == {"b.png"}
    Path("link").symlink_to(root)
    assert left_out(Path("link"), [str(absolute)]) == {"b.png"}


def test_a_file_name_means_all_of_that_name_and_a_path_one(root):
    assert left_out(root, ["a.png"]) == {"a.png", "sub/a.png"}
    assert left_out(root, ["./a.png"]) == {"a.png"}
    assert left_out(root, ["sub/a.png"]) == {"sub/a.png"}


def test_accents_in_either_unicode_form(root):
    assert left_out(root, ["cafe\u0301.png"]) == {"café.png"}


def test_a_comment_is_no_picture_and_a_picture_no_comment(root):
    Path("VAL.txt").write_text("#1.png\n#2.png\n# b.png\n")
    assert left_out(root, "VAL.txt") == {"#1.png"}
    refuses("1 of 1 entries names no picture.*'#2.png'. Did you mean '#1.png'", root, exclude=["#2.png"])


@pytest.mark.parametrize("which", ["include", "exclude"])
def test_what_names_no_picture_is_named(root, which):
    refuses(
        rf"{which}: 1 of 2 entries names no picture of the folder .*photos: 'B\.png'. Did you mean 'b\.png'\? Give",
        root,
        **{which: ["a.png", "B.png"]},
    )
    refuses(
        r"2 of 2 .*name no picture.*'C:/x/b\.png', 'zebra'. Did you mean 'b", root, **{which: ["C:/x/b.png", "zebra"]}
    )
    refuses(r"'b\\u200b\.png'", root, **{which: ["b\u200b.png"]})
    refuses("6 of 7 .*: '0', '1', '2', '3', '4', ...", root, **{which: [*"012345", "b.png"]})
    refuses("'../b.png'", root, **{which: ["../b.png"]})
    refuses("1 of 1 entries names no picture.*''", root, **{which: [""]})


def test_a_list_that_cannot_be_read_or_says_nothing(root):
    Path("VAL.txt").write_bytes("café.png".encode("latin-1"))
    refuses(r"exclude: cannot read 'VAL.txt'.*UTF-8", root, exclude="VAL.txt")
    refuses("include: cannot read 'none.txt' .No such file", root, include="none.txt")
    Path("VAL.txt").write_text("\n# none\n")
    refuses("exclude .VAL.txt. names no picture: it has no line but", root, exclude="VAL.txt")
    assert left_out(root, ["b.png"]) == {"b.png"}
    assert selected(root, NAMES, None, []) == NAMES
