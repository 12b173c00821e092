"""What pictures are called: two files are two pictures, on every file system."""

import unicodedata

import pytest

from styleresearch.data.titles import check_distinct, check_titles, folded, titles
from styleresearch.errors import InputError

NFD = unicodedata.normalize("NFD", "é")


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (("a.jpg", "b.png"), ("a", "b")),
        (("a.b.png", "a.c.png"), ("a.b", "a.c")),
        (("001.bmp", "001.png", "2.png"), ("001.bmp", "001.png", "2")),
        # "a.jpg" is the name of the first and would be that of the third.
        (("a.jpg", "a.png", "a.jpg.png"), ("a.jpg", "a.png", "a.jpg.png")),
        (("a.jpg", "a.jpg.png"), ("a", "a.jpg.png")),
        # One file on a file system that does not know capitals, or Unicode forms.
        (("Hill.png", "hill.jpg"), ("Hill.png", "hill.jpg")),
        (("é.png", f"{NFD}.jpg"), ("é.png", "é.jpg")),
        ((f"{NFD}.png",), ("é",)),
        (("x.png", "Cubism/x.png", "Pop/x.png"), ("x.png", "Cubism-x", "Pop-x")),
        (("Cubism/x.png", "Pop/y.png"), ("x", "y")),
        (("/data/one/x.png", "/data/two/x.png", "../z.png"), ("one-x", "two-x", "z")),
        (("-x.png", " x.png", "x_.png"), ("-x", "x", "x_")),
        (("a\\b.png",), ("a\\b",)),
    ],
)
def test_a_picture_is_called_by_its_file(files, wanted):
    assert titles(files) == wanted
    check_distinct(files, wanted)
    assert len({folded(title) for title in wanted}) == len(files)


@pytest.mark.parametrize(
    "files", [("Hill.png", "hill.png"), ("é.png", f"{NFD}.png"), (" a.png", "a.png"), ("straße.png", "STRASSE.png")]
)
def test_two_pictures_that_some_file_systems_hold_for_one_are_named(files):
    with pytest.raises(InputError) as caught:
        check_distinct(files, titles(files))
    assert f"the pictures {files[0]} and {files[1]} would both be called" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["a b", "trail_", "_x", "a__b", "-x", "50 % (#1?)", "l'été", '"quoted"', "x.", "日本", "👨‍👩‍👧", "con", "a:b"],
)
def test_names_that_files_have_are_taken(name):
    check_titles("picture", [name])


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "cannot be part of a file name"),
        (".hidden", "cannot be part of a file name"),
        ("a/b", "cannot be part of a file name"),
        ("a\\b", "cannot be part of a file name"),
        ("two\nlines", r"holds the control character U\+000A"),
        ("bell\a", r"holds the control character U\+0007"),
        ("line\u2028separator", r"holds the control character U\+2028"),
        ("caf\udce9", "is not valid UTF-8"),
    ],
)
def test_names_that_no_table_could_hold_are_refused(name, problem):
    with pytest.raises(InputError, match=f"the picture name .* {problem}"):
        check_titles("picture", ["fine", name])


def test_all_problems_are_told_together():
    with pytest.raises(InputError) as caught:
        check_titles("picture", ["a\n", ".b", "c", "C"])
    assert len(str(caught.value).split("\n")) == 3
    assert "the picture names 'c' and 'C' are one on some file systems" in str(caught.value)
