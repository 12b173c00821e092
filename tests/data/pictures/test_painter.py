"""Paintings: one of each style by name, others to train on."""

import sys

import numpy as np
import pytest

from styleresearch.data.pictures import SOURCES, cache
from styleresearch.data.pictures.kept import kept
from styleresearch.errors import InputError
from styleresearch.painter import PAINTINGS, paint


def build(**options):
    return SOURCES.build({"name": "painter", **options})


def refuses(match, **options):
    with pytest.raises(InputError, match=match) as caught:
        build(**options)
    assert "\n" not in str(caught.value)


def test_by_name_it_paints_what_paint_paints():
    style = next(iter(PAINTINGS))
    source = build(names=[style], seed=3)
    assert source.names() == (style,)
    np.testing.assert_array_equal(source.picture(style, 48), paint(style, (48, 64), 3))
    np.testing.assert_array_equal(build(seed=3, size=48).picture(style), paint(style, (48, 64), 3))
    assert build().names() == tuple(PAINTINGS)


def test_paintings_come_in_turn_and_stay(cache_folder, monkeypatch):
    dataset = build(names=("pointillism", "mosaic"), count=5, size=24).dataset()
    assert dataset.names() == ("pointillism-0", "mosaic-0", "pointillism-1", "mosaic-1", "pointillism-2")
    pictures = [dataset[i] for i in range(5)]
    assert {picture.shape for picture in pictures} == {(24, 32, 3)}
    for i in range(5):
        assert all((pictures[i] != pictures[j]).any() for j in range(i))
    expected = paint("mosaic", (24, 32), 2**32 + 1)
    np.testing.assert_array_equal(pictures[3], np.rint(expected * 255))

    with monkeypatch.context() as patch:
        patch.setattr("styleresearch.data.pictures.painter.paint", None)  # all are in the cache
        again = build(names=("pointillism", "mosaic"), count=4, size=24).dataset()
        for i in range(4):
            np.testing.assert_array_equal(again[i], pictures[i])

    (folder,) = cache_folder.iterdir()
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:100])
    np.testing.assert_array_equal(dataset[3], pictures[3])  # a damaged file is painted again
    (entry,) = kept()
    assert (entry.name, entry.pictures) == ("painter", 5)


def test_paintings_to_train_on_are_not_those_to_evaluate_on():
    source = build(names=("pointillism",), count=2, size=24)
    shown, dataset = source.picture("pointillism", 24), source.dataset()
    assert all((dataset[i] != np.rint(shown * 255)).any() for i in range(2))


def test_identity_of_paintings(monkeypatch):
    options = {"names": ("pointillism", "mosaic"), "count": 5, "size": 24, "seed": 1}
    identities = {build(**options).dataset().identity()}
    assert build(**options).dataset().identity() in identities
    for change in ({"names": ("mosaic", "pointillism")}, {"count": 6}, {"size": 25}, {"seed": 2}):
        identities.add(build(**options | change).dataset().identity())
    assert len(identities) == 5


def test_the_painters_source_is_part_of_the_identity(tmp_path, monkeypatch):
    file = tmp_path / "my_style_of_a_test.py"
    file.write_text("def grey(h, w, rng):\n    import numpy\n    return numpy.full((h, w, 3), 0.5)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(PAINTINGS, "_entries", dict(PAINTINGS._entries))
    import my_style_of_a_test

    PAINTINGS.register("grey")(my_style_of_a_test.grey)
    options = {"names": ("grey",), "count": 1, "size": 8}
    before = build(**options).dataset()
    assert (before[0] == 128).all()
    identity = before.identity()
    file.write_text(file.read_text().replace("0.5", "0.7"))
    assert build(**options).dataset().identity() != identity
    del sys.modules["my_style_of_a_test"]


def test_painting_ahead():
    told = []
    build(names=("pointillism",), count=3, size=16).dataset().prepare(lambda *event: told.append(event))
    assert told == [("painting", i, 3) for i in (1, 2, 3)]
    assert len(list((next(cache.folder().iterdir())).glob("*.png"))) == 3


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"names": ("mosaik",)}, "no picture 'mosaik'.*Did you mean 'mosaic'"),
        ({"names": ()}, "one or more different"),
        ({"names": "mosaic"}, r"names = 'mosaic' is not of type .*write \('mosaic',\) for one"),
        ({"names": ("mosaic", "mosaic")}, "one or more different"),
        ({"count": 0}, "count = 0 is not from 1"),
        ({"seed": -1}, "seed = -1 is not from 0"),
        ({"size": 0}, "size = 0 is not from 1 to 3072"),
        ({"seed": 0.5}, "seed = .* is not of type int"),
    ],
)
def test_painter_refuses(options, match):
    refuses(match, **options)


def test_a_size_that_nobody_paints():
    for size in (0, 10**6):
        with pytest.raises(InputError, match="paints pictures of 1 to"):
            build().picture("mosaic", size)


def test_the_identity_of_paintings_is_what_it_was():
    """That of runs which named neither their size nor their number."""
    assert build().dataset().identity() == build(count=240, size=256).dataset().identity()
    assert len(build().dataset()) == 240
