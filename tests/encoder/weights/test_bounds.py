"""What a file claims of its tensors is checked before it is believed: small files take little memory."""

from __future__ import annotations

import io
import json
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest

from styleresearch.encoder.weights import cache, convert
from styleresearch.errors import InputError

MEGABYTES = 160
"""What reading one file may take beyond the program itself; each of these asked for 512 MB at least."""

ZEROS = bytes(2**24)


def packed(file: Path, name: str, parts: list[bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(file, "w", method) as archive, archive.open(name, "w", force_zip64=True) as stream:
        for part in parts:
            stream.write(part)


def npy(shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def dataset(file: Path, name: str, shape: tuple[int, ...], **options) -> None:
    with h5py.File(file, "w") as stored:
        stored.create_dataset(name, shape, "f4", fillvalue=1.0, **options)
        stored["conv1_1/bias"] = np.zeros(64, np.float32)


def torch_zip(file: Path, *parts: bytes) -> None:
    packed(file, "a/data.pkl", list(parts))


def text(value: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value


def initialiser(file: Path, shape: tuple[int, ...], name: str = "conv1_1/kernel") -> None:
    tensor = onnx.TensorProto(name=name, dims=shape, data_type=1, raw_data=b"0000")
    file.write_bytes(onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], [tensor])).SerializeToString())


def varint(number: int) -> bytes:
    return bytes([number & 127 | 128]) + varint(number >> 7) if number > 127 else bytes([number])


def empty_initialisers(file: Path, count: int) -> None:
    file.write_bytes(b"\x3a" + varint(2 * count) + b"\x2a\x00" * count)


def copies_of_a_dict() -> bytes:
    """The same 60,000 pairs made into a dict again and again, five bytes each."""
    pairs = b"](" + b"K\x01K\x02\x86" * 60000 + b"e"
    return b"\x80\x02ccollections\nOrderedDict\nq\x00" + pairs + b"q\x01\x85q\x020" + b"h\x00h\x02R" * 100000 + b"."


def dicts_in_dicts() -> bytes:
    """Each holds the one before twice: 2^200 paths to the first."""
    name = text(b"a"), text(b"b")
    steps = (b"}q%c(" % (i + 1) + name[0] + b"h%c" % i + name[1] + b"h%c" % i + b"u" for i in range(200))
    return b"\x80\x02}q\x00" + b"".join(steps) + b"."


def safetensors(file: Path, **tensors: dict) -> None:
    header = json.dumps({name.replace("__", "/"): value for name, value in tensors.items()}).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header + bytes(6912))


LAYER = (3, 3, 3, 64)
STREAM = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2)

# Name of the file -> how it is made, and what is said of it.
FILES = {
    "fill.h5": (
        lambda file: dataset(file, "unused", (768, 1024, 1024), chunks=(1, 1024, 1024)),
        "the kernel of conv1_1 is missing",
    ),
    "fill_layer.h5": (
        lambda file: dataset(file, "conv1_1/kernel", (3, 3, 1024, 2**16), chunks=(1, 1, 1024, 1024)),
        "has the shape (3, 3, 1024, 65536)",
    ),
    "never_written.h5": (
        lambda file: dataset(file, "conv1_1/kernel", LAYER, chunks=(1, 1, 1, 1)),
        "conv1_1/kernel was not written, or only in part",
    ),
    "chunks.h5": (
        lambda file: dataset(
            file, "conv1_1/kernel", LAYER, chunks=(500, 500, 10, 64), maxshape=(None,) * 4, compression="gzip"
        ),
        "was not written",
    ),
    "elsewhere.h5": (
        lambda file: dataset(file, "conv1_1/kernel", LAYER, external=[("/etc/hostname", 0, 6912)]),
        "lies in another file",
    ),
    "zeros.npz": (lambda file: packed(file, "unused.npy", [npy((2**27,)), *[ZEROS] * 32]), "none of its 1 tensors"),
    "zeros_layer.npz": (
        lambda file: packed(file, "conv1_1/kernel.npy", [npy((3, 3, 2**12, 2**12)), *[ZEROS] * 36]),
        "has the shape (3, 3, 4096, 4096)",
    ),
    "header.npz": (
        lambda file: packed(
            file, "conv1_1/kernel.npy", [b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**29), *[ZEROS] * 32]
        ),
        "reading array header",
    ),
    "lzma.npz": (
        lambda file: packed(file, "conv1_1/kernel.npy", [npy(LAYER), bytes(6912)], zipfile.ZIP_LZMA),
        "neither stored as it is nor deflated",
    ),
    "text.pth": (
        lambda file: torch_zip(file, b"\x80\x04\x8d" + struct.pack("<Q", 2**29), *[ZEROS] * 32, b"."),
        "data.pkl in it has 536870924 bytes",
    ),
    "memo.pth": (lambda file: torch_zip(file, b"\x80\x02}r\xff\xff\xff\x07."), "none of its 0 tensors"),
    "memo_stream.pth": (
        lambda file: file.write_bytes(STREAM + b"\x80\x02}r\xff\xff\xff\x07." + pickle.dumps([], 2)),
        "none of its 0 tensors",
    ),
    "copies.pth": (lambda file: torch_zip(file, copies_of_a_dict()), "makes dicts of more than 100000 pairs"),
    "paths.pth": (lambda file: torch_zip(file, dicts_in_dicts()), "none of its 0 tensors"),
    "hash.pth": (
        lambda file: torch_zip(file, b"\x80\x02}K\x01\x85" + b"2\x86" * 200 + b"K\x01s."),
        "tuples for keys",
    ),
    "names.pth": (
        lambda file: torch_zip(file, b"\x80\x02}q\x00" + text(b"n" * 10**6) + b"q\x01" + b"}h\x01h\x00s" * 1000 + b"."),
        "name in it is longer than 1000 characters",
    ),
    "shape.onnx": (lambda file: initialiser(file, (2**20, 2**20, 3, 3)), "has the shape (1048576, 1048576, 3, 3)"),
    "negative.onnx": (lambda file: initialiser(file, (-3, 3, 3, 64)), "conv1_1 has the shape"),
    "few_bytes.onnx": (lambda file: initialiser(file, LAYER), "the bias of conv1_1 is missing"),
    "empty.onnx": (lambda file: empty_initialisers(file, 10**6), "none of its 1 tensors"),
    "long.safetensors": (lambda file: file.write_bytes(struct.pack("<Q", 2**40) + b"{}"), "header too large"),
    "shape.safetensors": (
        lambda file: safetensors(
            file, conv1_1__kernel={"dtype": "F32", "shape": [2**20, 2**20], "data_offsets": [0, 2**42]}
        ),
        "cannot be read as a .safetensors file",
    ),
    "twice.safetensors": (
        lambda file: safetensors(
            file,
            conv1_1__kernel={"dtype": "F32", "shape": LAYER, "data_offsets": [0, 6912]},
            conv1_1__bias={"dtype": "F32", "shape": [64], "data_offsets": [0, 256]},
        ),
        "cannot be read as a .safetensors file",
    ),
}

READ = f"""
import json, resource, sys
import h5py, onnx, safetensors
from styleresearch.encoder.weights import convert
from styleresearch.errors import InputError

def refused(file):
    try:
        convert(file, "mine", "caffe", "vgg16")
    except InputError as error:
        return str(error)
    return "read"

refused("none")
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + {MEGABYTES} * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
print(json.dumps([refused(file) for file in sys.argv[1:]]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the memory of a process")
def test_what_small_files_claim_takes_little_memory(tmp_path):
    files = [tmp_path / name for name in FILES]
    for file, (make, _) in zip(files, FILES.values(), strict=True):
        make(file)
        assert file.stat().st_size < 3 * 2**20
    done = subprocess.run([sys.executable, "-c", READ, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for file, (_, wanted), said in zip(files, FILES.values(), json.loads(done.stdout), strict=True):
        assert said.startswith(str(file))
        assert wanted in said
        assert "\n" not in said


def test_an_onnx_name_that_is_no_utf8_cannot_be_read(tmp_path):
    file = tmp_path / "w.onnx"
    initialiser(file, LAYER, "NAME")
    file.write_bytes(file.read_bytes().replace(b"NAME", b"N\xffME"))
    with pytest.raises(
        InputError, match=r"cannot be read as a \.onnx file of weights: the name b'N\\xffME' of a tensor"
    ):
        convert(file, "mine", "caffe")


def test_only_a_layers_numbers_are_read(tmp_path, make_params):
    """A large file with a VGG in it: what else it holds may be damaged, of another type, or in another file."""
    params = make_params(layers=1)["conv1_1"]
    with h5py.File(tmp_path / "w.h5", "w") as stored:
        stored["conv1_1/kernel"], stored["conv1_1/bias"] = params["kernel"], params["bias"]
        stored.create_dataset("head", (10, 10), "f4", external=[("gone", 0, 400)])
        stored["link"] = h5py.ExternalLink("gone.h5", "/x")
        stored["note"] = "text"
    weights = convert(tmp_path / "w.h5", "mine", "caffe", "vgg16")
    np.testing.assert_array_equal(weights.params["conv1_1"]["kernel"], params["kernel"])


def test_compressed_chunks_are_read(tmp_path, make_params):
    params = make_params(layers=2)
    with h5py.File(tmp_path / "w.h5", "w") as stored:
        for layer, parts in params.items():
            for part, array in parts.items():
                stored.create_dataset(f"{layer}/{part}", data=array, compression="gzip", shuffle=True, fletcher32=True)
    weights = convert(tmp_path / "w.h5", "mine", "caffe", "vgg16")
    for layer, parts in params.items():
        np.testing.assert_array_equal(weights.params[layer]["kernel"], parts["kernel"])


def test_a_chunk_of_no_length_is_no_chunk(tmp_path):
    """HDF5 itself reads beyond its end."""
    file = tmp_path / "w.h5"
    rng = np.random.default_rng(0)
    with h5py.File(file, "w") as stored:
        kernel = rng.standard_normal(LAYER, np.float32)
        stored.create_dataset("conv1_1/kernel", data=kernel, chunks=(1, 1, 1, 32), compression="gzip", fletcher32=True)
        stored["conv1_1/bias"] = np.zeros(64, np.float32)
        chunk = stored["conv1_1/kernel"].id.get_chunk_info(3)
    # A key of the index of chunks: size, filters that were left out, offset in the data (five numbers), address.
    key = struct.pack("<II5QQ", chunk.size, 0, *chunk.chunk_offset, 0, chunk.byte_offset)
    whole = file.read_bytes()
    assert whole.count(key) == 1
    file.write_bytes(whole.replace(key, struct.pack("<I", 0) + key[4:]))
    with pytest.raises(InputError, match="conv1_1/kernel was not written, or only in part"):
        convert(file, "mine", "caffe", "vgg16")


def test_the_same_weights_make_the_same_file(make_weights):
    weights = make_weights()
    written = set()
    for _ in range(4):
        written.add(cache.write(weights).read_bytes())
    assert len(written) == 1
