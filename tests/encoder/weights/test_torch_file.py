"""torch's files: genuine ones, ones built here, and ones that try to run code."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from styleresearch.encoder.weights.files import opened
from styleresearch.errors import InputError

HERE = Path(__file__).parent
MAGIC = 0x1950A86A20F9469CFC6C


def read_tensors(file: Path) -> dict[str, np.ndarray]:
    with opened(file) as index:
        return {name: describe().read() for name, describe in index.items()}


@pytest.mark.parametrize("form", ["zip", "stream"])
def test_reads_what_torch_itself_wrote(form):
    """Written by torch 2.13: torch.save({"epoch": 3, "state_dict": ...}), with the new and the old serialization."""
    tensors = read_tensors(HERE / f"torch_2_13_{form}.pth")
    base = np.arange(12, dtype=np.float32).reshape(3, 4)
    expected = {
        "plain": base,
        "transposed": base.T,  # a view with other strides
        "part": base[1:, 2:],  # a view that begins inside
        "half": np.array([0.5, -2], np.float16),
        "double": np.array(3.25),
        "count": np.array(7),
        "empty": np.zeros((0, 3), np.float32),
        "parameter": np.ones(2, np.float32),
    }
    assert tensors.keys() == {f"state_dict.{name}" for name in expected}
    for name, array in expected.items():
        read = tensors[f"state_dict.{name}"]
        assert read.dtype == array.dtype
        np.testing.assert_array_equal(read, array)


def as_zip(content: bytes, storages: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        for key, data in storages.items():
            archive.writestr(f"archive/data/{key}", data)
    return stream.getvalue()


def as_stream(content: bytes, storages: dict[str, bytes], info: bytes = b"") -> bytes:
    head = [pickle.dumps(MAGIC, 2), pickle.dumps(1001, 2), info or pickle.dumps({"little_endian": True}, 2)]
    sizes = [(len(data) // 4).to_bytes(8, "little") + data for data in storages.values()]
    return b"".join([*head, content, pickle.dumps(list(storages), 2), *sizes])


FORMS = pytest.mark.parametrize("form", [as_zip, as_stream], ids=["zip", "stream"])


def tensor_pickle(shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0, key: str = "0") -> bytes:
    """The pickle of {"a": tensor}, opcode by opcode, as torch writes it (protocol 2)."""

    def text(value: str) -> bytes:
        return b"X" + len(value).to_bytes(4, "little") + value.encode()

    def number(value: int) -> bytes:
        return pickle.dumps(value, 2)[2:-1]

    def numbers(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(number, values)) + b"t"

    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu") + number(8) + b"tQ"
    hooks = b"ccollections\nOrderedDict\n)R"
    arguments = b"(" + storage + number(offset) + numbers(shape) + numbers(strides) + b"\x89" + hooks + b"t"
    return b"\x80\x02}" + text("a") + b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"Rs."


@FORMS
def test_reads_a_tensor_with_offset_and_strides(form, tmp_path):
    values = np.arange(8, dtype="<f4")
    file = tmp_path / "a.pth"
    file.write_bytes(form(tensor_pickle((2, 3), (1, 2), 1), {"0": values.tobytes()}))
    np.testing.assert_array_equal(read_tensors(file)["a"], [[1, 3, 5], [2, 4, 6]])


@FORMS
@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((9,), (1,), 0), ((8,), (1,), 1), ((2,), (8,), 0), ((2,), (-1,), 0), ((2,), (1,), -1), ((10**9,), (0,), 0)],
)
def test_a_tensor_beyond_its_storage_is_refused(form, shape, strides, offset, tmp_path):
    file = tmp_path / "a.pth"
    file.write_bytes(form(tensor_pickle(shape, strides, offset), {"0": bytes(32)}))
    with pytest.raises(InputError, match="beyond its storage"):
        read_tensors(file)


class Calls:
    """Pickles as a call of ``function`` with ``argument``."""

    def __init__(self, function, argument) -> None:
        self.call = (function, (argument,))

    def __reduce__(self):
        return self.call


@FORMS
@pytest.mark.parametrize("where", ["value", "key", "whole", "beside a tensor"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_code_in_a_pickle_is_named_and_not_run(form, where, protocol, tmp_path):
    trace = tmp_path / "trace"
    evil = Calls(os.mkdir, str(trace))
    content = {"value": {"a": evil}, "key": {(evil,): 1}, "whole": evil, "beside a tensor": OrderedDict(a=1, b=[evil])}
    file = tmp_path / "evil.pth"
    file.write_bytes(form(pickle.dumps(content[where], protocol), {}))
    with pytest.raises(InputError, match=r"(posix|nt)\.mkdir, which is not a tensor and is not run"):
        read_tensors(file)
    assert not trace.exists()
    pickle.loads(pickle.dumps(evil, protocol))  # the trap does spring where nothing guards
    assert trace.exists()


def test_code_before_the_tensors_of_a_stream_is_not_run(tmp_path):
    trace = tmp_path / "trace"
    file = tmp_path / "evil.pth"
    file.write_bytes(as_stream(tensor_pickle((8,), (1,)), {"0": bytes(32)}, pickle.dumps(Calls(os.mkdir, str(trace)))))
    with pytest.raises(InputError, match="is not run"):
        read_tensors(file)
    assert not trace.exists()


@pytest.mark.parametrize(
    "name", ["builtins.eval", "torch.load", "torch._utils._rebuild_sparse_tensor", "torch.BFloat16Storage"]
)
def test_every_other_name_is_refused(name, tmp_path):
    module, _, attribute = name.rpartition(".")
    file = tmp_path / "evil.pt"
    file.write_bytes(as_zip(f"\x80\x02c{module}\n{attribute}\n.".encode("latin-1"), {}))
    with pytest.raises(InputError, match=f"refers to {name}"):
        read_tensors(file)


def test_attributes_of_what_is_allowed_cannot_be_changed(tmp_path):
    """BUILD on a tensor would move it out of its storage, if tensors had attributes."""
    build = tensor_pickle((8,), (1,))[:-2] + b"}X\x05\x00\x00\x00shape(K\x63tsbs."
    file = tmp_path / "evil.pth"
    file.write_bytes(as_zip(build, {"0": bytes(32)}))
    with pytest.raises(InputError, match="cannot be read"):
        read_tensors(file)


@FORMS
def test_a_truncated_file_is_an_input_error(form, tmp_path):
    whole = form(tensor_pickle((8,), (1,)), {"0": bytes(32)})
    file = tmp_path / "cut.pth"
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"cut\.pth cannot be read as a \.pth file of weights"):
            read_tensors(file)


def test_other_files_say_how_to_save_again(tmp_path):
    file = tmp_path / "page.pth"
    file.write_text("<html>not found</html>")
    with pytest.raises(InputError, match=r"save model\.state_dict\(\) again"):
        read_tensors(file)


def test_a_pickle_without_tensors_is_refused(tmp_path):
    file = tmp_path / "list.pth"
    file.write_bytes(as_zip(pickle.dumps([1, 2], 2), {}))
    with pytest.raises(InputError, match="holds a list, not a dict of tensors"):
        read_tensors(file)
