"""``styleresearch train`` as a user runs it: processes that are killed, stopped, started twice, several at once."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from styleresearch.cli.display import bars
from styleresearch.cli.train import _Shown
from styleresearch.data.images import save_image
from styleresearch.methods.base import Alarm
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.trained import load
from styleresearch.training.checkpoint import Checkpoints
from styleresearch.training.listener import StepReport

ROOT = Path(__file__).resolve().parents[2]

FEEDFORWARD = """
from ml_collections import ConfigDict


def get_config():
    styles = dict(name="painter", names=("impasto", "mosaic", "stained_glass"), seed=0)
    config = ConfigDict()
    config.imports = ()
    config.seed = 0
    config.encoder = dict(name="vgg16", weights="random", width=0.125)
    config.method = dict(
        name="feedforward",
        net=dict(name="transform", widths=(4, 8), residuals=0, styles=3, pixels="unit"),
        styles=dict(**styles, size=32),
        optimizer=dict(
            name="adam",
            learning_rate=0.01,
            clip_norm=1.0,
            accumulate=2,
            schedule=dict(name="inverse_time", decay=0.1),
        ),
        objective=dict(
            content=dict(name="feature", layers=("relu2_1",), weight=1.0),
            style=dict(name="gram", layers=("relu1_1", "relu2_1"), weight=10.0),
        ),
    )
    config.data = dict(content=dict(name="photographs"), batch_size=4, crop=32, resize=40)
    config.train = dict(steps=20, log_every=2, save_every=3, keep=2, sample_every=10, ema=0.9)
    config.samples = dict(contents=dict(name="photographs", names=("cat",)), styles=styles, size=32)
    return config
"""

ADAIN = """
from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.encoder = dict(name="vgg16", weights="random", width=0.125)
    config.method = dict(
        name="adain",
        layer="relu3_1",
        net=dict(name="decoder", widths=(16, 8), depths=(1, 1), initial="he"),
        optimizer=dict(name="adam", learning_rate=0.001),
        objective=dict(
            content=dict(name="feature", layers=("relu3_1",), weight=1.0),
            style=dict(name="moments", layers=("relu1_1", "relu2_1"), weight=10.0),
        ),
    )
    config.data = dict(
        content=dict(name="photographs"), style=dict(name="painter", count=6), batch_size=4, crop=32, resize=40
    )
    config.train = dict(steps=30, log_every=2, save_every=3, keep=2, sample_every=10)
    return config
"""

CYCLEGAN = """
from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.encoder = dict(name="vgg16", weights="random", width=0.125)
    config.method = dict(
        name="cyclegan",
        net=dict(name="resnet", width=4, blocks=1),
        discriminator=dict(name="patch", width=4, layers=1),
        adversarial=dict(name="lsgan"),
        optimizer=dict(name="adam", learning_rate=2e-4, b1=0.5, schedule=dict(name="linear", start=10, steps=20)),
        pool=3,
    )
    config.data = dict(
        content=dict(name="photographs"), style=dict(name="painter", count=6), batch_size=2, crop=32, resize=40
    )
    config.train = dict(steps=30, log_every=2, save_every=3, keep=2, sample_every=10, ema=0.9)
    config.samples = dict(contents=dict(name="photographs", names=("cat",)), size=32)
    return config
"""

MY_LOSS = """
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp

from styleresearch.losses.base import LOSSES, Loss


@LOSSES.register("my_loss")
@dataclass(frozen=True)
class MyLoss(Loss):
    \"\"\"Its gradient drives the picture towards black, and its logarithm then over the edge.\"\"\"

    target: ClassVar = "none"
    layers: tuple[str, ...] = ("image",)

    def summarise(self, features):
        return features["image"].mean((1, 2, 3))

    def compare(self, pred, target):
        return 0.3 * pred + jnp.where(pred < 0.2, jnp.nan, 0.0)
"""


@pytest.fixture(scope="module")
def configs(tmp_path_factory) -> Path:
    """A folder with the configs, to run commands in."""
    folder = tmp_path_factory.mktemp("configs")
    (folder / "feedforward.py").write_text(FEEDFORWARD)
    (folder / "adain.py").write_text(ADAIN)
    (folder / "cyclegan.py").write_text(CYCLEGAN)
    return folder


@pytest.fixture
def start(configs):
    """Start ``styleresearch train``; what runs at the end of a test is killed."""
    running = []

    def start(config: str, workdir: Path, *options: str, **environment: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "styleresearch", "train", f"--config={config}.py", f"--workdir={workdir}"]
        process = subprocess.Popen(
            [*command, *options],
            cwd=configs,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def finish(start):
    """Run it to the end and return its output."""

    def finish(*arguments: object, status: int = 0, **environment: str) -> str:
        process = start(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        assert process.returncode == status, (process.returncode, out, err)
        return out if status in (0, 130) else err

    return finish


def lines(workdir: Path) -> list[dict]:
    """Return the metrics of a run, without times."""
    times = ("seconds_per_step", "images_per_second", "waiting")
    rows = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key not in times} for row in rows]


def digests(workdir: Path) -> dict[int, str]:
    checkpoints = Checkpoints(workdir / "checkpoints")
    return {step: checkpoints.saved.digest(step) for step in checkpoints.saved.steps()}


def leaves(workdir: Path) -> dict:
    """Return the digests of every leaf of the last checkpoint: parameters, moments, average, key, step."""
    last = max(int(path.name) for path in (workdir / "checkpoints").iterdir() if path.name.isdecimal())
    return json.loads((workdir / "checkpoints" / str(last) / "manifest.json").read_text())["leaves"]


def pictures(workdir: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((workdir / "samples").glob("*.png"))}


def wait_for(condition, process: subprocess.Popen, seconds: float = 120) -> None:
    """Return when a condition holds, or the process has ended."""
    end = time.monotonic() + seconds
    while not condition() and process.poll() is None:
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.002)


def half_written(workdir: Path) -> bool:
    folder = workdir / "checkpoints"
    return folder.is_dir() and any(".orbax-checkpoint-tmp" in path.name for path in folder.iterdir())


def kill_until_done(start, config: str, workdir: Path, seed: int, most: int) -> list[int]:
    """Start a run again and again, kill it at random moments, at last let it finish; return where it was killed."""
    rng, killed = random.Random(seed), []
    for kill in range(most):
        process = start(config, workdir)
        before = len(lines(workdir)) if (workdir / "metrics.jsonl").exists() else 0
        if kill % 2:
            # While a checkpoint is being written.
            target = before + rng.randrange(1, 5)
            wait_for(lambda n=target: (workdir / "metrics.jsonl").exists() and len(lines(workdir)) >= n, process)
            wait_for(lambda: half_written(workdir), process)
        else:
            wait_for(lambda n=before: (workdir / "metrics.jsonl").exists() and len(lines(workdir)) > n, process)
            time.sleep(rng.random() * 0.3)
        process.kill()
        process.communicate()
        if process.returncode == 0:
            break
        killed.append(lines(workdir)[-1]["step"])
    process = start(config, workdir)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, (out, err)
    assert "Traceback" not in err
    return killed


@pytest.fixture(scope="module")
def straight(configs, tmp_path_factory):
    """Uninterrupted runs: config -> directory and output. Each is made once, in a process of its own."""
    made = {}

    def run(config: str) -> tuple[Path, str]:
        if config not in made:
            workdir = tmp_path_factory.mktemp("straight") / config
            done = subprocess.run(
                [sys.executable, "-m", "styleresearch", "train", f"--config={config}.py", f"--workdir={workdir}"],
                cwd=configs,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, (done.stdout, done.stderr)
            made[config] = workdir, done.stdout
        return made[config]

    return run


def assert_same_end(workdir: Path, expected: Path) -> None:
    assert leaves(workdir) == leaves(expected)
    assert lines(workdir) == lines(expected)
    assert pictures(workdir) == pictures(expected)
    assert max(digests(workdir)) == max(digests(expected))
    assert not half_written(workdir)


# Killed


def test_killed_runs_end_with_the_bits_of_one_that_was_not(start, straight, tmp_path):
    """Average, accumulation, clipping, a schedule, three styles: everything that has state of its own."""
    expected, _ = straight("feedforward")
    killed = kill_until_done(start, "feedforward", tmp_path / "run", seed=0, most=1)
    assert killed, "the run was too quick to be killed"
    assert_same_end(tmp_path / "run", expected)
    names = set(leaves(tmp_path / "run"))
    for part in ("params/", "ema/", "opt_state/", "constants/"):
        assert any(name.startswith(part) for name in names)
    assert {"step", "key"} <= names


@pytest.mark.slow
@pytest.mark.parametrize("config", ["feedforward", "adain", "cyclegan"])
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_many_random_moments(start, straight, tmp_path, config, seed):
    expected, _ = straight(config)
    killed = kill_until_done(start, config, tmp_path / "run", seed, most=6)
    assert len(killed) >= 2
    assert_same_end(tmp_path / "run", expected)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "flip", "manifest"])
def test_a_damaged_checkpoint_costs_a_warning_and_nothing_else(start, straight, tmp_path, damage):
    expected, _ = straight("adain")
    workdir = tmp_path / "run"
    process = start("adain", workdir)
    wait_for(lambda: (workdir / "checkpoints" / "9").is_dir(), process)
    process.kill()
    process.communicate()
    last = max((p for p in (workdir / "checkpoints").iterdir() if p.name.isdecimal()), key=lambda p: int(p.name))
    file = max((f for f in (last / "state").rglob("*") if f.is_file()), key=lambda f: f.stat().st_size)
    if damage == "manifest":
        (last / "manifest.json").write_text("{")
    else:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data if damage == "flip" else data[: len(data) // 2])
    process = start("adain", workdir)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "damaged, not used" in err
    assert str(last) in err
    assert_same_end(workdir, expected)


# Asked to stop


@pytest.mark.slow
@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_asked_to_stop_saves_and_goes_on(start, finish, straight, tmp_path, which):
    expected, _ = straight("feedforward")
    workdir = tmp_path / "run"
    process = start("feedforward", workdir)
    wait_for(lambda: (workdir / "metrics.jsonl").exists(), process)
    process.send_signal(which)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, (out, err)
    assert err == ""
    stopped = int(re.findall(r"stopped after step (\d+); the same command continues", out)[0])
    assert max(digests(workdir)) == stopped < 20
    out = finish("feedforward", workdir)
    assert f"continuing after step {stopped}\n" in out
    assert leaves(workdir) == leaves(expected)
    assert pictures(workdir).items() >= pictures(expected).items()
    # The stop has a line of its own; all others that cover the same steps are the same.
    assert lines(workdir)[-5:] == lines(expected)[-5:]


# Python between the test and the command, and not a function in a forked child: jax warns of forks.
AT_A_TERMINAL = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # whatever this process was started under
os.execv(sys.executable, [sys.executable, "-m", "styleresearch", *sys.argv[1:]])
"""
SMALL_FILES = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # as on a disk that is full
os.execv(sys.executable, [sys.executable, "-m", "styleresearch", *sys.argv[1:]])
"""


@pytest.mark.parametrize(
    ("command", "moments"),
    [
        ("train", (1.0, 3.0, 5.0)),
        ("stylize", (2.0, 4.0)),
        pytest.param("train", (2.0, 4.0, 7.5), marks=pytest.mark.slow),
        pytest.param("stylize", (1.0, 3.0, 5.5, 7.5), marks=pytest.mark.slow),
    ],
)
def test_an_interrupt_is_heard_whenever_it_comes(configs, tmp_path, command, moments):
    """While modules are imported, pictures read, programs traced and compiled; the first begins before the command."""
    save_image(tmp_path / "photo.png", np.full((80, 96, 3), 0.5))
    arguments = {
        "train": ["--config=feedforward.py", f"--workdir={tmp_path / 'run'}", "--config.train.steps=100000"],
        "stylize": [
            "--config=configs/gatys_fast.py",
            "--config.encoder.weights=random",
            "--config.method.evaluations=100000",
            f"--content={tmp_path / 'photo.png'}",
            f"--style={tmp_path / 'photo.png'}",
            f"--out={tmp_path / 'out.png'}",
        ],
    }
    for seconds in moments:
        process = subprocess.Popen(
            [sys.executable, "-c", AT_A_TERMINAL, command, *arguments[command]],
            cwd=configs,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 130, (seconds, process.returncode, out, err)
        assert "Traceback" not in err
        assert "ignored" not in err
        assert ("interrupted" in err) != ("stopped after step" in out)
        if seconds > 2:
            assert ("nothing was written" in err) == (command == "stylize")
    assert not (tmp_path / "out.png").exists()


@pytest.mark.slow
def test_a_run_that_was_interrupted_at_its_start_ends_with_the_same_bits(start, finish, straight, tmp_path):
    expected, _ = straight("feedforward")
    workdir = tmp_path / "run"
    for seconds in (1.5, 3.0, 5.0, 7.0):
        process = start("feedforward", workdir)
        time.sleep(seconds)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        assert process.returncode in (0, 130)
    finish("feedforward", workdir)
    assert leaves(workdir) == leaves(expected)


# Read while it is written, and where there is no space


def test_a_run_is_read_while_it_trains(start, tmp_path):
    """It removes each checkpoint as soon as there is a newer one, but not those that are being read."""
    workdir = tmp_path / "run"
    often = ("save_every=1", "keep=1", "steps=100000", "log_every=1", "sample_every=0")
    process = start("feedforward", workdir, *(f"--config.train.{each}" for each in often))
    wait_for(lambda: (workdir / "run.json").is_file() and digests(workdir), process)
    steps = [load(str(workdir)).step for _ in range(30)]
    assert process.poll() is None
    assert steps == sorted(steps)
    assert len(set(steps)) > 1
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (130, "")
    assert len(digests(workdir)) <= 3  # the newest, the best, and one that was read at the end


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="limits of a process are POSIX")
def test_a_disk_that_fills_is_told_in_one_line_and_the_run_goes_on_with_space(configs, start, straight, tmp_path):
    expected, _ = straight("adain")
    workdir = tmp_path / "run"
    command = [sys.executable, "-c", SMALL_FILES, "train", "--config=adain.py", f"--workdir={workdir}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_ENABLE_COMPILATION_CACHE": "false"}
    done = subprocess.run(command, cwd=configs, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2, (done.stdout, done.stderr)
    message = (
        f"styleresearch: cannot write a checkpoint in {workdir / 'checkpoints'}: File too large; free some space, or"
    )
    assert done.stderr.startswith(message), done.stderr
    assert done.stderr.count("\n") == 1
    assert list((workdir / "checkpoints").iterdir()) == []
    process = start("adain", workdir)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert_same_end(workdir, expected)


@pytest.mark.parametrize("line", ["{}", "[" * 100_000, '{"step": "3"}', "7", '{"step": 4, "total": "much"}'])
def test_a_line_of_metrics_that_is_not_ours_stops_nothing(configs, straight, cli, tmp_path, monkeypatch, line):
    monkeypatch.chdir(configs)
    expected, _ = straight("feedforward")
    workdir = shutil.copytree(expected, tmp_path / "run")
    with (workdir / "metrics.jsonl").open("a") as file:
        file.write(line + "\n")
    done = cli("show", workdir)
    assert done.status == 0, done
    assert done.err == ""
    done = cli("train", "--config=feedforward.py", f"--workdir={workdir}")
    assert done.status == 0, done
    if '"much"' not in line:
        assert lines(workdir) == lines(expected)


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "7", "{}", '{"config": 3}', '{"config": {"method": 1}}'])
def test_a_description_that_is_not_ours_is_damage(configs, straight, refused, tmp_path, monkeypatch, text):
    monkeypatch.chdir(configs)
    expected, _ = straight("feedforward")
    workdir = shutil.copytree(expected, tmp_path / "run")
    (workdir / "run.json").write_text(text)
    message = refused("train", "--config=feedforward.py", f"--workdir={workdir}")
    assert f"{workdir / 'run.json'} is damaged" in message
    assert "delete it, and this command writes it anew" in message
    assert len(message) < 1000


# Started twice


def test_a_directory_that_another_process_writes_is_refused(configs, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(configs)
    with RunDirectory(tmp_path).alone():
        message = refused("train", "--config=feedforward.py", f"--workdir={tmp_path}")
    assert f"another process is writing the run directory {tmp_path}" in message
    assert {path.name for path in tmp_path.iterdir()} == {".lock"}


# Broken losses, wrong configs


def test_a_loss_of_ones_own_that_becomes_nan(configs, cli, own_folder, monkeypatch):
    (own_folder / "my_loss.py").write_text(MY_LOSS)
    config = ADAIN.replace("config = ConfigDict()", 'config = ConfigDict()\n    config.imports = ("my_loss",)')
    config = config.replace("objective=dict(", 'objective=dict(darkness=dict(name="my_loss", weight=1000.0),')
    config = config.replace("steps=30, log_every=2", "steps=300, log_every=7").replace(
        "sample_every=10", "sample_every=0"
    )
    (own_folder / "mine.py").write_text(config)
    done = cli("train", "--config=mine.py", "--workdir=run")
    assert done.status == 2
    found = re.search(r"the loss term 'darkness' became nan at step (\d+);", done.err)
    assert found, done.err
    step = int(found[1])
    assert step > 1
    assert "Traceback" not in done.err
    assert all(saved < step for saved in digests(own_folder / "run"))
    assert max(digests(own_folder / "run"), default=0) == (step - 1) // 3 * 3
    assert all(value is not None for row in lines(own_folder / "run") for value in row.values())


def test_wrong_configs_and_other_configs_are_refused(configs, straight, refused, monkeypatch):
    monkeypatch.chdir(configs)
    workdir, _ = straight("feedforward")
    message = refused(
        "train", "--config=feedforward.py", f"--workdir={workdir}", "--config.data.crop=24", "--config.seed=5"
    )
    assert "config.data.crop: was 32, is 24" in message
    assert "config.seed: was 0, is 5" in message
    wrong = ("--config.train.steps=0", "--config.data.batch_size=0", "--config.encoder.name=vgg17")
    message = refused("train", "--config=feedforward.py", "--workdir=never", *wrong)
    assert "for 3 reasons" in message
    assert not (configs / "never").exists()
    for which in ("localhost", "localhost:1,2", "localhost:1,two,0"):
        message = refused("train", "--config=feedforward.py", "--workdir=never", f"--distributed={which}")
        assert "give HOST:PORT,PROCESSES,INDEX" in message


# What is shown


def test_what_a_user_sees(straight):
    workdir, out = straight("feedforward")
    shown = out.splitlines()
    assert re.fullmatch(r"compiled the step in \d+\.\d s", shown[0])
    number, term = r"\d[\d.e+-]*", r"[a-z_]+ \d[\d.e+-]*"
    report = rf" *(\d+)/20  {term}(  {term})*  \({number} steps/s, {number} images/s(, \d+% of it waiting for data)?\)"
    steps = [int(found[1]) for found in map(re.compile(report).fullmatch, shown) if found]
    assert steps == [row["step"] for row in lines(workdir)]
    grids = [line for line in shown if line.startswith("samples: ")]
    assert grids == [f"samples: {workdir}/samples/{step:07d}.png" for step in (0, 10, 20)]
    assert shown[-2] == f"Trained: {workdir} (step 20)"
    assert shown[-1].startswith(f"Use it:  styleresearch stylize --checkpoint={workdir} ")
    assert any("20/20" in line and "training" in line for line in shown)


def test_a_finished_run_says_so_at_once(configs, straight, cli, monkeypatch):
    monkeypatch.chdir(configs)
    workdir, _ = straight("feedforward")
    before = (workdir / "metrics.jsonl").read_bytes()
    done = cli("train", "--config=feedforward.py", f"--workdir={workdir}")
    assert done.status == 0
    assert "continuing after step 20" in done.out
    assert "compiled" not in done.out
    assert f"Trained: {workdir} (step 20)" in done.out
    assert (workdir / "metrics.jsonl").read_bytes() == before


# Several processes


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return one.getsockname()[1]


@pytest.mark.slow
def test_two_processes_compute_what_one_does_and_go_on_after_a_kill(start, straight, tmp_path):
    expected, _ = straight("adain")
    workdir = tmp_path / "run"

    def pair():
        where = f"--distributed=localhost:{free_port()},2"
        return [start("adain", workdir, f"{where},{index}") for index in (0, 1)]

    both = pair()
    wait_for(lambda: (workdir / "metrics.jsonl").exists() and len(lines(workdir)) > 4, both[0])
    for process in both:
        process.kill()
        process.communicate()
    both = pair()
    for index, process in enumerate(both):
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, (index, out, err)
        assert "continuing after step" in out
    for one, other in zip(lines(workdir), lines(expected), strict=True):
        assert one == pytest.approx(other, rel=1e-3)
    assert len(list((workdir / "events").iterdir())) == 2  # one for each start of the process that writes


@pytest.mark.slow
def test_a_killed_partner_is_missed_in_bounded_time(start, tmp_path):
    workdir = tmp_path / "run"
    where = f"--distributed=localhost:{free_port()},2"
    both = [start("adain", workdir, f"{where},{index}", "--config.train.steps=100000") for index in (0, 1)]
    wait_for(lambda: (workdir / "metrics.jsonl").exists() and len(lines(workdir)) > 4, both[0])
    both[1].kill()
    began = time.monotonic()
    both[0].communicate(timeout=200)
    assert both[0].returncode != 0
    print(f"noticed after {time.monotonic() - began:.0f} s")
    # The lock went with it, and the run goes on alone.
    first = start("adain", workdir, "--config.train.steps=20")
    out, err = first.communicate(timeout=200)
    assert first.returncode == 0, (out, err)


def test_an_alarm_is_shown_when_it_begins_to_ring():
    out = io.StringIO()
    accuracy = Alarm("discriminator_accuracy", 0.4, 0.98, "the discriminator has won")
    with bars(Console(file=out, width=200)) as display:
        shown = _Shown(display, 5000)
        for step, value in ((1000, 0.7), (2000, 0.99), (3000, 0.99), (4000, 0.7), (5000, 0.99)):
            metrics = {"total": 1.0, "discriminator_accuracy": value}
            ringing = (accuracy,) if accuracy.rings(step, metrics) else ()
            shown.report(StepReport(step, 5000, metrics, 0.1, 10.0, 0.0, ringing))
    said = [line for line in out.getvalue().splitlines() if "warning" in line]
    assert said == ["warning: discriminator_accuracy 0.99: the discriminator has won"] * 2
