"""One rule says which files of a folder are pictures."""

import os

import pytest

from styleresearch.data.listing import list_pictures
from styleresearch.errors import InputError


def make(root, *files):
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


def test_what_is_a_picture(tmp_path):
    make(tmp_path, "b.PNG", "a.jpg", "notes.txt", ".hidden.png", "Thumbs.db", "sub/c.png", "folder.jpg/d.png")
    (tmp_path / "gone.png").symlink_to("nowhere")
    assert list_pictures(tmp_path) == (("a.jpg", "b.PNG", "gone.png"), 3)
    assert list_pictures(tmp_path, recursive=True)[0] == (
        "a.jpg",
        "b.PNG",
        "folder.jpg/d.png",
        "gone.png",
        "sub/c.png",
    )


def test_folders_of_other_programs_are_not_looked_into_unless_one_is_asked_for(tmp_path):
    make(
        tmp_path,
        "a.png",
        "@eaDir/a.png/thumb.jpg",
        "sub/__MACOSX/a.png",
        "sub/.ipynb_checkpoints/a.png",
        "#recycle/b.png",
    )
    assert list_pictures(tmp_path, recursive=True) == (("a.png",), 0)
    assert list_pictures(tmp_path / "sub" / "__MACOSX", recursive=True)[0] == ("a.png",)


def test_links_in_circles_end_and_no_picture_is_there_twice(tmp_path):
    make(tmp_path, "a/1.png", "z/2.png", "z/deep/3.png")
    for link, target in {"a/to z": "../z", "b": "z/deep", "z/up": "..", "z/deep/self": "."}.items():
        (tmp_path / link).symlink_to(target)
    for i in range(30):  # two ways into each would be a thousand million ways to the last
        make(tmp_path, f"ladder/{i}/x.png")
        for side in ("left", "right"):
            (tmp_path / f"ladder/{i}/{side}").symlink_to(f"../{i + 1}")
    found, _ = list_pictures(tmp_path, recursive=True)
    assert found == tuple(sorted(("a/1.png", "z/2.png", "z/deep/3.png", *(f"ladder/{i}/x.png" for i in range(30)))))


def test_a_linked_folder_is_looked_into(tmp_path):
    make(tmp_path, "elsewhere/a.png", "photos/b.png")
    (tmp_path / "photos" / "more").symlink_to("../elsewhere")
    assert list_pictures(tmp_path / "photos", recursive=True)[0] == ("b.png", "more/a.png")
    assert list_pictures(tmp_path / "photos")[0] == ("b.png",)
    assert list_pictures(tmp_path / "photos" / "more")[0] == ("a.png",)


@pytest.mark.parametrize("recursive", [True, False])
def test_folders_that_cannot_be_listed(tmp_path, recursive, monkeypatch):
    make(tmp_path, "a.png", "sub/b.png")
    for path, reason in (("none", "No such file"), ("a.png", "Not a directory"), ("a\0b", "null")):
        with pytest.raises(InputError, match=f"cannot list the folder .*{reason}"):
            list_pictures(tmp_path / path, recursive)
    scandir = os.scandir

    def denied(path):
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    if recursive:
        with pytest.raises(InputError, match=r"cannot list the folder .*sub.*Permission denied"):
            list_pictures(tmp_path, recursive)
    else:
        assert list_pictures(tmp_path)[0] == ("a.png",)
