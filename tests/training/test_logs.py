"""The logs of a run: what was logged is there, each step once, whatever happened in between."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from tensorboardX.proto.event_pb2 import Event, SessionLog

from styleresearch.errors import InputError, Notice
from styleresearch.training.logs import Logs

ROOT = Path(__file__).resolve().parents[2]


def crc32c(data: bytes) -> int:
    """Return the Castagnoli checksum, bit by bit (RFC 3720, B.4)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(path: Path) -> list[bytes]:
    """Return the records of a TFRecord file: length, its checksum, data, their checksum; a kill may tear the last."""
    data, found = path.read_bytes(), []
    while len(data) >= 12:
        (length, check), rest = struct.unpack("<QI", data[:12]), data[12:]
        assert check == masked(data[:8])
        if len(rest) < length + 4:
            break
        assert struct.unpack("<I", rest[length : length + 4]) == (masked(rest[:length]),)
        found.append(rest[:length])
        data = rest[length + 4 :]
    return found


def events(folder: Path) -> list[Event]:
    return [Event.FromString(record) for path in sorted((folder / "events").iterdir()) for record in records(path)]


def scalars(folder: Path) -> dict[tuple[int, str], float]:
    """Return what TensorBoard shows: after a start at a step, what came before it at or after that step is hidden."""
    shown: dict[tuple[int, str], float] = {}
    for event in events(folder):
        if event.session_log.status == SessionLog.START:
            shown = {place: value for place, value in shown.items() if place[0] < event.step}
        for value in event.summary.value:
            if value.HasField("simple_value"):
                assert (event.step, value.tag) not in shown
                shown[event.step, value.tag] = value.simple_value
    return shown


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_the_reader_knows_the_checksum():
    # RFC 3720, B.4: 32 bytes of zeros, of ones, ascending.
    assert [crc32c(data) for data in (bytes(32), b"\xff" * 32, bytes(range(32)))] == [
        0x8A9136AA,
        0x62A8AB43,
        0x46DD794E,
    ]


def test_numbers_are_in_both_places(tmp_path):
    with Logs(tmp_path / "new" / "run") as logs:
        logs.write(50, {"total": jnp.float32(1.5), "style": np.float32(0.25)}, images_per_second=12.0, seconds=3)
        logs.write(100, {"total": 1, "style": 0.125})
        # On disk before it is closed.
        expected = [
            {"step": 50, "total": 1.5, "style": 0.25, "images_per_second": 12.0, "seconds": 3.0},
            {"step": 100, "total": 1.0, "style": 0.125},
        ]
        assert lines(tmp_path / "new" / "run") == expected
        assert scalars(tmp_path / "new" / "run") == {
            (line["step"], name): value for line in expected for name, value in line.items() if name != "step"
        }
    assert events(tmp_path / "new" / "run")[0].file_version == "brain.Event:2"


def test_what_is_not_finite_is_null(tmp_path, capfd):
    with Logs(tmp_path) as logs:
        logs.write(1, {"total": float("nan"), "style": jnp.inf, "content": 2.0})
    assert (tmp_path / "metrics.jsonl").read_text() == '{"step": 1, "total": null, "style": null, "content": 2.0}\n'
    shown = scalars(tmp_path)
    assert np.isnan(shown[1, "total"])
    assert shown[1, "style"] == np.inf
    assert capfd.readouterr() == ("", "")


def test_pictures_come_back(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (7, 9, 3), np.uint8)
    with Logs(tmp_path) as logs:
        logs.images(30, "samples", picture)
    ((tag, step, image),) = [(v.tag, e.step, v.image) for e in events(tmp_path) for v in e.summary.value]
    assert (tag, step, image.height, image.width) == ("samples", 30, 7, 9)
    with Image.open(io.BytesIO(image.encoded_image_string)) as opened:
        assert np.array_equal(np.asarray(opened), picture)


@pytest.mark.parametrize("torn", [b"", b'{"step": 4, "to'])
def test_a_resumed_run_has_each_step_once(tmp_path, torn):
    with Logs(tmp_path) as logs:
        for step in (1, 2, 3):
            logs.write(step, {"total": float(step)})
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(torn)
    with Logs(tmp_path) as logs:
        logs.resume_at(2)
        assert [line["step"] for line in lines(tmp_path)] == [1, 2]
        for step in (3, 4):
            logs.write(step, {"total": 10.0 * step})
    expected = {1: 1.0, 2: 2.0, 3: 30.0, 4: 40.0}
    assert {line["step"]: line["total"] for line in lines(tmp_path)} == expected
    assert len(lines(tmp_path)) == 4
    assert scalars(tmp_path) == {(step, "total"): total for step, total in expected.items()}


def test_a_torn_line_of_the_last_step_is_cleared_too(tmp_path):
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1, "total": 1.0}\n{"step": 2, "to')
    with Logs(tmp_path) as logs:
        logs.resume_at(1)
        logs.write(2, {"total": 2.0})
    assert lines(tmp_path) == [{"step": 1, "total": 1.0}, {"step": 2, "total": 2.0}]


def test_resuming_where_nothing_was_logged_later_changes_nothing(tmp_path):
    with Logs(tmp_path) as logs:
        logs.resume_at(0)
        assert [path.name for path in tmp_path.rglob("*")] == ["events"]
        logs.write(1, {"total": 1.0})
    before = (tmp_path / "metrics.jsonl").stat()
    with Logs(tmp_path) as logs:
        logs.resume_at(1)
    after = (tmp_path / "metrics.jsonl").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_two_runs_within_a_second_do_not_overwrite_each_other(tmp_path):
    for step in range(3):
        with Logs(tmp_path) as logs:
            logs.resume_at(step)
            logs.write(step + 1, {"total": 0.0})
    assert set(scalars(tmp_path)) == {(1, "total"), (2, "total"), (3, "total")}


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot create .*events: Not a directory"):
        Logs(tmp_path / "file" / "run")


def test_nothing_that_was_logged_is_lost_by_a_kill(tmp_path):
    script = (
        "import itertools, sys; from pathlib import Path; from styleresearch.training.logs import Logs\n"
        "logs = Logs(Path(sys.argv[1]))\n"
        "for step in itertools.count(1):\n"
        "    logs.write(step, {'total': step / 8})\n"
        "    print(step, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(20):
            told = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
    with Logs(tmp_path) as logs:
        logs.resume_at(told)
    expected = {step: step / 8 for step in range(1, told + 1)}
    assert {line["step"]: line["total"] for line in lines(tmp_path)} == expected
    assert scalars(tmp_path) == {(step, "total"): total for step, total in expected.items()}


def test_without_tensorboardx_the_numbers_are_logged_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.warns(Notice, match=r"needs tensorboardX.*\[tensorboard\]'; metrics.jsonl has"):
        logs = Logs(tmp_path)
    with logs:
        logs.write(1, {"total": 2.0})
        logs.images(1, "samples", np.zeros((2, 2, 3), np.uint8))
        logs.resume_at(1)
    assert lines(tmp_path) == [{"step": 1, "total": 2.0}]
    assert not (tmp_path / "events").exists()
