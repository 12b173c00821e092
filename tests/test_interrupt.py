"""Interrupts: heard wherever they come, once, and by commands that are real processes."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from importlib.machinery import ExtensionFileLoader
from pathlib import Path

import pytest

from styleresearch import interrupt

ROOT = Path(__file__).resolve().parents[1]


def send(number: int = signal.SIGINT) -> None:
    """Send this process a signal, and give Python the time to take it."""
    os.kill(os.getpid(), number)
    time.sleep(0.02)


def heard(seconds: float = 5) -> bool:
    """Return whether a KeyboardInterrupt comes soon."""
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            time.sleep(0.01)
    except KeyboardInterrupt:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_raises_and_leaves_its_flag(number):
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    with interrupt.caught():
        assert not interrupt.asked()
        interrupt.check()
        with pytest.raises(KeyboardInterrupt):
            send(number)
        assert interrupt.asked()
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()
    assert not interrupt.asked()
    assert {each: signal.getsignal(each) for each in before} == before
    with interrupt.caught():
        assert not interrupt.asked()


def test_what_a_callback_swallows_comes_again(capsys):
    """As jax's callback of the garbage collector does."""

    def callback(phase: str, info: dict) -> None:
        if phase == "start":
            gc.callbacks.remove(callback)
            send()

    with interrupt.caught():
        gc.callbacks.append(callback)
        gc.collect()
        assert interrupt.asked()
        assert heard()
    assert capsys.readouterr().err == ""


def test_other_exceptions_that_are_swallowed_are_shown(capsys):
    class Unlucky:
        def __del__(self) -> None:
            raise ZeroDivisionError("told")

    told = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda unraisable: told.append(str(unraisable.exc_value))
    try:
        with interrupt.caught():
            Unlucky()
    finally:
        sys.unraisablehook = hook
    assert told == ["told"]


def test_an_extension_module_is_initialised_first(tmp_path):
    """Half of one is an ImportError of its own, or a crash."""
    done = []

    class Module:
        name, origin = "half", str(tmp_path / "half.so")

    def initialise(*_: object) -> None:
        send()
        done.append(True)

    with interrupt.caught(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("_imp.create_dynamic", initialise)
        try:
            ExtensionFileLoader("half", Module.origin).create_module(Module)
        except KeyboardInterrupt:
            pytest.fail("it was interrupted")
        assert done
        assert heard()


def test_what_is_deferred_ends_first_and_a_second_signal_does_not_wait():
    with interrupt.caught():
        with interrupt.deferred():
            send()
            assert interrupt.asked()
            interrupt.check()
            with pytest.raises(KeyboardInterrupt):
                send()
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()


def test_a_thread_defers_nothing_of_the_main_one():
    entered, leave = threading.Event(), threading.Event()

    def work() -> None:
        with interrupt.deferred():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=work)
    with interrupt.caught():
        thread.start()
        entered.wait()
        with pytest.raises(KeyboardInterrupt):
            send()
        leave.set()
        thread.join()


SECOND = """
import hashlib
from styleresearch import interrupt
with interrupt.caught(), interrupt.second_ends(), interrupt.deferred():
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # as a compiler: C code that looks for no signal
"""


def test_a_second_signal_ends_the_process_whatever_it_computes():
    with subprocess.Popen([sys.executable, "-c", SECOND], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == interrupt.STATUS
