"""The files of JSON lines survive whatever happens to the process that writes them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from styleresearch.store.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "outputs.jsonl")


def test_no_file_is_an_empty_ledger(ledger):
    assert ledger.read() == []
    assert not ledger.path.exists()


def test_lines_come_back_in_order(ledger):
    entries = [{"n": 0, "text": "ünïcode\n"}, {"n": 1, "nested": {"a": [1, None]}}, {"n": 2}]
    for entry in entries:
        ledger.append(entry)
    assert ledger.read() == entries
    assert ledger.path.read_text().count("\n") == 3


@pytest.mark.parametrize("torn", [b'{"n": 1, "te', b"{", b"\xff\xfe\x00", b'{"n": 1}x', b"12", b"null"])
def test_a_torn_last_line_is_no_entry_and_hurts_no_other(ledger, torn):
    ledger.append({"n": 0})
    with ledger.path.open("ab") as file:
        file.write(torn)
    assert ledger.read() == [{"n": 0}]
    ledger.append({"n": 2})
    assert ledger.read() == [{"n": 0}, {"n": 2}]


def test_a_last_line_that_only_lacks_its_end_is_kept(ledger):
    ledger.path.write_bytes(b'{"n": 0}\n{"n": 1}')
    assert ledger.read() == [{"n": 0}, {"n": 1}]
    ledger.append({"n": 2})
    assert ledger.read() == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_what_json_cannot_hold_leaves_the_file_alone(ledger):
    ledger.append({"n": 0})
    before = ledger.path.read_bytes()
    for refused in (float("nan"), float("inf"), object()):
        with pytest.raises((ValueError, TypeError)):
            ledger.append({"n": refused})
        with pytest.raises((ValueError, TypeError)):
            ledger.replace([{"n": 1}, {"n": refused}])
    assert ledger.path.read_bytes() == before


def test_replace_writes_the_file_anew_and_leaves_nothing_beside_it(ledger):
    for n in range(5):
        ledger.append({"n": n})
    ledger.replace({"n": n} for n in (3, 4))
    assert ledger.read() == [{"n": 3}, {"n": 4}]
    ledger.replace([])
    assert ledger.read() == []
    assert list(ledger.path.parent.iterdir()) == [ledger.path]


@pytest.mark.parametrize(
    "odd",
    [b"[" * 100_000, b"{}", b'{"key": 3}', b'{"key": "\\ud800"}', b'{"key": null}', b'{"key": ' + b"1" * 5000 + b"}"],
    ids=["deep", "empty", "a number", "half a character", "null", "a long number"],
)
def test_a_line_of_another_shape_is_as_good_as_torn(tmp_path, odd):
    ledger = Ledger(tmp_path / "outputs.jsonl", {"key": str})
    ledger.append({"key": "a", "more": [1]})
    with ledger.path.open("ab") as file:
        file.write(odd + b"\n")
    ledger.append({"key": "b"})
    assert ledger.read() == [{"key": "a", "more": [1]}, {"key": "b"}]


def test_readers_never_see_a_part(tmp_path):
    path = tmp_path / "records.jsonl"
    ledger = Ledger(path)
    ledger.replace([{"n": -1}] * 500)
    script = (
        "import sys; from pathlib import Path; from styleresearch.store.ledger import Ledger\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "for n in range(200): ledger.replace([{'n': n}] * 500)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=Path(__file__).parents[2])
    seen = set()
    while process.poll() is None:
        entries = ledger.read()
        assert len(entries) == 500
        seen.add(entries[0]["n"])
        assert all(entry == entries[0] for entry in entries)
    assert process.returncode == 0
    assert ledger.read() == [{"n": 199}] * 500


def test_every_line_that_was_appended_survives_a_kill(tmp_path):
    path = tmp_path / "outputs.jsonl"
    script = (
        "import itertools, sys; from pathlib import Path; from styleresearch.store.ledger import Ledger\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "for n in itertools.count():\n"
        "    ledger.append({'n': n, 'filling': 'x' * 3000})\n"
        "    print(n, flush=True)\n"
    )
    for _ in range(3):
        start = len(Ledger(path).read())
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(path)], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 30
        while len(Ledger(path).read()) < start + 5:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        told = [int(line) for line in process.communicate()[0].split()]
        assert process.returncode == -signal.SIGKILL
        entries = Ledger(path).read()[start:]
        assert [entry["n"] for entry in entries] == list(range(len(entries)))
        # The kill may fall between a line and the word of it, never the other way round.
        assert len(entries) - 1 <= told[-1] + 1 <= len(entries)
    complete = [json.loads(line) for line in path.read_bytes().split(b"\n") if line.endswith(b"}")]
    assert complete == Ledger(path).read()
