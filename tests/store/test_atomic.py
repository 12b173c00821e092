"""A file appears whole or not at all, and what a killed process left behind goes as soon as it is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from styleresearch.store import atomic


def partials(folder: Path) -> list[Path]:
    return sorted(folder.glob(".*.partial"))


@pytest.mark.parametrize("content", ["über\n", b"\x00\xff", ""])
def test_what_is_written_is_there_and_nothing_beside_it(tmp_path, content):
    path = tmp_path / "report.html"
    path.write_bytes(b"old")
    atomic.write(path, content)
    assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_as_long_as_the_file_system_takes_can_be_written(tmp_path):
    path = tmp_path / ("m" * 251 + ".png")
    atomic.write(path, "picture")
    assert path.read_text() == "picture"


def test_a_failure_keeps_the_old_file(tmp_path):
    path = tmp_path / "config.json"
    atomic.write(path, "old")

    def full(partial: Path) -> None:
        partial.write_bytes(b"ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"), atomic.replacing(path) as partial:
        full(partial)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_keeps_the_old_file(tmp_path):
    # A real limit on the size of files, in a process of its own.
    path = tmp_path / "report.html"
    atomic.write(path, "old")
    script = (
        "import resource, signal, sys; from pathlib import Path; from styleresearch.store import atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    atomic.write(Path(sys.argv[1]), 'x' * 5000)\nexcept OSError as error:\n    print(error.strerror)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert done.stdout == "File too large\n", done.stderr
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from styleresearch.store import atomic\n"
        "at = Path(sys.argv[1])\n"
        "with atomic.replacing(at / 'a') as one, atomic.replacing(at / 'b') as other:\n"
        "    one.touch(); other.touch(); print('there', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        atomic.sweep(tmp_path)
        assert len(partials(tmp_path)) == 2
    finally:
        process.kill()
        process.communicate()
    atomic.sweep(tmp_path)
    assert partials(tmp_path) == []


def test_what_another_host_left_goes_a_day_later(tmp_path):
    fresh, old = tmp_path / ".0badcafe.1.abc.partial", tmp_path / ".vgg16.1.abc.partial"
    for path in (fresh, old):
        path.touch()
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    atomic.sweep(tmp_path)
    assert partials(tmp_path) == [fresh]


def test_sweeping_where_there_is_nothing(tmp_path):
    atomic.sweep(tmp_path / "absent")
