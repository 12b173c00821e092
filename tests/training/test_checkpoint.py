"""Checkpoints: bit for bit what was saved, whatever is done to the process or to the files."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import struct
from jax.sharding import NamedSharding, PartitionSpec, SingleDeviceSharding

from styleresearch.errors import InputError
from styleresearch.store.checkpoints import CheckpointFolder
from styleresearch.training.checkpoint import Checkpoints, CheckpointWarning, digest_of

ROOT = Path(__file__).resolve().parents[2]


@struct.dataclass
class State:
    step: Any
    key: Any
    params: Any
    opt_state: Any
    ema: Any
    constants: Any


def bits(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> jax.Array:
    """Return an array of arbitrary bytes: NaNs with payloads, infinities, negative zeros, subnormals."""
    dtype = jnp.dtype(dtype)
    data = np.random.default_rng(seed).integers(0, 256, (*shape, dtype.itemsize), np.uint8)
    return jnp.asarray(data.view(dtype)[..., 0])


def state_of(step: int, width: int = 5) -> State:
    """Return a state as a method's: every kind of leaf that occurs, different at every step."""
    params = {
        "conv": {"kernel": bits((3, 3, width, 4), jnp.float32, step), "bias": bits((4,), jnp.bfloat16, step)},
        "norm": {},
    }
    transform = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3), optax.identity())
    return State(
        step=jnp.int32(step),
        key=jax.random.key(step),
        params=params,
        opt_state=transform.init(params),
        ema=None,
        constants={"picture": bits((2, 3), jnp.uint8, step), "nothing": jnp.zeros((0, 3)), "pair": ((), [])},
    )


def raw(leaf: Any) -> tuple[str, tuple[int, ...], bytes]:
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return str(leaf.dtype), leaf.shape, np.asarray(jax.random.key_data(leaf)).tobytes()
    return str(leaf.dtype), leaf.shape, np.asarray(leaf).tobytes()


def assert_same(found: Any, expected: Any) -> None:
    """Compare without the code under test: structure, types, shapes and bytes."""
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert raw(one) == raw(other)


def contents(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for path in [folder, *folder.rglob("*")]
    }


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with checkpoints of the steps 1 and 2; copy it before changing it."""
    folder = tmp_path_factory.mktemp("two") / "checkpoints"
    with Checkpoints(folder) as checkpoints:
        for step in (1, 2):
            checkpoints.save(step, state_of(step), {"total": float(step)})
    return folder


@pytest.fixture
def copy(two: Path, tmp_path: Path) -> Path:
    return shutil.copytree(two, tmp_path / "checkpoints")


# What comes back


@pytest.mark.parametrize("abstract", [False, True], ids=["arrays", "shapes"])
def test_a_state_comes_back_bit_for_bit(two, abstract):
    like = jax.eval_shape(lambda: state_of(0)) if abstract else state_of(0)
    found = Checkpoints(two).restore(like)
    assert found is not None
    assert found[0] == 2
    assert_same(found[1], state_of(2))
    assert isinstance(found[1], State)
    assert jnp.issubdtype(found[1].key.dtype, jax.dtypes.prng_key)
    # The key draws what the original draws.
    assert jnp.array_equal(jax.random.bits(found[1].key, (4,)), jax.random.bits(jax.random.key(2), (4,)))


TYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "float16", "bfloat16", "float32", "complex64"]


@pytest.mark.parametrize("dtype", [*TYPES, "int4", "float8_e4m3fn"])
def test_every_type_comes_back(tmp_path, dtype):
    array = jnp.arange(6).reshape(2, 3).astype(dtype) if dtype in ("bool", "int4") else bits((2, 3), dtype)
    state = {"array": array, "scalar": array[1, 2], "one": array[:1, :1]}
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(7, state, {})
        found = checkpoints.restore(state)
    assert found is not None
    assert_same(found[1], state)


@pytest.mark.parametrize("implementation", ["threefry2x32", "rbg"])
def test_keys_come_back_typed(tmp_path, implementation):
    state = {"many": jax.random.split(jax.random.key(3, impl=implementation), 4)}
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(0, state, {})
        found = checkpoints.restore(state)
    assert found is not None
    assert_same(found[1], state)


def test_without_a_state_to_fill_it_comes_back_as_nested_dicts_of_numpy(two):
    found = Checkpoints(two).restore()
    assert found is not None
    step, tree = found
    state = state_of(2)
    assert step == 2
    assert set(tree) == {"step", "key", "params", "opt_state", "ema", "constants"}
    assert all(type(leaf) is np.ndarray for leaf in jax.tree.leaves(tree))
    assert_same(tree["params"], state.params)
    assert tree["ema"] is None
    assert tree["constants"]["pair"] == {}
    assert tree["opt_state"]["0"] == tree["opt_state"]["2"] == {}
    assert raw(tree["opt_state"]["1"]["0"]["mu"]["conv"]["bias"]) == raw(state.opt_state[1][0].mu["conv"]["bias"])
    assert tree["key"].tobytes() == np.asarray(jax.random.key_data(state.key)).tobytes()


def test_names_may_hold_what_separates_names(tmp_path):
    state = {"relu1/1": {"a.b": jnp.ones(2)}, "relu1": {"1": jnp.zeros(3), "a%2Fb": jnp.ones(1)}}
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(0, state, {})
        for like in (state, None):
            found = checkpoints.restore(like)
            assert found is not None
            assert_same(found[1], state)


def test_restoring_keeps_what_jax_knows_of_the_place(two):
    """An array that was not committed to a device stays so: committing it would compile the step anew."""
    device = jax.devices()[0]
    like = state_of(0).replace(step=jax.device_put(jnp.int32(0), device))
    found = Checkpoints(two).restore(like)
    assert found is not None
    for leaf, given in zip(jax.tree.leaves(found[1]), jax.tree.leaves(like), strict=True):
        assert leaf.committed == given.committed
        assert leaf.sharding == SingleDeviceSharding(device)


def test_a_step_is_not_compiled_anew_after_restoring(tmp_path):
    compiled = 0

    @jax.jit
    def step(state: State) -> State:
        nonlocal compiled
        compiled += 1
        return state.replace(step=state.step + 1, key=jax.random.fold_in(state.key, state.step))

    state = step(step(state_of(0)))
    before = (compiled, step._cache_size())
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(2, state, {})
        found = checkpoints.restore(state)
    assert found is not None
    assert_same(step(found[1]), step(state))
    assert (compiled, step._cache_size()) == before


def test_no_checkpoint_is_none(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        checkpoints = Checkpoints(folder)
        assert checkpoints.restore() is None
        assert checkpoints.saved.steps() == []
        assert checkpoints.saved.best() is None
        with pytest.raises(InputError, match=r"no checkpoint of step 3 .* there are none"):
            checkpoints.saved.digest(3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: state_of(0, width=6), r"float32\(3, 3, 5, 4\) for params/conv/kernel.* float32\(3, 3, 6, 4\)"),
        (lambda s: s.replace(step=s.step.astype(jnp.uint32)), r"int32\(\) for step.* uint32\(\)"),
        (lambda s: s.replace(ema={"conv": s.params["conv"]}), r"nothing for ema/conv/bias.* bfloat16\(4,\)"),
        (lambda s: s.replace(params={"conv": {"kernel": s.params["conv"]["kernel"]}}), r"params/conv/bias.* nothing"),
        (lambda s: s.replace(opt_state=optax.sgd(0.1).init(s.params)), r"opt_state/1/0/count.* nothing"),
        (lambda s: s.replace(key=jax.random.key(0, impl="rbg")), r"key<fry>\(\) for key.* key<rbg>\(\)"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_by_the_name_of_the_leaf(copy, change, message):
    before = contents(copy)
    with pytest.raises(InputError, match=message):
        Checkpoints(copy).restore(change(state_of(0)))
    assert contents(copy) == before


# Digests


def test_the_digest_is_that_of_the_params(two):
    checkpoints = Checkpoints(two)
    found = checkpoints.restore()
    assert found is not None
    assert checkpoints.saved.digest(2) == digest_of(state_of(2).params) == digest_of(found[1]["params"])
    assert checkpoints.saved.digest(1) == digest_of(state_of(1).params) != checkpoints.saved.digest(2)


def test_the_digest_knows_names_types_shapes_and_values_but_no_order():
    tree = {"a": jnp.zeros((2, 3)), "b": jnp.ones(2)}
    others = [
        {"a": jnp.zeros((2, 3)), "c": jnp.ones(2)},
        {"a": jnp.zeros((3, 2)), "b": jnp.ones(2)},
        {"a": jnp.zeros((2, 3), jnp.int32), "b": jnp.ones(2)},
        {"a": -jnp.zeros((2, 3)), "b": jnp.ones(2)},
        {"a": jnp.zeros((2, 3))},
    ]
    assert len({digest_of(one) for one in (tree, *others)}) == 6
    assert digest_of(dict(reversed(tree.items()))) == digest_of(tree)


# What is kept


def save_all(folder: Path, totals: list[float], **options: Any) -> Checkpoints:
    with Checkpoints(folder, **options) as checkpoints:
        for step, total in enumerate(totals):
            checkpoints.save(step, {"step": np.int32(step)}, {"total": total})
    return checkpoints


@pytest.mark.parametrize(
    ("totals", "options", "kept", "best"),
    [
        ([5.0, 1.0, 4.0, 3.0, 2.0], {"keep": 2}, [1, 3, 4], 1),
        ([5.0, 1.0, 4.0, 3.0, 2.0], {"keep": 2, "keep_best": False}, [3, 4], 4),
        ([5.0, 4.0, 3.0, 2.0], {"keep": 1}, [3], 3),
        ([float("nan"), 3.0, float("nan"), float("-inf")], {"keep": 1}, [1, 3], 1),
        ([1.0, 1.0, 1.0], {"keep": 1}, [2], 2),
        ([float("nan")] * 3, {"keep": 2}, [1, 2], None),
    ],
)
def test_the_newest_and_the_best_are_kept(tmp_path, totals, options, kept, best):
    checkpoints = save_all(tmp_path, totals, **options)
    assert checkpoints.saved.steps() == kept
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(step) for step in kept]
    assert checkpoints.saved.best() == best
    # Another process knows the best of those before it.
    assert CheckpointFolder(tmp_path).best() == best


def test_keeping_none_is_refused(tmp_path):
    with pytest.raises(InputError, match="keep=0"):
        Checkpoints(tmp_path, keep=0)


def test_a_step_is_saved_once(tmp_path):
    checkpoints = save_all(tmp_path, [2.0, 1.0])
    before = contents(tmp_path)
    checkpoints.save(1, {"step": np.int32(1)}, {"total": 1.0})
    assert contents(tmp_path) == before
    # A run that began anew in the folder of another must not replace its checkpoints one by one.
    for step in (1, 0):
        with pytest.raises(InputError, match="already holds step 1"):
            checkpoints.save(step, {"step": np.int32(7)}, {"total": 0.0})
    assert contents(tmp_path) == before


# While it is being written


def test_the_buffers_may_be_donated_as_soon_as_save_returns(tmp_path):
    overwrite = jax.jit(lambda tree: jax.tree.map(lambda leaf: leaf * 0 - 1, tree), donate_argnums=0)
    with Checkpoints(tmp_path, keep=10) as checkpoints:
        for step in range(5):
            state = {"params": jnp.full((256, 1024), float(step)), "count": jnp.int32(step)}
            checkpoints.save(step, state, {})
            state = overwrite(state)
            state = overwrite(state)
    for step in range(5):
        only = shutil.copytree(tmp_path / str(step), tmp_path / "only" / str(step)).parent
        found = Checkpoints(only).restore()
        assert found is not None
        assert found[0] == step
        assert np.all(found[1]["params"] == step)
        assert found[1]["count"] == step
        shutil.rmtree(only)


def test_numpy_arrays_may_be_overwritten_as_soon_as_save_returns(tmp_path):
    array = np.zeros((512, 512), np.float32)
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(0, {"array": array}, {})
        array += 1
        found = checkpoints.restore()
    assert found is not None
    assert not found[1]["array"].any()


def test_what_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    checkpoints = Checkpoints(tmp_path / "file" / "checkpoints")
    with pytest.raises(InputError, match=r"cannot write a checkpoint in .*file"):
        checkpoints.save(0, {"a": np.ones(2)}, {})


def test_what_goes_wrong_in_the_background_is_told_by_the_next_call(tmp_path, monkeypatch):
    def disk_full(*_arguments, **_keywords):
        raise OSError(28, "No space left on device")

    checkpoints = save_all(tmp_path, [1.0])
    monkeypatch.setattr(Path, "write_text", disk_full)
    checkpoints.save(1, {"step": np.int32(1)}, {"total": 0.0})
    with pytest.raises(InputError, match=r"cannot write a checkpoint .*No space left"):
        checkpoints.wait()
    assert checkpoints.saved.steps() == [0]
    checkpoints.close()


def test_nothing_is_said(tmp_path):
    script = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from styleresearch.training.checkpoint import Checkpoints\n"
        "with Checkpoints(Path(sys.argv[1]), keep=1) as checkpoints:\n"
        "    for step in range(3): checkpoints.save(step, {'a': np.ones(3)}, {})\n"
        "    assert checkpoints.restore()[0] == 2\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# Killed

# One process imports jax, which takes seconds, and forks those that are killed, which takes milliseconds.
NURSERY = """
import os, sys
from pathlib import Path
import numpy as np
from styleresearch.training.checkpoint import Checkpoints

def state(step):
    random = np.random.default_rng(step)
    return {"step": np.int32(step), "params": {str(n): random.normal(size=(40, 50)) for n in range(6)}}

def save_for_ever(folder):
    checkpoints = Checkpoints(folder, keep=2)
    found = checkpoints.restore()
    step = found[0] if found else 0
    while True:
        step += 1
        checkpoints.save(step, state(step), {"total": float(-step % 7)})
        os.write(1, b"begun %d\\n" % step)  # at once: both processes write to this pipe

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        save_for_ever(Path(sys.argv[1]))
    os.write(1, b"child %d\\n" % child)
    os.waitpid(child, 0)
"""


def test_a_kill_at_any_moment_leaves_the_old_or_the_new(tmp_path):
    chance = random.Random(int(os.environ.get("STYLERESEARCH_KILL_SEED", "0")) or time.time_ns())
    interrupted = 0
    reached = 0
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", NURSERY, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        for _ in range(12):
            nursery.stdin.write("\n")
            nursery.stdin.flush()
            child, begun = 0, 0
            while not (child and begun):
                word, number = nursery.stdout.readline().split()
                # What the one before told before its end may stand before it.
                child, begun = (int(number), 0) if word == "child" else (child, int(number))
            time.sleep(chance.uniform(0.0, 0.25))
            os.kill(child, signal.SIGKILL)
            while Path(f"/proc/{child}").exists():
                time.sleep(0.001)
            interrupted += any(not path.name.isdecimal() for path in tmp_path.iterdir())
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = Checkpoints(tmp_path).restore()
            # begun: the save before it had been waited for.
            assert (found[0] if found else 0) >= max(begun - 1, reached)
            if found:
                reached, state = found
                values = np.random.default_rng(reached)
                assert state["step"] == reached
                for n in range(6):
                    assert np.array_equal(state["params"][str(n)], values.normal(size=(40, 50)))
        nursery.stdin.close()
    assert reached > 0
    assert interrupted > 0, "no kill fell into a save: the test shows nothing"
    # What the kills left behind goes with the next save.
    with Checkpoints(tmp_path, keep=2) as checkpoints:
        checkpoints.restore()
        checkpoints.save(reached + 1, {"step": np.int32(0)}, {"total": 100.0})
    assert {path.name for path in tmp_path.iterdir()} == {str(step) for step in checkpoints.saved.steps()}
    assert len(checkpoints.saved.steps()) <= 3


# Damaged


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def empty(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def files_of(folder: Path) -> Iterator[Path]:
    return (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("damage", [flip, truncate, empty, Path.unlink])
def test_a_damaged_file_means_the_checkpoint_before_it(two, tmp_path, damage):
    """Whichever file it is; only what orbax itself notes of the time of writing does not matter."""
    harmless = {"_CHECKPOINT_METADATA", "commit_success.txt"}
    for number, file in enumerate(files_of(two / "2")):
        folder = shutil.copytree(two, tmp_path / str(number))
        damage(folder / "2" / file)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = Checkpoints(folder).restore(state_of(0))
        assert found is not None
        if file.as_posix() in harmless:
            assert (found[0], caught) == (2, []), file
        else:
            assert found[0] == 1, file
            (warning,) = caught
            assert warning.category is CheckpointWarning
            text = str(warning.message)
            assert str(folder / "2") in text
            assert f"using {folder / '1'} instead" in text
        assert_same(found[1], state_of(found[0]))


def test_a_missing_folder_inside_means_the_checkpoint_before_it(copy):
    shutil.rmtree(copy / "2" / "state")
    with pytest.warns(CheckpointWarning, match="state/_METADATA cannot be read: No such file"):
        found = Checkpoints(copy).restore()
    assert found is not None
    assert found[0] == 1


def test_a_checkpoint_under_the_name_of_another_step_is_not_believed(copy):
    (copy / "2").rename(copy / "5")
    with pytest.warns(CheckpointWarning, match="manifest was changed"):
        found = Checkpoints(copy).restore()
    assert found is not None
    assert found[0] == 1
    assert CheckpointFolder(copy).steps() == [1]


def test_nothing_intact_is_told_with_the_names(copy):
    flip(copy / "1" / "manifest.json")
    (copy / "2" / "manifest.json").unlink()
    before = contents(copy)
    with pytest.raises(InputError) as caught:
        Checkpoints(copy).restore()
    for step in (1, 2):
        assert str(copy / str(step)) in str(caught.value)
    assert contents(copy) == before


@pytest.mark.parametrize("where", ["manifest.json", "state/_METADATA"])
def test_a_damaged_checkpoint_is_replaced_when_its_step_is_done_again(copy, where):
    flip(copy / "2" / where)
    with Checkpoints(copy, keep=1, keep_best=False) as checkpoints:
        with pytest.warns(CheckpointWarning):
            checkpoints.restore()
        assert {path.name for path in copy.iterdir()} == {"1", "2"}
        checkpoints.save(2, state_of(2), {"total": 9.0})
        checkpoints.wait()
        assert checkpoints.saved.steps() == [2]
    found = Checkpoints(copy).restore(state_of(0))
    assert found is not None
    assert_same(found[1], state_of(2))


def test_a_damaged_checkpoint_counts_neither_as_newest_nor_as_best(copy):
    with Checkpoints(copy, keep=3) as checkpoints:
        checkpoints.save(9, state_of(9), {"total": 0.0})
    flip(copy / "9" / "state" / "_METADATA")
    with Checkpoints(copy, keep=1) as checkpoints:
        with pytest.warns(CheckpointWarning):
            checkpoints.restore()
        assert checkpoints.saved.best(apart_from={9}) == 1
        checkpoints.save(3, state_of(3), {"total": 5.0})
        checkpoints.wait()
        assert checkpoints.saved.steps() == [1, 3]


def test_restoring_writes_nothing(copy):
    (copy / "3.orbax-checkpoint-tmp").mkdir()
    (copy / ".trash-1").mkdir()
    before = contents(copy)
    with Checkpoints(copy, keep=1, keep_best=False) as checkpoints:
        found = checkpoints.restore(state_of(0))
        assert (checkpoints.saved.steps(), checkpoints.saved.best()) == ([1, 2], 1)
    assert found is not None
    assert found[0] == 2
    assert contents(copy) == before


# Other devices and other processes

DEVICES = """
import os, sys
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
from pathlib import Path
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
from styleresearch.training.checkpoint import Checkpoints, digest_of

assert jax.device_count() == 8
mesh = Mesh(np.array(jax.devices()), ("data",))
everywhere, split = NamedSharding(mesh, P()), NamedSharding(mesh, P("data"))
folder = Path(sys.argv[1])

# What one device saved: onto eight, once by arrays and once by shapes alone.
step, found = Checkpoints(folder / "one").restore()
like = {
    "key": jax.device_put(jax.random.key(0), everywhere),
    "params": {"w": jax.device_put(jnp.zeros((16, 3)), split)},
    "step": jax.device_put(jnp.int32(0), everywhere),
}
shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding), like)
for given in (like, shapes):
    step, state = Checkpoints(folder / "one").restore(given)
    assert step == 4
    assert jax.tree.map(lambda leaf: leaf.sharding, state) == jax.tree.map(lambda leaf: leaf.sharding, like)
    assert digest_of(state["params"]) == digest_of(found["params"])
    assert jnp.array_equal(jax.random.key_data(state["key"]), found["key"])

# And what eight devices hold, for one.
with Checkpoints(folder / "eight") as checkpoints:
    checkpoints.save(5, state, {})
"""


def one_device_state() -> dict[str, Any]:
    return {"key": jax.random.key(11), "params": {"w": bits((16, 3), jnp.float32, 8)}, "step": jnp.int32(4)}


def test_one_device_restores_what_eight_saved_and_the_reverse(tmp_path):
    with Checkpoints(tmp_path / "one") as checkpoints:
        checkpoints.save(4, one_device_state(), {})
    done = subprocess.run(
        [sys.executable, "-c", DEVICES, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"JAX_PLATFORMS": "cpu"},
    )
    assert done.returncode == 0, done.stderr
    found = Checkpoints(tmp_path / "eight").restore(one_device_state())
    assert found is not None
    assert found[0] == 5
    assert_same(found[1], one_device_state())


PROCESSES = """
import sys
from pathlib import Path
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
from styleresearch.training.checkpoint import Checkpoints, digest_of

folder, port, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
jax.config.update("jax_cpu_collectives_implementation", "gloo")
jax.distributed.initialize(f"localhost:{port}", num_processes=2, process_id=number)
assert jax.process_count() == 2
mesh = Mesh(np.array(jax.devices()), ("data",))
everywhere, split = NamedSharding(mesh, P()), NamedSharding(mesh, P("data"))
w = np.arange(12, dtype=np.float32).reshape(4, 3)

def make(seed):
    return {"key": jax.random.key(seed), "params": {"w": w * seed}, "count": jnp.int32(seed)}

placing = {"key": everywhere, "params": {"w": split}, "count": everywhere}
state = jax.jit(make, static_argnums=0, out_shardings=placing)(3)
with Checkpoints(folder, keep=2) as checkpoints:
    for step in range(4):
        checkpoints.save(step, state, {"total": jnp.float32(step)})
    step, found = checkpoints.restore(state)
    assert step == 3
    assert jax.tree.map(lambda leaf: leaf.sharding, found) == placing
    assert digest_of(found) == digest_of(state)
    assert checkpoints.saved.steps() == [0, 2, 3], checkpoints.saved.steps()
"""


def test_two_processes_save_one_checkpoint(tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESSES, str(tmp_path), str(port), str(number)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"},
        )
        for number in range(2)
    ]
    told = [worker.communicate(timeout=120)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], "\n".join(told)
    found = Checkpoints(tmp_path).restore()
    assert found is not None
    assert found[0] == 3
    assert np.array_equal(found[1]["params"]["w"], 3 * np.arange(12, dtype=np.float32).reshape(4, 3))


def test_a_sharding_of_one_device_is_followed(two):
    sharding = NamedSharding(jax.sharding.Mesh(np.array(jax.devices()[:1]), ("data",)), PartitionSpec())
    like = jax.tree.map(lambda leaf: jax.device_put(leaf, sharding), state_of(0))
    found = Checkpoints(two).restore(like)
    assert found is not None
    assert all(leaf.sharding == sharding for leaf in jax.tree.leaves(found[1]))
    assert_same(found[1], state_of(2))
