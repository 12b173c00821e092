"""Processes on this machine: one for each device, or several that share out the threads of a CPU."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from typing import Any

from styleresearch.errors import InputError
from styleresearch.executors.base import Cell, Executor, Result

_MEMORY = 0.85
"""Share of a device's memory that its processes have together; this one has some of it too."""


@dataclass(frozen=True)
class Place:
    """What one of the processes has to itself.

    Attributes:
        environment: variables that say so.
        cores: of the processor; empty for all.
    """

    environment: Mapping[str, str]
    cores: tuple[int, ...] = ()


@dataclass
class Processes(Executor):
    """Several processes, each with a device or a share of the processor's threads of its own.

    Attributes:
        count: of processes; 0 for one for each device, and on a CPU for one for each two threads.
    """

    count: int
    _pool: ProcessPoolExecutor | None = field(default=None, init=False)
    _width: int = field(default=0, init=False)

    def map(self, function: Callable[[Cell], Result], cells: Iterable[Cell]) -> Iterator[Result]:
        """Yield the results as they come; whoever is free takes the next cell."""
        pool = self._pool = self._pool or self._started()
        rest, running = iter(cells), set[Future[Any]]()
        try:
            while True:
                free = self._width - len(running)
                running |= {pool.submit(function, cell) for cell in itertools.islice(rest, free)}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for each in done:
                    yield each.result()
        except BrokenProcessPool as error:
            raise InputError(
                "a process that worked off cells ended before it was done, probably for want of memory; what was "
                "finished is kept, the same command continues: give it fewer --processes"
            ) from error

    def _started(self) -> ProcessPoolExecutor:
        given = places(self.count)
        self._width = len(given)
        context = get_context("spawn")  # a process that is forked has JAX's threads in a state that none may be in
        queue = context.SimpleQueue()
        for place in given:
            queue.put(place)
        return ProcessPoolExecutor(len(given), context, _begin, (queue,))

    def __exit__(self, *error: object) -> None:
        """End the processes, in the middle of their cells if this one was interrupted."""
        if self._pool is None:
            return
        processes = list((getattr(self._pool, "_processes", None) or {}).values())
        self._pool.shutdown(wait=error[0] is None, cancel_futures=True)
        for process in processes if error[0] is not None else ():
            process.terminate()
        self._pool = None


def places(count: int) -> list[Place]:
    """Return what each of several processes has to itself; a count of 0 means what ``Processes`` says.

    Raises:
        InputError: if there are devices that processes cannot share out.
    """
    import jax

    devices = [device.platform for device in jax.local_devices() if device.platform != "cpu"]
    if not devices:
        cores = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else list(range(os.cpu_count() or 1))
        count = count or max(1, len(cores) // 2)
        shares = [tuple(cores[number::count]) or (cores[number % len(cores)],) for number in range(count)]
        # XLA makes as many threads as there are cores for the process, or as this variable says.
        return [Place({"NPROC": str(len(share))}, share) for share in shares]
    variable = {"gpu": "CUDA_VISIBLE_DEVICES", "cuda": "CUDA_VISIBLE_DEVICES"}.get(devices[0])
    if variable is None:
        raise InputError(f"processes cannot share out {devices[0]} devices; leave --processes out")
    named = [name for name in os.environ.get(variable, "").split(",") if name] or list(map(str, range(len(devices))))
    count = count or len(named)
    # JAX takes three quarters of a device when it begins, which leaves too little for a second process.
    memory = f"{_MEMORY / -(-count // len(named)):.2f}"
    return [
        Place({variable: named[number % len(named)], "XLA_PYTHON_CLIENT_MEM_FRACTION": memory})
        for number in range(count)
    ]


def _begin(queue: Any) -> None:
    """Set up a process before it touches a device."""
    # Ctrl-C reaches all processes of a terminal: the one that started this one ends it, also by its own end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent_process(),), daemon=True).start()
    place = queue.get()
    os.environ.update(place.environment)
    if place.cores and sys.platform == "linux":
        os.sched_setaffinity(0, place.cores)


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)
