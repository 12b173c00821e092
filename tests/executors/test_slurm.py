"""What ``--slurm`` says, and what a task does; tests/slurm runs a real cluster."""

from __future__ import annotations

import subprocess

import pytest

from styleresearch.errors import InputError
from styleresearch.executors import slurm
from styleresearch.executors.slurm import Share, Slurm


def test_its_text_is_tasks_and_options_of_submitit(tmp_path):
    found = Slurm.of("tasks=3,timeout_min=20,slurm_partition=gpu", tmp_path)
    assert (found.tasks, found.options) == (3, {"timeout_min": 20, "slurm_partition": "gpu"})
    assert Slurm.of("", tmp_path).options == {"timeout_min": 240}
    for text in ("tasks", "tasks=0", "a b=3"):
        with pytest.raises(InputError, match="--slurm"):
            Slurm.of(text, tmp_path)


def test_a_task_is_queued_again_as_it_was_for_what_is_done_is_written_down():
    share = Share(str)
    assert share([1, 2]) == ["1", "2"]
    again = share.checkpoint([1, 2])
    assert again.function is share
    assert again.result() == ["1", "2"]


def test_no_second_array_is_submitted_while_the_first_is_in_the_queue(tmp_path, monkeypatch):
    (tmp_path / "array").write_text("12\n")
    monkeypatch.setattr(slurm, "_queued", lambda array: {f"{array}_0"})
    with pytest.raises(InputError, match="the array job 12 of an earlier call is still in the queue"):
        list(Slurm.of("", tmp_path).map(str, [1]))


def test_a_queue_that_does_not_answer_ends_no_task(monkeypatch):
    def answer(code: int, out: str, err: str):
        return lambda *_, **__: subprocess.CompletedProcess([], code, out, err)

    monkeypatch.setattr(subprocess, "run", answer(0, "7_0\n7_1\n", ""))
    assert slurm._queued("7") == {"7_0", "7_1"}
    monkeypatch.setattr(subprocess, "run", answer(1, "", "slurm_load_jobs error: Invalid job id specified"))
    assert slurm._queued("7") == set()
    monkeypatch.setattr(subprocess, "run", answer(1, "", "Unable to contact slurm controller"))
    assert "7_0" in slurm._queued("7")
