"""Make nets.npz: what PyTorch networks with the layers of each paper's published code give for known weights.

    python tests/golden/make_nets.py

Written from the facts about each network, in float64, without this package. Weights and pictures come from formulas, so
the file holds results alone: of every layer, 64 values spread over it. ``weight`` and ``picture`` are those of
``tests/nets/conftest.py``, word for word.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

Results = dict[str, np.ndarray]

MEAN = torch.tensor([103.939, 116.779, 123.68], dtype=torch.float64)[None, :, None, None]


def weight(path: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the array of a parameter, decided by its path and shape."""
    noise = np.random.default_rng(zlib.crc32(path.encode())).normal(size=shape)
    kind = path.rpartition("/")[2]
    if kind == "kernel":
        return noise * math.sqrt(1.5 / math.prod(shape[:3]))
    return noise * 0.1 + (kind == "scale")


def picture(height: int, width: int, channels: int = 3) -> np.ndarray:
    """Return two smooth pictures in [0, 1], (2, height, width, channels)."""
    b, y, x, c = np.meshgrid(*map(np.arange, (2, height, width, channels)), indexing="ij")
    return 0.5 + 0.5 * np.sin(0.37 * x + 0.23 * y + 1.7 * c + b) * np.cos(0.11 * x * (c % 5 + 1) - 0.19 * y)


class Net:
    """Layers that look their weights up by name, and note what each gave."""

    def __init__(self, name: str, results: Results) -> None:
        self.name, self.results = name, results

    def note(self, layer: str, x: Tensor) -> Tensor:
        """Keep 64 values of a layer's (b, h, w, c) result."""
        flat = x.permute(0, 2, 3, 1).reshape(-1).numpy()
        self.results[f"{self.name}/{layer}"] = flat[np.linspace(0, flat.size - 1, 64).astype(int)].astype(np.float32)
        return x

    def conv(
        self, layer: str, x: Tensor, width: int, size: int = 3, stride: int = 1, padding: str = "reflect"
    ) -> Tensor:
        """Pad by (size - 1) // 2 and convolve."""
        border = (size - 1) // 2
        if padding != "none":
            x = F.pad(x, (border,) * 4, mode="reflect" if padding == "reflect" else "constant")
        kernel = torch.tensor(weight(f"{layer}/kernel", (size, size, x.shape[1], width))).permute(3, 2, 0, 1)
        return F.conv2d(x, kernel, torch.tensor(weight(f"{layer}/bias", (width,))), stride)

    def transposed(self, layer: str, x: Tensor, width: int, size: int) -> Tensor:
        """Double the size by a transposed convolution."""
        kernel = torch.tensor(weight(f"{layer}/kernel", (size, size, x.shape[1], width))).permute(2, 3, 0, 1)
        bias = torch.tensor(weight(f"{layer}/bias", (width,)))
        return F.conv_transpose2d(x, kernel, bias, stride=2, padding=1, output_padding=size % 2)

    def norm(self, layer: str, x: Tensor, affine: bool = True) -> Tensor:
        """Instance norm, with one row of scales and offsets."""
        shape = (1, x.shape[1])
        scale, offset = (torch.tensor(weight(f"{layer}/{kind}", shape))[0] for kind in ("scale", "offset"))
        return F.instance_norm(x, weight=scale, bias=offset) if affine else F.instance_norm(x)


def examples(net: Net, x: Tensor) -> Tensor:
    """The network of pytorch/examples, fast_neural_style: pixels of 0-255 in and out."""
    x = x * 255
    for index, (width, size, stride) in enumerate(((32, 9, 1), (64, 3, 2), (128, 3, 2)), 1):
        x = net.note(f"contract{index}", net.conv(f"contract{index}", x, width, size, stride))
        x = F.relu(net.norm(f"contract{index}_norm", x))
    for index in range(1, 6):
        name = f"residual{index}"
        y = F.relu(net.norm(f"{name}/norm1", net.conv(f"{name}/conv1", x, 128)))
        x = net.note(name, x + net.norm(f"{name}/norm2", net.conv(f"{name}/conv2", y, 128)))
    for index, width in enumerate((64, 32), 1):
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = net.note(f"expand{index}", net.conv(f"expand{index}", x, width))
        x = F.relu(net.norm(f"expand{index}_norm", x))
    return net.note("result", net.note("output", net.conv("output", x, 3, 9)) / 255)


def authors(net: Net, x: Tensor) -> Tensor:
    """The network of jcjohnson/fast-neural-style at half width, with instance norm: Caffe's pixels, 150 tanh."""
    x = F.pad(x[:, [2, 1, 0]] * 255 - MEAN, (40,) * 4, mode="reflect")
    for index, (width, size, stride) in enumerate(((16, 9, 1), (32, 3, 2), (64, 3, 2)), 1):
        x = net.note(f"contract{index}", net.conv(f"contract{index}", x, width, size, stride, "zeros"))
        x = F.relu(net.norm(f"contract{index}_norm", x))
    for index in range(1, 6):
        name = f"residual{index}"
        y = F.relu(net.norm(f"{name}/norm1", net.conv(f"{name}/conv1", x, 64, padding="none")))
        y = net.norm(f"{name}/norm2", net.conv(f"{name}/conv2", y, 64, padding="none"))
        x = net.note(name, x[:, :, 2:-2, 2:-2] + y)
    for index, width in enumerate((32, 16), 1):
        x = net.note(f"expand{index}", net.transposed(f"expand{index}", x, width, 3))
        x = F.relu(net.norm(f"expand{index}_norm", x))
    x = net.note("output", net.conv("output", x, 3, 9, padding="zeros"))
    return net.note("result", ((150 * torch.tanh(x) + MEAN) / 255)[:, [2, 1, 0]])


def pix2pix(net: Net, x: Tensor) -> Tensor:
    """The U-Net of junyanz/pytorch-CycleGAN-and-pix2pix with 4 steps of 8, 16, 32, 64 channels, instance norm."""

    def block(level: int, x: Tensor, width: int) -> Tensor:
        x = x if level == 1 else F.leaky_relu(x, 0.2)
        y = net.note(f"down{level}", net.conv(f"down{level}", x, 8 * 2 ** (level - 1), 4, 2, "zeros"))
        if level < 4:
            y = y if level == 1 else net.norm("", y, affine=False)
            y = torch.cat([y, block(level + 1, y, y.shape[1])], 1)
        y = net.note(f"up{level}", net.transposed(f"up{level}", F.relu(y), width, 4))
        return y if level == 1 else net.norm("", y, affine=False)

    return net.note("result", (torch.tanh(block(1, 2 * x - 1, 3)) + 1) / 2)


def decoder(net: Net, x: Tensor) -> Tensor:
    """The decoder of AdaIN at an eighth of the width: relu4_1 of VGG19, mirrored."""
    widths = [32, "up", 32, 32, 32, 16, "up", 16, 8, "up", 8, 3]
    for index, width in enumerate((width for width in widths if width != "up"), 1):
        x = net.note(f"conv{index}", net.conv(f"conv{index}", x, int(width)))
        x = x if width == 3 else F.relu(x)
        if index in (1, 5, 7):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
    return net.note("result", x)


def blur_down(x: Tensor) -> Tensor:
    """CUT's blur before every second pixel is taken."""
    line = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype)
    blur = (line[:, None] * line / 16).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (1,) * 4, mode="reflect"), blur, stride=2, groups=x.shape[1])


def blur_up(x: Tensor) -> Tensor:
    """CUT's blur of pixels set apart, a pixel cut away on every side."""
    line = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=x.dtype)
    blur = (line[:, None] * line / 16).expand(x.shape[1], 1, 4, 4)
    padded = F.pad(x, (1,) * 4, mode="replicate")
    return F.conv_transpose2d(padded, blur, stride=2, padding=2, groups=x.shape[1])[:, :, 1:-1, 1:-1]


def cyclegan(net: Net, x: Tensor, antialias: bool = False) -> Tensor:
    """The ResNet generator of junyanz/pytorch-CycleGAN-and-pix2pix with 8 channels and 2 blocks, instance norm."""

    def layer(name: str, y: Tensor) -> Tensor:
        return F.relu(net.norm("", net.note(name, y), affine=False))

    x = layer("contract1", net.conv("contract1", 2 * x - 1, 8, 7))
    for index, width in ((2, 16), (3, 32)):
        name = f"contract{index}"
        x = layer(name, net.conv(name, x, width, stride=1 if antialias else 2, padding="zeros"))
        x = blur_down(x) if antialias else x
    for name in ("residual1", "residual2"):
        y = F.relu(net.norm("", net.conv(f"{name}/conv1", x, 32), affine=False))
        x = net.note(name, x + net.norm("", net.conv(f"{name}/conv2", y, 32), affine=False))
    for index, width in ((1, 16), (2, 8)):
        name = f"expand{index}"
        y = net.conv(name, blur_up(x), width, padding="zeros") if antialias else net.transposed(name, x, width, 3)
        x = layer(name, y)
    x = net.note("output", net.conv("output", x, 3, 7))
    return net.note("result", (torch.tanh(x) + 1) / 2)


def cut(net: Net, x: Tensor) -> Tensor:
    """The same in taesungp/contrastive-unpaired-translation."""
    return cyclegan(net, x, antialias=True)


def judge(net: Net, x: Tensor, scale: str = "scale1", layers: int = 3, antialias: bool = False) -> tuple[Tensor, ...]:
    """PatchGAN with 8 channels and instance norm: note its activations; return the last of them and the scores."""
    for index in range(1, layers + 2):
        strides = 2 if index <= layers else 1
        y = net.conv(f"{scale}_conv{index}", x, 8 * 2 ** (index - 1), 4, 1 if antialias else strides, "zeros")
        x = F.leaky_relu(y if index == 1 else net.norm("", y, affine=False), 0.2)
        x = net.note(f"{scale}/{index}", blur_down(x) if antialias and strides == 2 else x)
    return x, net.conv(f"{scale}_scores", x, 1, 4, padding="zeros")


def patch(net: Net, x: Tensor) -> Tensor:
    """The 70 px discriminator of junyanz/pytorch-CycleGAN-and-pix2pix."""
    return net.note("scale1/5", judge(net, 2 * x - 1)[1])


def scales(net: Net, x: Tensor) -> None:
    """Two of them, as NVIDIA/pix2pixHD has them at several sizes."""
    net.note("scale1/5", judge(net, 2 * x - 1)[1])
    smaller = F.avg_pool2d(2 * x - 1, 3, 2, 1, count_include_pad=False)
    net.note("scale2/5", judge(net, smaller, "scale2")[1])


def condition(net: Net, x: Tensor) -> Tensor:
    """One with two layers that shrink, blurs (CUT), and a projected condition of five values (Miyato & Koyama)."""
    x, scores = judge(net, 2 * x - 1, layers=2, antialias=True)
    kernel, bias = (
        torch.tensor(weight(f"scale1_condition/{kind}", shape))
        for kind, shape in (("kernel", (1, 1, 5, 32)), ("bias", (32,)))
    )
    vector = torch.tensor(weight("condition", (2, 5))) @ kernel[0, 0] + bias
    agreement = torch.einsum("bchw,bc->bhw", x, vector)[:, None] / math.sqrt(32)
    return net.note("scale1/4", scores + F.avg_pool2d(agreement, 2, 1))


def spectral() -> Results:
    """The largest singular value of kernels as matrices with a row for each channel out."""
    shapes = ((4, 4, 3, 64), (4, 4, 64, 128), (4, 4, 128, 1), (3, 3, 64, 64), (1, 1, 5, 32))
    kernels = {"x".join(map(str, shape)): torch.tensor(weight("spectral/kernel", shape)) for shape in shapes}
    return {
        f"spectral/{name}": torch.linalg.svdvals(kernel.flatten(0, 2).T)[0].numpy() for name, kernel in kernels.items()
    }


def main() -> None:
    """Write nets.npz beside this file."""
    results = spectral()
    nets = (examples, authors, pix2pix, decoder, cyclegan, cut, patch, scales, condition)
    for network in nets:
        name = network.__name__
        size = {"decoder": (5, 7, 64), "scales": (48, 64, 6)}.get(name, (48, 64, 3))
        network(Net(name, results), torch.tensor(picture(*size)).permute(0, 3, 1, 2))
    np.savez_compressed(Path(__file__).parent / "nets.npz", **results)


if __name__ == "__main__":
    main()
