"""Interrupts: SIGINT (Ctrl-C) and SIGTERM as a flag, in a process whose libraries swallow exceptions.

A ``KeyboardInterrupt`` alone is not enough: raised inside a callback of the garbage collector or of C++ code it is
printed and forgotten, raised while an extension module is imported it becomes an ``ImportError`` or a crash. The flag
stays, and the exception comes again until it is heard.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.machinery import ExtensionFileLoader
from types import FrameType
from typing import Any

STATUS = 130
"""With which an interrupted command ends: 128 + SIGINT."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN = getattr(signal, "SIGALRM", None)  # there is none on Windows, where an exception that was lost stays lost
_SOON = 0.05
_INITIALISING = (ExtensionFileLoader.create_module.__code__, ExtensionFileLoader.exec_module.__code__)

_asked = threading.Event()
_catching = False
_deferred = 0


def asked() -> bool:
    """Return whether the process was asked to stop, within ``caught``."""
    return _catching and _asked.is_set()


def check() -> None:
    """Raise KeyboardInterrupt if the process was asked to stop: for the places between two pieces of work.

    Not within ``deferred``, where work is finished first.
    """
    if asked() and not _deferred:
        raise KeyboardInterrupt


@contextmanager
def caught() -> Iterator[None]:
    """Within, SIGINT and SIGTERM set the flag of ``asked`` and raise KeyboardInterrupt, now or as soon as it is safe.

    Within another ``caught`` it changes nothing, nor in a thread other than the main one, which receives no signals.
    """
    global _catching
    if _catching or threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = _SIGNALS if _AGAIN is None else (*_SIGNALS, _AGAIN)
    before = {number: signal.signal(number, _take) for number in signals}
    hook = sys.unraisablehook
    sys.unraisablehook = partial(_lost, hook)
    _asked.clear()
    _catching = True
    try:
        yield
    finally:
        _catching = False
        if _AGAIN is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def deferred() -> Iterator[None]:
    """Within, a first signal only sets the flag, for work that looks at it and must not be cut in half."""
    global _deferred
    mine = threading.current_thread() is threading.main_thread()
    with caught():
        _deferred += mine
        try:
            yield
        finally:
            _deferred -= mine


def _take(number: int, frame: FrameType | None) -> None:
    second = _asked.is_set() and number != _AGAIN
    if number != _AGAIN:
        _asked.set()
    if not second and (_deferred or _put_off(frame)):
        return
    raise KeyboardInterrupt


def _put_off(frame: FrameType | None) -> bool:
    """Ask for another signal soon, and return True, while an extension module is being initialised."""
    while frame is not None and frame.f_code not in _INITIALISING:
        frame = frame.f_back
    return frame is not None and _again()


def _lost(hook: Any, unraisable: Any) -> None:
    """Ask for another signal soon where a KeyboardInterrupt was swallowed; show what else was."""
    if not (issubclass(unraisable.exc_type, KeyboardInterrupt) and asked() and _again()):
        hook(unraisable)


def _again() -> bool:
    # A timer of the system, not a thread's: starting a thread takes locks that the interrupted code may hold.
    if _AGAIN is None:
        return False
    signal.setitimer(signal.ITIMER_REAL, _SOON)
    return True


@contextmanager
def second_ends() -> Iterator[None]:
    """Within, a second signal ends the process at once, whatever it computes: files are whole at any moment.

    A handler in Python would wait for what runs in C++, and compiling may take a minute; a thread does not.
    """
    import socket

    near, far = socket.socketpair()
    near.setblocking(False)
    before = signal.set_wakeup_fd(near.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        seen = 0
        with suppress(OSError):
            while number := far.recv(1):
                seen += number[0] in _SIGNALS
                if seen > 1:
                    os._exit(STATUS)

    threading.Thread(target=watch, name="second-interrupt", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        near.close()
