"""Options that say where cells are worked off."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from styleresearch.executors.base import Executor


def add_executors(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--processes",
        type=int,
        nargs="?",
        const=0,
        metavar="N",
        help="work off cells in processes of this machine: one for each device, or N; on a CPU they share out the "
        "threads, one process for each two without N",
    )
    group.add_argument(
        "--slurm",
        metavar="KEY=VALUE,...",
        help="work off cells in an array job of a Slurm cluster: tasks=N of them, and options of submitit, such as "
        "timeout_min=240,slurm_partition=gpu,gpus_per_node=1; waits until they have ended. Needs the extra [slurm]",
    )


def executor_of(args: argparse.Namespace) -> Executor:
    """Return the executor that a command's options name.

    Raises:
        InputError: if there is none such.
    """
    from styleresearch.errors import InputError
    from styleresearch.executors.base import Here

    if args.slurm is not None:
        from styleresearch.executors.slurm import Slurm
        from styleresearch.store.rundir import RunDirectory

        return Slurm.of(args.slurm, RunDirectory(Path(args.workdir)).jobs)
    if args.processes is None:
        return Here()
    if args.processes < 0:
        raise InputError(f"--processes {args.processes}: give how many, or nothing for one for each device")
    from styleresearch.executors.processes import Processes

    # This process measures sets and needs little of a device: what it would take is for the others.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    return Processes(args.processes)


def repeated(args: argparse.Namespace) -> list[str]:
    """Return the options as a command that repeats this one gives them."""
    processes = [] if args.processes is None else [f"--processes={args.processes}" if args.processes else "--processes"]
    return [*processes, *([] if args.slurm is None else [f"--slurm={args.slurm}"])]
