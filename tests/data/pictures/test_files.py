"""Pictures in files and in a folder: found by name, or refused by name."""

import unicodedata

import numpy as np
import pytest
from PIL import Image

from styleresearch.data.pictures import SOURCES
from styleresearch.errors import InputError


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "my pictures"
    folder.mkdir()
    for i, name in enumerate(("b.PNG", "a.jpg", "c.webp")):
        Image.new("RGB", (20 + i, 10), (80 * i, 0, 0)).save(folder / name)
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_text("not a picture")
    (folder / "sub.png").mkdir()
    return folder


def spec(name, **options):
    return dict(name=name, **options)


def refuses(match, name, **options):
    with pytest.raises(InputError, match=match) as caught:
        SOURCES.build(spec(name, **options))
    assert "\n" not in str(caught.value)


def test_registered():
    assert list(SOURCES) == ["edges", "files", "folder", "half", "painter", "photographs", "textures", "tfds"]


def test_folder_is_sorted_and_passes_over_other_files(pictures):
    source = SOURCES.build(spec("folder", path=str(pictures)))
    assert source.names() == ("a", "b", "c")
    assert source.picture("b").shape == (10, 20, 3)
    assert source.picture("a", 5).shape == (5, 10, 3)
    chosen = SOURCES.build(spec("folder", path=pictures, names=("c", "a")))
    assert chosen.names() == ("c", "a")


def test_a_link_to_nowhere_is_said_to_be_one(pictures):
    (pictures / "gone.png").symlink_to("moved.png")
    source = SOURCES.build(spec("folder", path=str(pictures)))
    assert source.names() == ("a", "b", "c", "gone")
    with pytest.raises(InputError, match=r"gone\.png is a link to 'moved\.png', which is not there"):
        source.picture("gone")


def test_two_files_of_one_name_are_two_pictures(tmp_path, pictures):
    """The ending, or the folder, tells them apart."""
    Image.new("RGB", (4, 4), "red").save(pictures / "a.png")
    source = SOURCES.build(spec("folder", path=str(pictures)))
    assert source.names() == ("a.jpg", "a.png", "b", "c")
    assert source.picture("a.png").shape == (4, 4, 3)
    assert source.picture("a.jpg").shape != (4, 4, 3)
    chosen = SOURCES.build(spec("folder", path=str(pictures), names=("c.webp", "a.png")))
    assert chosen.names() == ("c", "a.png")
    refuses("no picture 'a'. It has: a.jpg, a.png, b, c", "folder", path=str(pictures), names=("a",))
    (tmp_path / "other").mkdir()
    Image.new("RGB", (5, 5)).save(tmp_path / "other/a.png")
    paths = [str(pictures / "a.png"), str(tmp_path / "other/a.png"), str(pictures / "c.webp")]
    assert SOURCES.build(spec("files", paths=paths)).names() == ("my pictures-a", "other-a", "c")


def test_a_name_is_found_in_either_unicode_form(tmp_path):
    decomposed = unicodedata.normalize("NFD", "café")
    Image.new("RGB", (4, 4)).save(tmp_path / f"{decomposed}.png")
    assert SOURCES.build(spec("folder", path=str(tmp_path))).names() == ("café",)
    for name in ("café", decomposed, "café.png"):
        assert SOURCES.build(spec("folder", path=str(tmp_path), names=(name,))).names() == ("café",)


def test_files_keep_their_order(pictures):
    source = SOURCES.build(spec("files", paths=(str(pictures / "c.webp"), pictures / "b.PNG")))
    assert source.names() == ("c", "b")
    assert source.picture("c").shape == (10, 22, 3)


def test_files_to_train_on_are_read_where_they_lie(pictures, tmp_path):
    (tmp_path / "other").mkdir()
    Image.new("RGB", (4, 4), "red").save(tmp_path / "other/a.png")
    source = SOURCES.build(spec("files", paths=(str(tmp_path / "other/a.png"), str(pictures / "a.jpg"))))
    dataset = source.dataset()
    assert dataset.names() == source.names() == ("a.png", "a.jpg")
    assert (dataset[0] == [255, 0, 0]).all()
    np.testing.assert_array_equal(dataset[1], np.asarray(Image.open(pictures / "a.jpg")))
    turned = SOURCES.build(spec("files", paths=(str(pictures / "a.jpg"), str(tmp_path / "other/a.png"))))
    assert turned.dataset().identity() != dataset.identity()
    (pictures / "a.jpg").write_text("no picture")
    with pytest.raises(InputError, match=r"1 of the 2 pictures in .* cannot be read: a\.jpg"):
        source.dataset().prepare()


def test_an_option_of_a_folder_means_the_same_by_name_and_by_number(pictures):
    (pictures / "cut.png").write_bytes((pictures / "b.PNG").read_bytes()[:40])
    for options, names, files in (
        ({"exclude": ("a.jpg",)}, ("b", "c"), ("b.PNG", "c.webp")),
        ({"include": ("a.jpg", "c.webp"), "names": ("c", "a")}, ("c", "a"), ("c.webp", "a.jpg")),
        ({}, ("a", "b", "c"), ("a.jpg", "b.PNG", "c.webp")),
    ):
        source = SOURCES.build(spec("folder", path=str(pictures), broken="skip", **options))
        assert (source.names(), source.dataset().names()) == (names, files)
    every = SOURCES.build(spec("folder", path=str(pictures)))
    assert every.names() == ("a", "b", "c", "cut")  # to compare on, a broken one is an error when it is read
    with pytest.raises(InputError, match=r"cut\.png"):
        every.picture("cut")
    small = SOURCES.build(spec("folder", path=str(pictures), size=5))
    assert small.picture("a").shape == (*small.dataset()[0].shape[:2], 3) == (5, 10, 3)
    assert small.picture("a", 8).shape == (8, 17, 3)
    assert SOURCES.build(spec("folder", path=str(pictures), size=50)).picture("a").shape == (10, 21, 3)


def test_pictures_in_subfolders_are_compared_on_when_that_is_said(tmp_path, pictures):
    Image.new("RGB", (4, 4)).save(pictures / "sub.png" / "d.png")
    mixed = SOURCES.build(spec("folder", path=str(pictures)))
    with pytest.raises(InputError, match=r"3 pictures are in .* itself and 1 in its subfolders: say recursive=False"):
        mixed.names()
    assert len(mixed.dataset()) == 4
    for recursive, names in ((False, ("a", "b", "c")), (True, ("a", "b", "c", "d"))):
        source = SOURCES.build(spec("folder", path=str(pictures), recursive=recursive))
        assert source.names() == names
        assert len(source.dataset()) == len(names)
    (tmp_path / "above").mkdir()
    pictures.rename(tmp_path / "above" / "photos")
    assert SOURCES.build(spec("folder", path=str(tmp_path / "above"))).names() == ("a", "b", "c", "d")


def test_sources_compare_and_hash_by_value(pictures):
    for options in (spec("photographs"), spec("painter", seed=1), spec("folder", path=str(pictures))):
        assert SOURCES.build(options) == SOURCES.build(options)
        assert hash(SOURCES.build(options)) == hash(SOURCES.build(options))
    assert SOURCES.build(spec("painter", seed=1)) != SOURCES.build(spec("painter", seed=2))


def test_asking_for_an_unknown_picture(pictures):
    for options, size in ((spec("photographs"), 8), (spec("painter"), 8), (spec("folder", path=str(pictures)), None)):
        with pytest.raises(InputError, match="has no picture 'zebra'"):
            SOURCES.build(options).picture("zebra", size)


def test_wrong_folder(tmp_path, pictures):
    refuses("cannot list the folder .*No such file", "folder", path=str(tmp_path / "missing"))
    refuses("cannot list the folder .*Not a directory", "folder", path=str(pictures / "a.jpg"))
    refuses("path = 3 is not of type", "folder", path=3)
    refuses("needs the option 'path'", "folder")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "notes.txt").touch()
    refuses(r"holds no pictures \(1 other files\)", "folder", path=str(tmp_path / "bare"))
    refuses("no picture 'd'", "folder", path=str(pictures), names=("d",))
    Image.new("RGB", (4, 4)).save(pictures / "A.jpg")
    if len(list(pictures.glob("[aA].jpg"))) == 2:  # where capitals make two files
        with pytest.raises(InputError, match=r"A\.jpg and .*a\.jpg would both be called 'a\.jpg'"):
            SOURCES.build(spec("folder", path=str(pictures))).names()


def test_wrong_files(tmp_path, pictures):
    refuses("there is no file .*missing.png", "files", paths=(str(tmp_path / "missing.png"),))
    refuses("a list of one or more", "files", paths=())
    refuses(r"paths = 'a.png' is not of type Sequence.*; write \('a.png',\) for one", "files", paths="a.png")
    refuses(r"paths\[0\] = 3 is not of type", "files", paths=(3,))
    refuses("a.jpg is there twice", "files", paths=(str(pictures / "a.jpg"), str(pictures / "a.jpg")))
    broken = SOURCES.build(spec("files", paths=(str(pictures / "notes.txt"),)))
    with pytest.raises(InputError, match=r"notes\.txt is not a picture"):
        broken.picture("notes")
