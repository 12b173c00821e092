"""Files in every layout and format become the same layers, and what does not fit is refused."""

from __future__ import annotations

import re

import h5py
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from safetensors.numpy import save_file

from styleresearch.encoder.weights import KNOWN, Known, cache, convert
from styleresearch.encoder.weights.architectures.vgg import features_index, kernel_shapes, normalised_index
from styleresearch.encoder.weights.base import tensor_digests
from styleresearch.errors import InputError

# Written out from torchvision's vgg.py (configurations D and E) and from the AdaIN authors' network.
TORCHVISION = {
    "vgg16": (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
    "vgg19": (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34),
}
NORMALISED_VGG19 = (2, 5, 9, 12, 16, 19, 22, 25, 29, 32, 35, 38, 42, 45, 48, 51)


def test_architectures_are_the_papers():
    assert list(kernel_shapes("vgg16").values()) == [
        (3, 3, i, o)
        for i, o in [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256), (256, 512)]
        + [(512, 512)] * 5
    ]
    assert list(kernel_shapes("vgg19"))[-5:] == ["conv4_4", "conv5_1", "conv5_2", "conv5_3", "conv5_4"]
    assert [shape[3] for shape in kernel_shapes("vgg19").values()] == [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8
    for arch, indices in TORCHVISION.items():
        assert tuple(features_index(arch)) == indices
        assert list(features_index(arch).values()) == list(kernel_shapes(arch))
    assert tuple(normalised_index("vgg19")) == NORMALISED_VGG19


def oihw(kernel):
    return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))


def own(params):
    return {f"{layer}/{part}": array for layer, parts in params.items() for part, array in parts.items()}


def gatys(params):
    return {
        f"{layer}.{name}": array
        for layer, parts in params.items()
        for name, array in (("weight", oihw(parts["kernel"])), ("bias", parts["bias"]))
    }


def torchvision(params):
    tensors = {
        f"features.{index}.{name}": array
        for index, parts in zip(TORCHVISION["vgg16"], params.values(), strict=False)
        for name, array in (("weight", oihw(parts["kernel"])), ("bias", parts["bias"]))
    }
    return tensors | {"classifier.0.weight": np.ones((2, 2), np.float32), "classifier.0.bias": np.ones(2, np.float32)}


def torchvision_features(params):
    return {name.removeprefix("features."): array for name, array in torchvision(params).items() if "feat" in name}


def keras(params, pattern, bias="bias", kernel="kernel"):
    return {
        pattern.format(layer=f"block{layer[4]}_conv{layer[6]}", part={"kernel": kernel, "bias": bias}[part]): array
        for layer, parts in params.items()
        for part, array in parts.items()
    }


def keras_first(params):
    """The form of the public VGG16 without top: block1_conv1/block1_conv1_W_1:0."""
    return keras(params, "{layer}/{layer}_{part}_1:0", bias="b", kernel="W")


def keras_nested(params):
    top = {"predictions/predictions/kernel:0": np.ones((4, 2), np.float32)}
    return keras(params, "{layer}/{layer}/{part}:0") | top


def keras_short(params):
    return keras(params, "{layer}/{part}:0")


def keras_model(params):
    """A whole model, with the optimizer's moments, which have the same names."""
    moments = keras(params, "optimizer_weights/adam/{layer}/{part}/m:0")
    return keras(params, "model_weights/{layer}/{layer}/{part}:0") | moments


def keras3(params):
    return keras(params, "_layer_checkpoint_dependencies/{layer}/vars/{part}", bias="1", kernel="0")


def keras3_blocks(params):
    return {
        f"block{layer[4]}/layers/conv2d{'' if layer[6] == '1' else f'_{int(layer[6]) - 1}'}/vars/{number}": array
        for layer, parts in params.items()
        for number, array in (("0", parts["kernel"]), ("1", parts["bias"]))
    }


def keras3_numbered(params):
    return {
        f"layers/conv2d{f'_{i}' if i else ''}/vars/{number}": array
        for i, parts in enumerate(params.values())
        for number, array in (("0", parts["kernel"]), ("1", parts["bias"]))
    }


def tf2onnx(params):
    return {
        f"functional_1/block{layer[4]}_conv{layer[6]}_1/{name}:0": array
        for layer, parts in params.items()
        for name, array in (
            ("convolution/ReadVariableOp", oihw(parts["kernel"])),
            ("Squeeze", parts["bias"]),
        )
    } | {"functional_1/dense_1/BiasAdd/ReadVariableOp:0": np.ones(4, np.float32)}


def normalised(params):
    first = {
        "0.weight": np.array([[0, 0, 255], [0, 255, 0], [255, 0, 0]], np.float32).reshape(3, 3, 1, 1),
        "0.bias": np.array([-103.939, -116.779, -123.68], np.float32),
    }
    return first | {
        f"{index}.{name}": array
        for index, parts in zip(NORMALISED_VGG19, params.values(), strict=False)
        for name, array in (("weight", oihw(parts["kernel"])), ("bias", parts["bias"]))
    }


def write(file, tensors):
    if file.suffix == ".safetensors":
        save_file(tensors, file)
    elif file.suffix == ".npz":
        np.savez(file, **tensors)
    elif file.suffix == ".h5":
        with h5py.File(file, "w") as stored:
            for name, array in tensors.items():
                stored[name] = array
    else:
        initialisers = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
        onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], initialisers)), str(file))
    return file


LAYOUTS = [own, gatys, torchvision, torchvision_features, tf2onnx, normalised]
KERAS = [keras_first, keras_nested, keras_short, keras_model, keras3, keras3_blocks, keras3_numbered]
CASES = [(layout, suffix) for layout in LAYOUTS for suffix in (".safetensors", ".npz", ".onnx")]
CASES += [(layout, ".h5") for layout in (own, *KERAS)]


@pytest.mark.parametrize(("layout", "suffix"), CASES)
def test_every_layout_in_every_format(layout, suffix, tmp_path, make_params):
    params = make_params(layers=3)
    file = write(tmp_path / f"file{suffix}", layout(params))
    arch, convention = ("vgg19", "normalised") if layout is normalised else ("vgg16", "caffe")
    weights = convert(file, "mine", convention, arch)
    assert (weights.name, weights.arch, weights.convention) == ("mine", arch, convention)
    assert weights.params.keys() == params.keys()
    for layer, parts in params.items():
        for part, array in parts.items():
            np.testing.assert_array_equal(weights.params[layer][part], array)
            assert weights.params[layer][part].dtype == np.float32
            assert weights.params[layer][part].flags.c_contiguous
    cache.write(weights)
    again = cache.read("mine")
    assert again is not None
    assert (again.digest, again.source, again.licence) == (weights.digest, weights.source, weights.licence)


def test_keras_3_names_in_attributes(tmp_path, make_params):
    """Layers are numbered in any order; the attribute ``name`` says which they are."""
    params = make_params(layers=3)
    file = tmp_path / "model.weights.h5"
    with h5py.File(file, "w") as stored:
        for i, (layer, parts) in enumerate(reversed(params.items())):
            group = stored.create_group(f"layers/conv2d_{i}/vars")
            group.attrs["name"] = f"block{layer[4]}_conv{layer[6]}"
            group["0"], group["1"] = parts["kernel"], parts["bias"]
        group = stored.create_group("side/vars")
        group.attrs["name"] = "conv2d"
        group["0"], group["1"] = np.ones((1, 1, 64, 1), np.float32), np.ones(1, np.float32)
    assert tensor_digests(convert(file, "mine", "caffe", "vgg16").params) == tensor_digests(params)


@pytest.mark.parametrize("arch", ["vgg16", "vgg19"])
def test_the_architecture_is_told_by_the_layers(arch, tmp_path):
    tensors = {}
    for index, shape in zip(TORCHVISION[arch], kernel_shapes(arch).values(), strict=True):
        tensors[f"features.{index}.weight"] = np.zeros((shape[3], shape[2], 3, 3), np.float16)
        tensors[f"features.{index}.bias"] = np.zeros(shape[3], np.float64)
    weights = convert(write(tmp_path / "w.safetensors", tensors), "mine", "random")
    assert weights.arch == arch
    assert tuple(weights.params) == tuple(kernel_shapes(arch))


def refuse(message, *arguments):
    with pytest.raises(InputError, match=message) as caught:
        convert(*arguments)
    return str(caught.value)


def test_layers_that_fit_both_need_the_architecture(tmp_path, make_params):
    file = write(tmp_path / "w.npz", own(make_params(layers=2)))
    refuse("fit vgg16 as well as vgg19. Give --arch", file, "mine", "caffe")


def test_an_unknown_file_needs_its_convention(tmp_path, make_params):
    file = write(tmp_path / "w.npz", own(make_params()))
    text = refuse("convention has to be named", file, "mine", None, "vgg16")
    ours = "caffe|torchvision|normalised|lite|random"
    assert f"styleresearch weights convert {file} --name mine --convention {ours}" in text


def test_a_known_file_has_its_convention(tmp_path, make_params, monkeypatch):
    params = make_params(arch="vgg19")
    known = Known("tiny", "vgg19", "torchvision", "a test", "none", tensor_digests(params))
    monkeypatch.setitem(KNOWN, "tiny", known)
    file = write(tmp_path / "w.npz", own(params))
    assert convert(file, "tiny").convention == "torchvision"
    assert convert(file, "mine", arch="vgg19").convention == "torchvision"
    refuse("holds weights of the convention 'torchvision', not 'caffe'", file, "mine", "caffe", "vgg19")
    refuse("'tiny' names vgg19 weights, not vgg16", file, "tiny", None, "vgg16")
    refuse("holds 'tiny', not 'vgg19_torchvision'. Choose --name tiny", file, "vgg19_torchvision")
    other = write(tmp_path / "other.npz", own(make_params(arch="vgg19", seed=1)))
    text = refuse("does not hold 'tiny': the sha256 of conv1_1/kernel", other, "tiny", "torchvision")
    assert known.tensors["conv1_1/kernel"] in text
    part = write(tmp_path / "part.npz", own(make_params(arch="vgg19", layers=2)))
    refuse("sha256 of conv2_1/kernel is missing", part, "tiny")


def test_a_file_is_known_by_its_own_digest_too(tmp_path, make_params, monkeypatch):
    """For weights whose tensors are not pinned, a published file is recognised as a whole."""
    import hashlib

    from styleresearch.encoder.weights.known import UrlPin

    file = write(tmp_path / "w.npz", own(make_params()))
    digits = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    pin = UrlPin("http://127.0.0.1/w.npz", f"sha256:{digits}", 1)
    monkeypatch.setitem(KNOWN, "tiny", Known("tiny", "vgg16", "torchvision", "a test", "none", {}, url=pin))
    assert convert(file, "tiny").convention == "torchvision"
    refuse("holds weights of the convention 'torchvision', not 'caffe'", file, "mine", "caffe", "vgg16")


def test_a_name_with_a_convention_does_not_take_another(tmp_path, make_params):
    file = write(tmp_path / "w.npz", own(make_params(arch="vgg19")))
    refuse("'vgg19' names weights of the convention 'caffe'", file, "vgg19", "torchvision")


def test_a_cached_file_brings_its_convention_along(tmp_path, make_weights, cache_folder):
    cache.write(make_weights("mine", convention="random"))
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes((cache_folder / "mine.safetensors").read_bytes())
    weights = convert(copy, "other", arch="vgg16")
    assert (weights.convention, weights.source, weights.licence) == ("random", "a test", "none")
    refuse("convention 'random', not 'caffe'", copy, "other", "caffe", "vgg16")
    damaged = bytearray(copy.read_bytes())
    damaged[-3] ^= 1
    copy.write_bytes(damaged)
    refuse("is damaged", copy, "other", None, "vgg16")


def test_wrong_words_are_answered_with_the_right_ones(tmp_path, make_params):
    file = write(tmp_path / "w.npz", own(make_params()))
    refuse("unknown convention 'cafe'. Did you mean 'caffe'", file, "mine", "cafe")
    refuse("unknown arch 'vgg18'. Did you mean 'vgg1", file, "mine", "caffe", "vgg18")
    refuse("cannot be called '../mine'", file, "../mine", "caffe", "vgg16")
    refuse(
        "unknown kind of weights file '.caffemodel'",
        (tmp_path / "a.caffemodel").touch() or tmp_path / "a.caffemodel",
        "m",
    )
    refuse("the name 'random' stands for", file, "random", "random", "vgg16")
    refuse("no such file", tmp_path / "none.npz", "mine", "caffe")


@pytest.mark.parametrize("suffix", [".safetensors", ".npz", ".h5", ".onnx", ".pth"])
@pytest.mark.parametrize("content", [b"", b"neither of these", b"\x80" * 300])
def test_a_file_of_something_else_is_named(suffix, content, tmp_path):
    file = tmp_path / f"w{suffix}"
    file.write_bytes(content)
    refuse(re.escape(str(file)), file, "mine", "caffe", "vgg16")


def test_pickled_objects_in_npz_are_not_run(tmp_path):
    file = tmp_path / "w.npz"
    np.savez(file, **{"conv1_1/kernel": np.array([{"a": 1}], dtype=object)})
    refuse("holds Python objects, which are not loaded", file, "mine", "caffe")


def test_onnx_tensors_in_other_files_are_refused(tmp_path, make_params):
    file = write(tmp_path / "w.onnx", own(make_params()))
    model = onnx.load(str(file))
    onnx.save(model, str(file), save_as_external_data=True, location="data.bin")
    refuse("in another file", file, "mine", "caffe", "vgg16")


def edited(make_params, layer, part, change):
    params = make_params(layers=3)
    params[layer][part] = change(params[layer][part])
    return own(params)


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        (
            "kernel",
            lambda a: a[..., :63],
            r"kernel of conv1_2 has the shape \(3, 3, 64, 63\); vgg16 needs \(3, 3, 64, 64\)",
        ),
        ("bias", lambda a: a[:1], r"bias of conv1_2 has the shape \(1,\); vgg16 needs \(64,\)"),
        ("kernel", lambda a: np.where(a == a.max(), np.nan, a), "kernel of conv1_2 holds values that are not finite"),
        ("bias", lambda a: np.where(a == a.max(), np.inf, a), "bias of conv1_2 holds values that are not finite"),
        ("kernel", lambda a: a.astype(np.int32), "conv1_2/kernel holds int32 values"),
    ],
)
def test_wrong_tensors_are_named(part, change, message, tmp_path, make_params):
    file = write(tmp_path / "w.npz", edited(make_params, "conv1_2", part, change))
    text = refuse(message, file, "mine", "caffe", "vgg16")
    assert str(file) in text


def test_layers_are_a_complete_prefix(tmp_path, make_params):
    tensors = own(make_params(layers=3))
    hole = {name: array for name, array in tensors.items() if not name.startswith("conv1_2")}
    refuse("needs conv1_2, which is missing", write(tmp_path / "hole.npz", hole), "mine", "caffe", "vgg16")
    del tensors["conv1_1/bias"]
    refuse("the bias of conv1_1 is missing", write(tmp_path / "bias.npz", tensors), "mine", "caffe", "vgg16")
    refuse("none of its 1 tensors", write(tmp_path / "none.npz", {"a": np.ones(3)}), "mine", "caffe", "vgg16")


def test_two_candidates_for_a_tensor_are_refused(make_params, tmp_path):
    params = make_params(layers=1)
    file = write(tmp_path / "w.npz", own(params) | gatys(params))
    message = r"both 'conv1_1/kernel' and 'conv1_1\.weight' look like the kernel of conv1_1"
    refuse(message, file, "mine", "caffe", "vgg16")


def test_batch_normalisation_is_not_taken_for_a_convolution(make_params, tmp_path):
    tensors = torchvision(make_params(layers=1)) | {"features.1.weight": np.ones(64, np.float32)}
    file = write(tmp_path / "w.npz", tensors)
    refuse(r"vgg16 has no layer 'features\.1'", file, "mine", "caffe", "vgg16")


@pytest.mark.parametrize("name", ["0.weight", "0.bias"])
def test_another_first_layer_than_the_normalised_networks_is_refused(name, make_params, tmp_path):
    tensors = normalised(make_params(arch="vgg19"))
    tensors[name] = tensors[name] + 1
    file = write(tmp_path / "w.npz", tensors)
    refuse("not the one that turns RGB", file, "vgg19_normalised", "normalised")


def test_the_normalised_network_has_no_other_convention(make_params, tmp_path):
    file = write(tmp_path / "w.npz", normalised(make_params(arch="vgg19")))
    refuse("Give --convention normalised", file, "mine", "caffe", "vgg19")
    assert convert(file, "vgg19_normalised", "normalised").arch == "vgg19"
