"""What every registered picture source must keep, by name and by number."""

from __future__ import annotations

import pytest
from PIL import Image

from styleresearch.data.pictures import SOURCES
from styleresearch.testing.test_pictures import *  # noqa: F403 - the tests of the conformance kit

# What the sources that need something are given; the others are built from their name alone.
NEEDED = {
    "folder": {"path": "{folder}"},
    "painter": {"names": ("mosaic", "pointillism"), "count": 3, "size": 16},
    "files": {"paths": ("{folder}/0.png", "{folder}/1.png")},
    "half": {"of": {"name": "folder", "path": "{folder}"}, "side": "right"},
    "edges": {"of": {"name": "folder", "path": "{folder}"}},
    "tfds": {"dataset": "pictures", "data_dir": "{tfds}"},
}


@pytest.fixture(scope="module", params=list(SOURCES))
def spec(request, tmp_path_factory, write_tfds):
    root = tmp_path_factory.mktemp("pictures")
    (root / "folder").mkdir()
    for i in range(4):
        Image.new("RGB", (20 + i, 30), (40 * i, 0, 0)).save(root / "folder" / f"{i}.png")
    if request.param == "tfds":
        files = sorted((root / "folder").iterdir())
        write_tfds(root / "tfds", ((file.read_bytes(), file.name) for file in files))
    places = {"{folder}": str(root / "folder"), "{tfds}": str(root / "tfds")}

    def placed(value):
        if isinstance(value, dict):
            return {key: placed(each) for key, each in value.items()}
        if isinstance(value, tuple):
            return tuple(map(placed, value))
        for place, path in places.items():
            value = value.replace(place, path) if isinstance(value, str) else value
        return value

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLERESEARCH_CACHE", str(root / "cache"))
        yield {"name": request.param} | placed(NEEDED.get(request.param, {}))
