"""Processes of this machine: what each has to itself, and that they do the work."""

from __future__ import annotations

import os

import jax
import pytest

from styleresearch.errors import InputError
from styleresearch.executors.base import Here
from styleresearch.executors.processes import Processes, places


def cores_of(cell: int) -> tuple[int, int, str]:
    """Return the cell, this process, and how many threads it is told to have; what the processes below do."""
    if cell < 0:
        os._exit(9)
    if cell == 1000:
        raise ValueError("of the function")
    return cell, os.getpid(), os.environ["NPROC"]


def test_processes_share_out_the_cells_and_the_threads_and_an_end_of_one_is_told():
    with Processes(2) as executor:
        found = list(executor.map(cores_of, range(12)))
        assert sorted(cell for cell, *_ in found) == list(range(12))
        assert {pid for _, pid, _ in found} != {os.getpid()}
        assert {threads for *_, threads in found} == {place.environment["NPROC"] for place in places(2)}
        with pytest.raises(ValueError, match="of the function"):
            list(executor.map(cores_of, [1000]))
        with pytest.raises(InputError, match=r"ended before it was done.*the same command continues"):
            list(executor.map(cores_of, [3, -1]))


def test_here_takes_a_cell_when_the_one_before_is_done():
    taken = []
    results = Here().map(lambda cell: cell + 1, (taken.append(cell) or cell for cell in range(3)))
    assert next(results) == 1
    assert taken == [0]


class Device:
    """A device of a machine that tests do not have."""

    def __init__(self, platform: str) -> None:
        self.platform = platform


def test_one_process_for_each_gpu_and_several_share_its_memory(monkeypatch):
    monkeypatch.setattr(jax, "local_devices", lambda: [Device("gpu")] * 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    assert [dict(place.environment) for place in places(0)] == [
        {"CUDA_VISIBLE_DEVICES": "4", "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.85"},
        {"CUDA_VISIBLE_DEVICES": "6", "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.85"},
    ]
    assert {place.environment["XLA_PYTHON_CLIENT_MEM_FRACTION"] for place in places(4)} == {"0.42"}
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert [place.environment["CUDA_VISIBLE_DEVICES"] for place in places(3)] == ["0", "1", "0"]
    monkeypatch.setattr(jax, "local_devices", lambda: [Device("tpu")])
    with pytest.raises(InputError, match="cannot share out tpu devices"):
        places(0)


def test_threads_of_a_processor_are_shared_out(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    assert [place.cores for place in places(2)] == [(0, 2, 4), (1, 3, 5)]
    assert len(places(0)) == 3
    assert [place.cores for place in places(8)][6:] == [(0,), (1,)]
