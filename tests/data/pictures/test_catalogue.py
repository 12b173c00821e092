"""A folder to train on: each picture is read once before, where it lies; what cannot be read is named."""

import io
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styleresearch.data.images import load_image
from styleresearch.data.pictures import SOURCES, Dataset, catalogue
from styleresearch.data.pictures.kept import kept
from styleresearch.errors import InputError
from styleresearch.store import atomic

RNG = np.random.default_rng(3)


@pytest.fixture
def root(tmp_path):
    """A folder with three plain pictures."""
    folder = tmp_path / "my pictures"
    (folder / "sub").mkdir(parents=True)
    Image.fromarray(pixels(12, 20)).save(folder / "b.png")
    Image.fromarray(pixels(16, 16)).save(folder / "a.jpg")
    Image.fromarray(pixels(30, 10)).save(folder / "sub" / "a.jpg")
    return folder


def pixels(h, w, c=3):
    return RNG.integers(0, 256, (h, w, c), np.uint8)


def build(path, **options):
    return SOURCES.build({"name": "folder", "path": str(path), **options}).dataset()


def used(dataset):
    """The bytes of every picture as they are trained on."""
    names = zip(dataset.names(), dataset.read, strict=True)
    return {name: dataset.catalogue.encoded(*read) for name, read in names}


def converted(dataset):
    return [name for name, (_, file) in zip(dataset.names(), dataset.read, strict=True) if file.converted is not None]


def refuses(match, path, **options):
    with pytest.raises(InputError, match=match) as caught:
        build(path, **options).prepare()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_pictures_in_the_order_of_their_names_with_their_bytes(root):
    dataset = build(root)
    assert isinstance(dataset, Dataset)
    assert dataset.names() == ("a.jpg", "b.png", "sub/a.jpg")
    assert len(dataset) == 3
    for i, name in enumerate(dataset.names()):
        np.testing.assert_array_equal(dataset[i], np.asarray(Image.open(root / name)))
        assert dataset[i].dtype == np.uint8
    assert used(dataset) == {name: (root / name).read_bytes() for name in dataset.names()}
    assert converted(dataset) == []
    for index in (-1, 3):
        with pytest.raises(IndexError):
            dataset[index]


def save_rotated(path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels(8, 12)).save(path, exif=exif, quality=95)


def save_animated(path):
    frames = [Image.fromarray(pixels(8, 12)).convert("P") for _ in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def save_16_bit_color(path):
    """Pillow does not write these: a PNG by hand, filter 0."""
    import struct
    import zlib

    values = RNG.integers(0, 65536, (8, 12, 3), np.uint16).astype(">u2")
    lines = b"".join(b"\0" + line.tobytes() for line in values)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 12, 8, 16, 2, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


ODD = {
    "cmyk.jpg": lambda path: Image.fromarray(pixels(8, 12, 4), "CMYK").save(path, quality=95),
    "16-bit.png": lambda path: Image.fromarray(RNG.integers(0, 65536, (8, 12)).astype(np.uint16)).save(path),
    "16-bit colour.png": save_16_bit_color,
    "animated.gif": save_animated,
    "animated.png": save_animated,
    "rotated.jpg": save_rotated,
    "alpha.png": lambda path: Image.fromarray(pixels(8, 12, 4)).save(path),
    "grey and alpha.png": lambda path: Image.fromarray(pixels(8, 12, 2), "LA").save(path),
    "grey.png": lambda path: Image.fromarray(pixels(8, 12)[..., 0]).save(path),
    "grey.jpg": lambda path: Image.fromarray(pixels(8, 12)[..., 0]).save(path),
    "palette.png": lambda path: Image.fromarray(pixels(8, 12)).convert("P").save(path),
    "one bit.png": lambda path: Image.fromarray(pixels(8, 12)).convert("1").save(path),
    "keyed.png": lambda path: Image.fromarray(pixels(8, 12)).save(path, transparency=(1, 2, 3)),
    "picture.webp": lambda path: Image.fromarray(pixels(8, 12)).save(path),
    "UPPER.BMP": lambda path: Image.fromarray(pixels(8, 12)).save(path),
    "picture.tif": lambda path: Image.fromarray(pixels(8, 12)).save(path),
}


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated:DeprecationWarning")
def test_every_odd_picture_becomes_plain_rgb_that_shows_the_same(tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    for name, save in ODD.items():
        save(folder / name)
    dataset = build(folder, broken="fail")
    assert set(dataset.names()) == set(ODD)
    assert len(converted(dataset)) == len(ODD)
    for i, name in enumerate(dataset.names()):
        expected = np.rint(load_image(folder / name) * 255)  # tested against oracles in test_images.py
        close = 30 if name.endswith(".jpg") else 0  # a JPEG is stored as one, and noise is the worst for it
        assert dataset[i].shape == expected.shape == ((12, 8, 3) if "rotated" in name else (8, 12, 3))
        assert np.abs(dataset[i] - expected).max() <= close, name
        assert np.abs(dataset[i] - expected).mean() <= close / 6, name
    # What is used is plain for every reader, not only for this one.
    for name, data in used(dataset).items():
        image = Image.open(io.BytesIO(data))
        assert (image.mode, image.format) == ("RGB", "JPEG" if name.endswith(".jpg") else "PNG")
        assert not image.has_transparency_data
        assert not image.getexif()
        assert b";16" not in str(image.tile).encode()


def test_preparation_at_a_size_shrinks_and_never_enlarges(tmp_path):
    folder = tmp_path / "large"
    folder.mkdir()
    for name, shape in {
        "large.jpg": (80, 120),
        "large.png": (120, 80),
        "tall.webp": (96, 24),
        "small.jpg": (20, 30),
    }.items():
        Image.fromarray(pixels(*shape)).save(folder / name)
    dataset = build(folder, size=40)
    shapes = {name: dataset[i].shape[:2] for i, name in enumerate(dataset.names())}
    assert shapes == {"large.jpg": (40, 60), "large.png": (60, 40), "small.jpg": (20, 30), "tall.webp": (96, 24)}
    assert used(dataset)["small.jpg"] == (folder / "small.jpg").read_bytes()
    assert build(folder).identity() != dataset.identity() != build(folder, size=41).identity()
    refuses("size = 0 is not from 1 to", folder, size=0)


def break_some(root):
    (root / "cut.jpg").write_bytes((root / "a.jpg").read_bytes()[:300])
    (root / "cut.png").write_bytes((root / "b.png").read_bytes()[:200])
    (root / "empty.png").touch()
    (root / "page.jpg").write_text("<html>404</html>")
    return {"cut.jpg", "cut.png", "empty.png", "page.jpg"}


def test_broken_pictures_are_named_and_left_out(root):
    broken = break_some(root)
    dataset = build(root)
    assert dataset.names() == ("a.jpg", "b.png", "sub/a.jpg")
    assert set(dataset.found.broken) == broken
    assert all(dataset.found.broken.values())
    said = dataset.notes()
    assert said[0] == "0 were converted, 4 could not be read; 0 other files in the folder"
    assert {line.split(": ")[1] for line in said[1:-1]} == broken
    assert said[-1] == f"record: {dataset.found.record}"
    np.testing.assert_array_equal(dataset[2], np.asarray(Image.open(root / "sub" / "a.jpg")))


@pytest.mark.parametrize("already", [False, True], ids=["fresh", "prepared before"])
def test_broken_pictures_fail_when_configured(root, already):
    broken = break_some(root)
    if already:
        build(root).prepare()
    message = refuses("4 of the 7 pictures", root, broken="fail")
    assert all(name in message for name in broken)
    for name in broken:
        (root / name).unlink()
    assert len(build(root, broken="fail")) == 3


def test_all_broken(tmp_path, cache_folder):
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "x.jpg").write_text("no picture")
    refuses("none of the 1 pictures.*x.jpg", folder)
    assert [(each.pictures, each.broken) for each in kept()] == [(0, 1)]
    assert not list(cache_folder.glob(".*.partial"))


def test_folders_without_pictures(tmp_path, root):
    refuses("cannot list the folder.*nowhere", tmp_path / "nowhere")
    refuses("cannot list the folder", root / "b.png")
    empty = tmp_path / "empty"
    empty.mkdir()
    refuses("holds no pictures .0 other", empty)
    (empty / "notes.txt").write_text("x")
    (empty / ".hidden.png").write_bytes((root / "b.png").read_bytes())
    (empty / ".thumbnails").mkdir()
    shutil.copy(root / "b.png", empty / ".thumbnails")
    refuses("holds no pictures .2 other", empty)


def test_other_files_subfolders_and_links(root):
    (root / "notes.txt").write_text("x")
    (root / "sub" / "deep.png").mkdir()
    (root / "sub" / "loop").symlink_to(root)
    assert build(root).names() == ("a.jpg", "b.png", "sub/a.jpg")
    assert build(root).notes()[0].endswith("; 1 other files in the folder")
    assert build(root, recursive=False).names() == ("a.jpg", "b.png")


def test_include_and_exclude(root, tmp_path):
    listed = tmp_path / "VAL.txt"
    listed.write_text("a.jpg\n\n")
    assert build(root, exclude=str(listed)).names() == ("b.png",)  # a file name alone means all of that name
    assert build(root, exclude=("sub/a.jpg",)).names() == ("a.jpg", "b.png")
    assert build(root, include=("sub/a.jpg", "b.png")).names() == ("b.png", "sub/a.jpg")
    assert build(root, include=("a.jpg",), exclude=("sub/a.jpg",)).names() == ("a.jpg",)
    assert build(root, exclude=str(listed)).notes()[0].endswith("; 2 pictures left out by names, include and exclude")
    assert build(root, names=("sub/a", "b.png")).names() == ("sub/a.jpg", "b.png")
    missing = "include: 1 of 2 entries names no picture of the folder .*: 'c.png'. Did you mean 'b.png'"
    refuses(missing, root, include=("b.png", "c.png"))
    refuses("exclude: 1 of 1 entries names no picture.*'bb.png'. Did you mean 'b.png'", root, exclude=("bb.png",))
    refuses("leave none", root, exclude=("a.jpg", "b.png"))
    refuses("cannot read", root, exclude=str(tmp_path / "missing.txt"))


def test_what_to_leave_out_and_is_not_there_is_an_error(root, tmp_path):
    """Or pictures to validate on would be trained on, for a slip of the pen."""
    listed = tmp_path / "VAL.txt"
    listed.write_text("a.jpg\nB.PNG\nb.pngg\n")
    refuses(r"exclude \(.*VAL.txt\): 2 of 3 entries name no .*: 'B.PNG', 'b.pngg'. Did.*'b.png'", root, exclude=listed)
    listed.write_text("# nothing yet\n\n")
    refuses("names no picture: it has no line but empty ones and comments", root, exclude=listed)


def test_thumbnails_and_bins_of_other_programs_are_no_pictures(root):
    expected = build(root).identity()
    for folder in ("@eaDir/b.png", "sub/__MACOSX", ".ipynb_checkpoints", "#recycle", "$RECYCLE.BIN", "sub/.thumbs"):
        (root / folder).mkdir(parents=True)
        shutil.copy(root / "b.png", root / folder / "thumb.png")
    for file in ("Thumbs.db", "sub/._a.jpg", ".DS_Store"):
        (root / file).write_text("x")
    assert build(root).identity() == expected


def test_links_to_nowhere_and_pipes_are_broken_pictures(root):
    (root / "gone.png").symlink_to(root / "moved away.png")
    (root / "loop.png").symlink_to("loop.png")
    os.mkfifo(root / "pipe.jpg")
    dataset = build(root)
    assert dataset.names() == ("a.jpg", "b.png", "sub/a.jpg")
    reasons = dataset.found.broken
    assert set(reasons) == {"gone.png", "loop.png", "pipe.jpg"}
    assert "moved away.png', which is not there" in reasons["gone.png"]
    refuses(r"3 of the 6 pictures.*gone\.png", root, broken="fail")
    Image.fromarray(pixels(9, 9)).save(root / "moved away.png")
    mended = build(root)
    assert mended.names() == ("a.jpg", "b.png", "gone.png", "moved away.png", "sub/a.jpg")
    assert mended.identity() != dataset.identity()


def test_a_file_that_may_not_be_read_is_a_broken_picture(root, monkeypatch):
    def denied(before):  # root may read all files, so that taking permissions away would not do
        def call(path, *given, **options):
            if Path(path).name == "b.png":
                raise PermissionError(13, "Permission denied", str(path))
            return before(path, *given, **options)

        return call

    for owner, name in ((Path, "open"), (Path, "read_bytes"), (Image, "open")):
        monkeypatch.setattr(owner, name, denied(getattr(owner, name)))
    dataset = build(root)
    assert dataset.names() == ("a.jpg", "sub/a.jpg")
    assert [(name, "Permission denied" in why) for name, why in dataset.found.broken.items()] == [("b.png", True)]


FULL = """
import resource, signal, sys
from styleresearch.data.pictures import SOURCES
from styleresearch.errors import InputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for limit in (0, 100, 600, 1200, 200_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        SOURCES.build(dict(name="folder", path=sys.argv[1], size=20)).dataset().prepare()
        print("done")
    except InputError as error:
        print(error)
"""


def test_a_disk_that_fills_while_pictures_are_written(root, cache_folder):
    """A limit on the size of files stands for it: what was converted, or the record, cannot be written."""
    for i in range(10):
        Image.fromarray(pixels(40, 40)).save(root / f"{i}.png")
    ran = subprocess.run(
        [sys.executable, "-c", FULL, str(root)], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    *failed, last = ran.stdout.splitlines()
    full = f"the cache {cache_folder} cannot be written: File too large; free some space, or name another folder in "
    assert (set(failed), last, ran.stderr) == ({full + "$STYLERESEARCH_CACHE"}, "done", "")
    assert not list(cache_folder.rglob("*.partial"))
    assert len(build(root)) == 13


def test_prepared_once_and_again_when_a_picture_changes(root, monkeypatch):
    first = build(root)
    first.prepare()
    identities = {first.identity()}
    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "normalise", None)  # not needed a second time
        assert build(root).identity() == first.identity()
    time.sleep(0.01)
    for change in (
        lambda: Image.fromarray(pixels(12, 20)).save(root / "b.png"),
        lambda: (root / "b.png").rename(root / "c.png"),
        lambda: (root / "c.png").unlink(),
    ):
        change()
        dataset = build(root)
        np.testing.assert_array_equal(dataset[1], np.asarray(Image.open(root / dataset.name(1))))
        identities.add(dataset.identity())
    assert len(identities) == 4
    assert [each.pictures for each in kept()] == [2]


def test_the_same_pictures_elsewhere_have_the_same_identity(root, tmp_path):
    shutil.copytree(root, tmp_path / "copy")
    assert build(root).identity() == build(tmp_path / "copy").identity()


def reads(monkeypatch):
    """The files that are read from now on, and those that are decoded."""
    read, decoded = [], []
    bytes_of, normalise = Path.read_bytes, catalogue.normalise
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or bytes_of(path))
    monkeypatch.setattr(catalogue, "normalise", lambda path, *args: decoded.append(path.name) or normalise(path, *args))
    return read, decoded


def test_only_what_is_new_or_has_changed_is_read_and_only_new_bytes_are_decoded(root, monkeypatch):
    for file in root.rglob("*.*"):
        os.utime(file, (1e9, 1e9))
    expected = build(root).identity()
    read, decoded = reads(monkeypatch)
    assert build(root).identity() == expected
    build(root, exclude=("a.jpg",)).prepare()
    assert not {"a.jpg", "b.png"} & set(read)
    os.utime(root / "b.png", (1e9, 1e9 + 1))
    assert build(root).identity() == expected
    assert (read.count("b.png"), decoded) == (1, [])
    (root / "b.png").rename(root / "c.png")
    assert build(root).names() == ("a.jpg", "c.png", "sub/a.jpg")
    assert (read.count("c.png"), decoded) == (1, [])
    Image.fromarray(pixels(9, 9)).save(root / "new.png")
    build(root).prepare()
    assert decoded == ["new.png"]


def test_a_damaged_record_is_made_again(root, cache_folder):
    dataset = build(root)
    expected, record = dataset.identity(), dataset.found.record
    written = record.read_text()
    for text in ("{damaged", "{}", "[" * 100_000, "7", written.replace('"sha256"', "7"), written.replace("[[", "[7")):
        record.write_text(text)
        assert build(root).identity() == expected
        assert record.read_text() == written
    record.write_text("{damaged")
    assert [each.pictures for each in kept()] == [None]


def test_what_was_converted_is_kept_once_and_made_again_where_it_was_deleted(root, tmp_path, cache_folder):
    Image.fromarray(pixels(12, 20)).convert("L").save(root / "grey.png")
    shutil.copytree(root, tmp_path / "copy")
    dataset, other = build(root), build(tmp_path / "copy")
    assert converted(dataset) == converted(other) == ["grey.png"]
    expected = dataset[2]
    (file,) = (cache_folder / "converted").iterdir()
    data = file.read_bytes()
    file.unlink()
    np.testing.assert_array_equal(dataset[2], expected)  # while it is trained on
    assert not file.exists()
    np.testing.assert_array_equal(build(root)[2], expected)
    assert file.read_bytes() == data
    assert build(root, size=10).identity() != dataset.identity()
    assert len(list((cache_folder / "converted").iterdir())) == 4  # at another size it is another


def test_a_file_that_changes_while_it_is_trained_on_is_an_error(root):
    dataset = build(root)
    dataset.prepare()
    os.utime(root / "b.png", (1e9, 1e9))
    assert dataset[1].shape == (12, 20, 3)  # the same bytes
    Image.fromarray(pixels(12, 20)).save(root / "b.png")
    with pytest.raises(InputError, match=r"b\.png has changed since it was first read: put it back"):
        dataset[1]
    (root / "b.png").unlink()
    with pytest.raises(InputError, match=r"b\.png can no longer be read \(No such file or directory\): put it back"):
        dataset[1]


def test_the_identity_is_what_it_was(root):
    """That of runs which were started when pictures were copied into the cache."""
    import hashlib

    lines = [
        f"{name!r} {len(data)} {hashlib.sha256(data).hexdigest()}\n"
        for name in ("a.jpg", "b.png", "sub/a.jpg")
        if (data := (root / name).read_bytes())
    ]
    for size in (None, 8):
        said = f"styleresearch folder 2 size={size}\n" + "".join(lines)
        assert build(root, size=size).identity() == hashlib.sha256(said.encode()).hexdigest()


def test_a_file_just_written_is_always_read(root):
    """Two contents of one size within one tick of the clock have the same time."""
    first = build(root).identity()
    status = (root / "b.png").stat()
    data = bytearray((root / "b.png").read_bytes())
    data[-1] ^= 1
    (root / "b.png").write_bytes(data)
    os.utime(root / "b.png", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert build(root).identity() != first


def test_progress(root):
    told = []
    build(root).prepare(lambda *event: told.append(event))
    assert told == [("checking", i, 3) for i in (1, 2, 3)] + [("preparing", i, 3) for i in (1, 2, 3)]


def test_pickled(root):
    dataset = build(root)
    picture = dataset[1]
    again = pickle.loads(pickle.dumps(dataset))
    np.testing.assert_array_equal(again[1], picture)
    assert again.identity() == dataset.identity()


def test_a_cache_that_cannot_be_written(root, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("STYLERESEARCH_CACHE", str(tmp_path / "file"))
    refuses("cannot be written.*STYLERESEARCH_CACHE", root)


PREPARE = """
import sys, time
from styleresearch.data.pictures import SOURCES, catalogue
if len(sys.argv) > 2:  # stop in the middle, until killed
    normalise = catalogue.normalise
    def slow(path, data, size):
        if path.name == "b.png":
            print("half", flush=True)
            time.sleep(60)
        return normalise(path, data, size)
    catalogue.normalise = slow
dataset = SOURCES.build(dict(name="folder", path=sys.argv[1], size=10)).dataset()
dataset.prepare()
assert dataset[1].shape == (10, 17, 3)
assert not {"tensorflow", "tensorflow_datasets", "jax"} & set(sys.modules)
print(dataset.identity())
"""


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", PREPARE, *map(str, arguments)],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_killed_in_the_middle_and_two_at_once(root, cache_folder):
    killed = start(root, "slow")
    assert killed.stdout.readline() == "half\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    both = [start(root), start(root)]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0] == outputs[1] == build(root, size=10).identity() + "\n"
    assert [each.pictures for each in kept()] == [3]
    assert not list(cache_folder.rglob(".*.partial")), "what the killed process left is still there"


def test_what_killed_processes_left_goes_when_the_cache_is_looked_at(root, cache_folder):
    build(root).prepare()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for folder in (cache_folder, cache_folder / "converted", cache_folder / "painter-0123"):
        folder.mkdir(exist_ok=True)
        with atomic.replacing(folder / "x") as partial:
            partial.touch()
            (folder / partial.name.replace(str(os.getpid()), str(gone.pid))).touch()
    assert len(list(cache_folder.rglob(".*.partial"))) == 3
    kept()
    assert not list(cache_folder.rglob(".*.partial"))


def test_a_name_that_is_no_utf_8(root):
    name = os.fsdecode(b"caf\xe9.png")
    shutil.copy(root / "b.png", root / name)
    assert name in build(root).names()
    assert name in build(root).names()  # read from the cache
    assert name not in build(root, exclude=(name,)).names()
