"""Sources list names and give pictures, and refuse bad specs by name."""

import unicodedata

import numpy as np
import pytest
from PIL import Image

from styleresearch.data import sources
from styleresearch.data.datasets import DATASETS
from styleresearch.data.painter import PAINTINGS, paint
from styleresearch.data.sources import SOURCES, PictureSource
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
    assert list(SOURCES) == ["edges", "files", "folder", "painter", "photographs", "textures"]


@pytest.mark.parametrize("name", ["photographs", "textures", "painter"])
def test_every_picture_of_the_sources_that_need_no_files(name):
    source = SOURCES.build(spec(name))
    assert isinstance(source, PictureSource)
    assert len(source.names()) == len(set(source.names())) >= 5
    for picture in source.names():
        array = source.picture(picture, 40)
        assert min(array.shape[:2]) == 40
        assert array.dtype == np.float32
        assert 0 <= array.min() < array.max() <= 1
        assert array.std() > 0.03


def test_photographs_are_in_colour_and_at_their_own_size():
    source = SOURCES.build(spec("photographs", names=("coffee", "cat")))
    assert source.names() == ("coffee", "cat")
    coffee = source.picture("coffee")
    assert coffee.shape == (400, 600, 3)
    assert np.ptp(coffee, axis=2).mean() > 0.1


def test_painter_paints_what_paint_paints():
    style = next(iter(PAINTINGS))
    source = SOURCES.build(spec("painter", names=[style], seed=3))
    assert source.names() == (style,)
    np.testing.assert_array_equal(source.picture(style, 48), paint(style, (48, 64), 3))


def test_edges_are_those_of_the_dataset_and_drawn_at_the_final_size(pictures):
    of = SOURCES.build(spec("photographs", names=("cat",)))
    source = SOURCES.build(spec("edges", of=of))
    assert source.names() == ("cat",)
    drawn = source.picture("cat", 64)
    assert drawn.shape == of.picture("cat", 64).shape
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert 0.01 < (drawn == 0).mean() < 0.3
    dataset = DATASETS.build(spec("edges", of=DATASETS.build(spec("photographs", names=("cat",)))))
    np.testing.assert_array_equal(source.picture("cat") * 255, dataset[0])
    with pytest.raises(InputError, match=r"sigma = 0.0 is not from 0.001"):
        SOURCES.build(spec("edges", of=of, sigma=0.0))


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


def test_sources_compare_and_hash_by_value(pictures):
    for options in (spec("photographs"), spec("painter", seed=1), spec("folder", path=str(pictures))):
        assert SOURCES.build(options) == SOURCES.build(options)
        assert hash(SOURCES.build(options)) == hash(SOURCES.build(options))
    assert SOURCES.build(spec("painter", seed=1)) != SOURCES.build(spec("painter", seed=2))


@pytest.mark.parametrize("name", ["photographs", "textures", "painter"])
def test_wrong_names(name):
    known = SOURCES.build(spec(name)).names()[0]
    refuses(f"no picture '{known}x'. Did you mean '{known}'\\? It has: ", name, names=(known + "x",))
    refuses("one or more different names", name, names=())
    refuses("one or more different names", name, names=(known, known))
    refuses(rf"names = '{known}' is not of type Sequence.*; write \('{known}',\)", name, names=known)
    refuses("names = 3 is not of type", name, names=3)
    refuses("has no option 'name_s'. Did you mean 'names'", name, name_s=(known,))


def test_asking_for_an_unknown_picture(pictures):
    for options, size in ((spec("photographs"), 8), (spec("painter"), 8), (spec("folder", path=str(pictures)), None)):
        with pytest.raises(InputError, match="has no picture 'zebra'"):
            SOURCES.build(options).picture("zebra", size)


def test_wrong_seed_and_size():
    refuses("seed = -1 is not from 0", "painter", seed=-1)
    for seed in (0.5, "0", None):
        refuses("seed = .* is not of type int", "painter", seed=seed)
    source = SOURCES.build(spec("painter"))
    for size in (0, 10**6):
        with pytest.raises(InputError, match="paints pictures of 1 to"):
            source.picture(source.names()[0], size)


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
        refuses(r"A\.jpg and .*a\.jpg would both be called 'a\.jpg'", "folder", path=str(pictures))


def test_wrong_files(tmp_path, pictures):
    refuses("there is no file .*missing.png", "files", paths=(str(tmp_path / "missing.png"),))
    refuses("a list of one or more", "files", paths=())
    refuses(r"paths = 'a.png' is not of type Sequence.*; write \('a.png',\) for one", "files", paths="a.png")
    refuses(r"paths\[0\] = 3 is not of type", "files", paths=(3,))
    refuses("a.jpg is there twice", "files", paths=(str(pictures / "a.jpg"), str(pictures / "a.jpg")))
    broken = SOURCES.build(spec("files", paths=(str(pictures / "notes.txt"),)))
    with pytest.raises(InputError, match=r"notes\.txt is not a picture"):
        broken.picture("notes")


def test_a_scikit_image_without_the_file(monkeypatch):
    monkeypatch.setitem(sources.PHOTOGRAPHS, "cat", "moved.png")
    refuses("lacks data/moved.png, the picture 'cat': reinstall", "photographs")
