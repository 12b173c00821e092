"""The training loop on a method of four parameters: bit for bit, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jax
import jax.monitoring
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.methods.base import NonFiniteLossError
from styleresearch.optim.optimizers import Adam
from styleresearch.optim.schedules import SCHEDULES
from styleresearch.store.checkpoints import CheckpointFolder
from styleresearch.training.checkpoint import Checkpoints, CheckpointWarning, digest_of
from styleresearch.training.loop import Settings

ROOT = Path(__file__).resolve().parents[2]
ALL = Adam(0.05, clip_norm=0.5, accumulate=2, schedule=SCHEDULES.build({"name": "inverse_time", "decay": 0.1}))


class Broken(Exception):
    """Stands for a kill."""


def break_at(step):
    """Return an ``on_step`` that ends training before the update of a step."""

    def on_step(now):
        if now == step:
            raise Broken

    return on_step


def whole(state):
    """Return a digest of everything that a state holds."""
    return digest_of(state)


def steps_of(folder):
    return CheckpointFolder(folder / "checkpoints").steps()


@pytest.fixture(scope="module")
def uninterrupted(run, toy, seen, tmp_path_factory):
    """The state and the reports of a run with everything that has state of its own."""
    watcher = seen()
    state = run(tmp_path_factory.mktemp("uninterrupted"), toy(ALL), watcher, ema=0.9)
    return state, watcher


# Resuming


@pytest.mark.parametrize("broken", [0, 3, 5])
def test_a_run_that_broke_off_ends_with_the_same_bits(run, toy, seen, numbers, uninterrupted, tmp_path, broken):
    state, expected = uninterrupted
    watcher = seen()
    with pytest.raises(Broken):
        run(tmp_path, toy(ALL), watcher, numbers(on_step=break_at(broken)), ema=0.9)
    found = run(tmp_path, toy(ALL), watcher, ema=0.9)
    assert watcher.starts == [0, broken // 3 * 3]
    assert whole(found) == whole(state)
    assert watcher.metrics() == expected.metrics()
    assert set(watcher.samples) == set(expected.samples) == {0, 4, 8, 9}
    for step, sample in watcher.samples.items():
        assert digest_of(sample) == digest_of(expected.samples[step])


def test_a_run_that_breaks_off_after_every_step(run, toy, seen, numbers, uninterrupted, tmp_path):
    watcher, starts = seen(), []
    for step in (4, 4, 8):
        with pytest.raises(Broken):
            run(tmp_path, toy(ALL), watcher, numbers(on_step=break_at(step)), ema=0.9)
        starts.append(watcher.starts[-1])
    assert starts == [0, 3, 3]
    assert whole(run(tmp_path, toy(ALL), watcher, ema=0.9)) == whole(uninterrupted[0])
    assert watcher.metrics() == uninterrupted[1].metrics()


def test_a_run_that_broke_off_while_it_sampled_samples_again(run, seen, tmp_path):
    def on_sample(step, state):
        if step == 4:
            raise Broken

    with pytest.raises(Broken):
        run(tmp_path, watcher=seen(on_sample=on_sample), save_every=2)
    watcher = seen()
    run(tmp_path, watcher=watcher, save_every=2)
    assert watcher.starts == [2]
    assert set(watcher.samples) == {4, 8, 9}


def test_every_part_of_the_state_matters(run, toy, uninterrupted, tmp_path):
    """Else the tests above would not see it change."""
    for name, (method, settings) in {
        "plain": (toy(Adam(0.05)), {}),
        "clip": (toy(Adam(0.05, clip_norm=0.5)), {}),
        "ema": (toy(ALL), {"ema": 0.3}),
        "noise": (toy(ALL, noise=0.2), {"ema": 0.9}),
    }.items():
        assert whole(run(tmp_path / name, method, **settings)) != whole(uninterrupted[0])
    assert whole(run(tmp_path / "seed", toy(ALL), ema=0.9, seed=1)) != whole(uninterrupted[0])


def test_a_run_goes_on_with_more_steps(run, toy, seen, uninterrupted, tmp_path):
    first = run(tmp_path, toy(ALL), steps=4, ema=0.9)
    assert int(first.step) == 4
    assert whole(run(tmp_path, toy(ALL), ema=0.9)) == whole(uninterrupted[0])
    # A finished one has nothing to do, and compiles nothing.
    watcher = seen()
    assert whole(run(tmp_path, toy(ALL), watcher, ema=0.9)) == whole(uninterrupted[0])
    assert (watcher.starts, watcher.compilations, watcher.reports, watcher.samples) == ([9], [], [], {})


def test_how_often_things_are_written_changes_no_parameter(run, toy, uninterrupted, tmp_path):
    rarely = run(tmp_path, toy(ALL), ema=0.9, log_every=100, save_every=100, sample_every=0, keep=1)
    assert whole(rarely) == whole(uninterrupted[0])
    assert steps_of(tmp_path) == [9]


def test_a_damaged_checkpoint_is_passed_over(run, toy, seen, uninterrupted, tmp_path):
    watcher = seen()
    run(tmp_path, toy(ALL), watcher, steps=8, ema=0.9)
    assert steps_of(tmp_path)[-2:] == [6, 8]
    for file in (tmp_path / "checkpoints" / "8" / "state").rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.warns(CheckpointWarning, match="damaged, not used"):
        found = run(tmp_path, toy(ALL), watcher, ema=0.9)
    assert watcher.starts == [0, 6]
    assert whole(found) == whole(uninterrupted[0])
    assert watcher.metrics() == uninterrupted[1].metrics()


def test_a_state_that_does_not_fit_is_refused(run, toy, tmp_path):
    run(tmp_path, toy(ALL), steps=3)
    with pytest.raises(InputError, match="does not fit"):
        run(tmp_path, toy(ALL), ema=0.9)


# What is reported


def test_reports_are_means_of_steps(run, toy, seen, tmp_path):
    every, some = seen(), seen()
    run(tmp_path / "every", toy(), every, log_every=1)
    run(tmp_path / "some", toy(), some, log_every=4, save_every=6)
    single = [report.metrics for report in every.reports]
    assert [report.step for report in every.reports] == list(range(1, 10))
    # At every 4 steps, before a checkpoint, before a sample grid, and at the end.
    assert [report.step for report in some.reports] == [4, 6, 8, 9]
    for begin, report in zip((0, 4, 6, 8), some.reports, strict=True):
        assert report.steps == 9
        for name, value in report.metrics.items():
            expected = np.mean([row[name] for row in single[begin : report.step]])
            assert value == pytest.approx(expected, rel=1e-6)


def test_times_are_those_of_training_alone(run, seen, numbers, tmp_path):
    slow = seen(on_sample=lambda step, state: time.sleep(0.5))
    run(tmp_path, watcher=slow, batches=numbers(on_step=lambda step: time.sleep(0.05)), steps=6, log_every=3)
    assert len(slow.compilations) == 1
    assert slow.compilations[0] > 0
    for report in slow.reports:
        assert 0.05 <= report.seconds_per_step < 0.4  # neither sampling nor compiling is part of it
        assert report.images_per_second == pytest.approx(4 / report.seconds_per_step)
        assert 0.5 < report.waiting <= 1


def test_the_best_checkpoint_has_the_lowest_mean_since_the_one_before(run, toy, seen, tmp_path):
    # With steps that overshoot, the loss rises: the first checkpoint is the best.
    watcher = seen()
    run(tmp_path, toy(Adam(3.0), noise=0.0), watcher, steps=12, log_every=1, keep=1)
    totals = [report.metrics["total"] for report in watcher.reports]
    means = {step: np.mean(totals[step - 3 : step]) for step in (3, 6, 9, 12)}
    best = min(means, key=means.__getitem__)
    assert steps_of(tmp_path) == sorted({best, 12})
    assert CheckpointFolder(tmp_path / "checkpoints").best() == best


# What is computed


def test_the_average_is_that_of_an_oracle(run, toy, seen, tmp_path):
    watcher = seen()
    run(tmp_path, toy(), watcher, steps=30, ema=0.7, sample_every=1, save_every=100)
    average = watcher.samples[0].params["color"].astype(np.float64)
    decays = []
    for step in range(30):
        decay = min(0.7, (1 + step) / (10 + step))
        decays.append(decay)
        average = decay * average + (1 - decay) * watcher.samples[step + 1].params["color"]
        np.testing.assert_allclose(watcher.samples[step + 1].ema["color"], average, rtol=1e-5)
    assert decays[0] == 0.1
    assert decays[-1] == 0.7
    assert watcher.samples[0].ema is not None


def test_accumulating_two_batches_is_one_batch_twice_as_large(run, toy, tmp_path):
    """The loss is a mean over the batch, so the mean of two gradients is the gradient over both batches."""

    class Halves:
        """The batches of ``Whole``, each in two steps."""

        def batch(self, step):
            rows = np.random.default_rng(step // 2).integers(0, 256, (4, 4, 4, 3), np.uint8)
            return {"content": rows[:2] if step % 2 == 0 else rows[2:]}

        def iterate(self, start, rows=None):
            return (self.batch(step) for step in range(start, 1000))

    class Whole(Halves):
        def batch(self, step):
            return {"content": np.random.default_rng(step).integers(0, 256, (4, 4, 4, 3), np.uint8)}

    small = run(tmp_path / "small", toy(Adam(0.05, accumulate=2), noise=0.0), batches=Halves(), steps=8)
    large = run(tmp_path / "large", toy(Adam(0.05), noise=0.0), batches=Whole(), steps=4)
    for one, other in zip(jax.tree.leaves(small.params), jax.tree.leaves(large.params), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_batches_arrive_as_images_in_the_unit_range(run, toy, tmp_path):
    arrived = []

    class Curious(toy):
        def step(self, state, encoder, batch):
            arrived.append({name: (each.shape, each.dtype) for name, each in batch.items()})
            new, metrics = super().step(state, encoder, batch)
            return new, metrics | {"first": batch["content"].ravel()[0], "last": batch["content"].max()}

    class Ramp:
        def batch(self, step):
            return {"content": np.arange(256, dtype=np.uint8)[:192].reshape(4, 4, 4, 3) + np.uint8(64)}

        def iterate(self, start, rows=None):
            while True:
                yield self.batch(0)

    metrics = {}

    class Watcher:
        compiled = resumed = lambda self, _: None
        sample = lambda self, step, state: None  # noqa: E731

        def report(self, report):
            metrics.update(report.metrics)

    run(tmp_path, Curious(), Watcher(), Ramp(), steps=1)
    assert arrived == [{"content": ((4, 4, 4, 3), jnp.float32)}]
    assert metrics["first"] == pytest.approx(64 / 255)
    assert metrics["last"] == 1.0


# NaN


@pytest.mark.parametrize(("log_every", "broken"), [(1, 4), (100, 4), (100, 0), (2, 8)])
def test_nan_names_term_and_step_and_leaves_the_last_good_checkpoint(run, toy, seen, tmp_path, log_every, broken):
    watcher = seen()
    with pytest.raises(NonFiniteLossError, match=rf"'fine' became nan at step {broken + 1};") as error:
        run(tmp_path, toy(nan_at=broken), watcher, log_every=log_every)
    assert "distance" not in str(error.value)
    assert "total" not in str(error.value)
    good = [step for step in (3, 6) if step <= broken]
    assert (f"checkpoint {good[-1]} is good" if good else "there is no checkpoint yet") in str(error.value)
    assert steps_of(tmp_path) == good
    assert all(report.step <= broken for report in watcher.reports)
    assert all(np.isfinite(value) for report in watcher.reports for value in report.metrics.values())
    if good:
        found = Checkpoints(tmp_path / "checkpoints").restore()
        assert found is not None
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found[1]["params"]))


@pytest.mark.parametrize("broken", [1, 2, 8])
def test_infinite_parameters_under_a_finite_loss_are_never_saved(run, toy, seen, tmp_path, broken):
    """The update that breaks them is the last before a checkpoint, or one whose loss nobody has looked at yet."""
    watcher = seen()
    with pytest.raises(NonFiniteLossError, match="became") as error:
        run(tmp_path, toy(explode_at=broken), watcher, log_every=100, sample_every=0)
    good = [step for step in (3, 6) if step <= broken]
    assert steps_of(tmp_path) == good
    assert (f"checkpoint {good[-1]} is good" if good else "there is no checkpoint yet") in str(error.value)
    if broken in (2, 8):
        assert f"a parameter became NaN or infinite by step {broken + 1}" in str(error.value)
    assert not any(step > broken for step in watcher.samples)


def test_gradient_norm_and_total_are_blamed_only_alone(run, toy, tmp_path):
    class Steep(toy):
        def step(self, state, encoder, batch):
            new, metrics = super().step(state, encoder, batch)
            return new, metrics | {"gradient_norm": jnp.where(state.step == 2, jnp.inf, 1.0)}

    with pytest.raises(NonFiniteLossError, match="'gradient_norm' became inf at step 3"):
        run(tmp_path, Steep())


# Being asked to stop


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_with_a_checkpoint_and_the_run_goes_on_from_it(run, toy, numbers, uninterrupted, tmp_path, which):
    before = signal.getsignal(which)

    def on_step(step):
        if step == 4:
            os.kill(os.getpid(), which)

    state = run(tmp_path, toy(ALL), batches=numbers(on_step=on_step), ema=0.9)
    assert int(state.step) == 5
    assert steps_of(tmp_path) == [3, 5]
    assert signal.getsignal(which) is before
    assert whole(run(tmp_path, toy(ALL), ema=0.9)) == whole(uninterrupted[0])


def test_a_second_signal_is_obeyed_at_once(run, numbers, tmp_path):
    def on_step(step):
        if step == 4:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)  # or the second may arrive before the first was taken, and both count as one
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)

    # A process that a script started in the background ignores SIGINT; at a terminal it has Python's own handler.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, batches=numbers(on_step=on_step))
        assert steps_of(tmp_path) == [3]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_can_train(run, tmp_path):
    found = []
    thread = threading.Thread(target=lambda: found.append(run(tmp_path, steps=2)))
    thread.start()
    thread.join()
    assert int(found[0].step) == 2


# What the machine does


def test_nothing_is_compiled_after_the_second_step(run, toy, numbers, seen, tmp_path):
    """Over a whole run with reports, sample grids and checkpoints: jax counts its compilations itself."""
    now, compiled = [-1], []

    def listen(event, seconds, **_):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(now[0])

    def on_step(step):
        now[0] = step

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        jitted = jax.jit(lambda params, picture: picture * params["color"])
        watcher = seen(on_sample=lambda step, state: np.asarray(jitted(state.params, np.ones(3, np.float32))))
        given = {"steps": 24, "log_every": 3, "save_every": 5, "sample_every": 4, "ema": 0.9}
        run(tmp_path, toy(ALL), watcher, numbers(on_step=on_step), **given)
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    assert compiled.count(-1) >= 2  # the listener does listen
    assert [step for step in compiled if step >= 2] == []
    assert len(watcher.samples) == 7


def test_states_are_donated(run, toy, seen, tmp_path):
    watcher = seen(on_sample=lambda step, state: state)
    last = run(tmp_path, toy(ALL), watcher, steps=4, sample_every=1, ema=0.9)
    for step in range(4):
        old = watcher.samples[step]
        assert all(leaf.is_deleted() for leaf in jax.tree.leaves((old.params, old.opt_state, old.ema)))
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(last))


def test_nothing_but_the_batch_travels_to_the_device(run, toy, tmp_path):
    # The guard works where there is something to guard.
    disallowed = pytest.raises(RuntimeError, match="Disallowed host-to-device transfer")
    with jax.transfer_guard_host_to_device("disallow"), disallowed:
        jax.jit(lambda x: x + 1)(np.ones(3))
    step_only = []

    class Watcher:
        compiled = resumed = report = lambda self, _: None

        def sample(self, step, state):
            # From the first step on: what comes before is init.
            step_only.append(step)
            jax.config.update("jax_transfer_guard_host_to_device", "disallow")

    try:
        run(tmp_path, toy(ALL), Watcher(), ema=0.9)
    finally:
        jax.config.update("jax_transfer_guard_host_to_device", "allow")
    assert step_only == [0, 4, 8, 9]


def test_the_loop_stays_one_step_ahead_of_the_device(run, numbers, tmp_path, monkeypatch):
    """Batches wait in its memory otherwise, and a request to stop waits for them.

    A CPU may run steps at once, so what counts is what the loop waits for.
    """
    waited, before = [], jax.block_until_ready

    def block(metrics):
        waited.append(float(metrics["total"]))
        return before(metrics)

    monkeypatch.setattr(jax, "block_until_ready", block)
    behind = []
    batches = numbers(on_step=lambda step: behind.append(step - len(waited)))
    run(tmp_path, batches=batches, log_every=100, save_every=100, sample_every=0)
    assert behind == [0, 1, 1, 1, 1, 1, 1, 1, 1]
    assert len(set(waited)) == 8


def test_a_batch_that_the_devices_cannot_share_is_refused_and_eight_devices_compute_what_one_does(
    run, toy, seen, numbers, tmp_path
):
    """Both in one process, because starting it takes longest."""
    script = tmp_path / "eight.py"
    script.write_text(
        "import importlib.util, json, sys\n"
        "spec = importlib.util.spec_from_file_location('toys', sys.argv[1])\n"
        "toys = importlib.util.module_from_spec(spec)\n"
        "sys.modules['toys'] = toys; spec.loader.exec_module(toys)\n"
        "import jax\n"
        "from pathlib import Path\n"
        "from styleresearch.encoder.encoder import vgg16\n"
        "from styleresearch.errors import InputError\n"
        "from styleresearch.training.checkpoint import Checkpoints\n"
        "from styleresearch.training.loop import Settings, train\n"
        "assert jax.device_count() == 8\n"
        "seen, encoder = toys.Seen(), vgg16(weights='random', width=0.125)\n"
        "settings = Settings(6, log_every=1, save_every=3, sample_every=3, ema=0.9)\n"
        "def go(size, watcher):\n"
        "    with Checkpoints(Path(sys.argv[2])) as checkpoints:\n"
        "        return train(toys.Toy(), encoder, toys.Numbers(size), settings, checkpoints, watcher,"
        " key=jax.random.key(0))\n"
        "try:\n"
        "    go(12, toys.Seen())\n"
        "except InputError as error:\n"
        "    refused = str(error)\n"
        "state = go(16, seen)\n"
        "assert all(leaf.sharding.is_fully_replicated for leaf in jax.tree.leaves(state))\n"
        "print(json.dumps([refused, seen.metrics(), state.ema['color'].tolist()]))\n"
    )
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XLA_FLAGS": flags}
    command = [sys.executable, str(script), str(Path(__file__).with_name("conftest.py")), str(tmp_path / "eight")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    refused, metrics, ema = json.loads(done.stdout)
    assert "a batch of 12 cannot be divided among 8 devices" in refused
    assert "multiple of 8" in refused
    alone = seen()
    state = run(tmp_path / "one", toy(), alone, numbers(16), steps=6, log_every=1, ema=0.9)
    assert [step for step, _ in metrics] == [step for step, _ in alone.metrics()]
    for (_, one), (_, other) in zip(metrics, alone.metrics(), strict=True):
        assert one == pytest.approx(other, rel=1e-5)
    np.testing.assert_allclose(ema, state.ema["color"], rtol=1e-5)
    # What eight devices saved, one goes on with.
    found = Checkpoints(tmp_path / "eight").restore(state)
    assert found is not None
    np.testing.assert_allclose(found[1].params["color"], state.params["color"], rtol=1e-5)


# Settings


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps = 0 is not from 1"),
        ({"log_every": 0}, "log_every = 0 is not from 1"),
        ({"save_every": -1}, "save_every = -1 is not from 1"),
        ({"keep": 0}, "keep = 0 is not from 1"),
        ({"sample_every": -1}, "sample_every = -1 is not from 0"),
        ({"ema": 1.0}, "ema = 1.0 is not at least 0 and below 1"),
        ({"ema": -0.1}, "ema = -0.1 is not at least 0"),
    ],
)
def test_settings_that_cannot_work_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Settings(**{"steps": 1, **options})
