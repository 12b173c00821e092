"""The pictures inside scikit-image, which every installation has."""

import numpy as np
import pytest

from styleresearch.data.pictures import SOURCES, PictureSource, bundled
from styleresearch.errors import InputError


def build(name, **options):
    return SOURCES.build({"name": name, **options})


def refuses(match, name, **options):
    with pytest.raises(InputError, match=match) as caught:
        build(name, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["photographs", "textures", "painter"])
def test_every_picture_of_the_sources_that_need_no_files(name):
    source = build(name)
    assert isinstance(source, PictureSource)
    assert len(source.names()) == len(set(source.names())) >= 5
    for picture in source.names():
        array = source.picture(picture, 40)
        assert min(array.shape[:2]) == 40
        assert array.dtype == np.float32
        assert 0 <= array.min() < array.max() <= 1
        assert array.std() > 0.03


def test_photographs_are_in_colour_and_at_their_own_size():
    source = build("photographs", names=("coffee", "cat"))
    assert source.names() == ("coffee", "cat")
    coffee = source.picture("coffee")
    assert coffee.shape == (400, 600, 3)
    assert np.ptp(coffee, axis=2).mean() > 0.1


def test_what_is_trained_on_is_what_is_shown():
    source = build("photographs")
    dataset = source.dataset()
    assert dataset.names() == source.names()
    for i, name in enumerate(dataset.names()):
        np.testing.assert_array_equal(dataset[i] / np.float32(255), source.picture(name))
    some = build("photographs", names=("coffee", "cat")).dataset()
    assert some.names() == ("coffee", "cat")
    assert some.identity() != dataset.identity()
    assert len(build("textures").dataset()) == 5


@pytest.mark.parametrize("name", ["photographs", "textures", "painter"])
def test_wrong_names(name):
    known = build(name).names()[0]
    refuses(f"no picture '{known}x'. Did you mean '{known}'\\? It has: ", name, names=(known + "x",))
    refuses("one or more different names", name, names=())
    refuses("one or more different names", name, names=(known, known))
    refuses(rf"names = '{known}' is not of type Sequence.*; write \('{known}',\)", name, names=known)
    refuses("names = 3 is not of type", name, names=3)
    refuses("has no option 'name_s'. Did you mean 'names'", name, name_s=(known,))


def test_a_scikit_image_without_the_file(monkeypatch):
    monkeypatch.setitem(bundled.PHOTOGRAPHS, "cat", "moved.png")
    refuses("lacks data/moved.png, the picture 'cat': reinstall", "photographs")
