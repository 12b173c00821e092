"""The networks of ``train_step_torch.py``, in plain PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Vgg(nn.Module):
    """VGG16 up to a layer, frozen, random."""

    def __init__(self, last: str) -> None:
        super().__init__()
        self.convs, channels = nn.ModuleDict(), 3
        names = [(block, index) for block, count in enumerate((2, 2, 3, 3), 1) for index in range(1, count + 1)]
        for block, index in names:
            name, width = f"relu{block}_{index}", 32 * 2**block
            self.convs[name] = nn.Conv2d(channels, width, 3, padding=1)
            nn.init.kaiming_normal_(self.convs[name].weight)
            channels = width
            if name == last:
                break
        self.requires_grad_(False)
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406])[None, :, None, None])
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225])[None, :, None, None])

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Return the activations by name."""
        x, features = (image - self.mean) / self.std, {}
        for name, conv in self.convs.items():
            x = functional.max_pool2d(x, 2) if name.endswith("_1") and name != "relu1_1" else x
            x = features[name] = functional.relu(conv(x))
        return features


class Residual(nn.Module):
    """Two 3x3 convolutions, added to their input."""

    def __init__(self, width: int, affine: bool) -> None:
        super().__init__()
        last = (layer(width, width, 3), nn.InstanceNorm2d(width, affine=affine))
        self.body = nn.Sequential(normed(layer(width, width, 3), affine), *last)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum."""
        return x + self.body(x)


class Blur(nn.Module):
    """CUT's blur, before every second pixel is taken, or between pixels set apart."""

    def __init__(self, up: bool = False) -> None:
        super().__init__()
        self.up = up
        line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4 if up else torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("kernel", (line[:, None] * line)[None, None])

    def forward(self, x: Tensor) -> Tensor:
        """Return the picture at half or twice its size."""
        channels = x.shape[1]
        kernel = self.kernel.repeat(channels, 1, 1, 1)
        if self.up:
            padded = functional.pad(x, (1,) * 4, mode="replicate")
            return functional.conv_transpose2d(padded, kernel, stride=2, padding=2, groups=channels)[:, :, 1:-1, 1:-1]
        return functional.conv2d(functional.pad(x, (1,) * 4, mode="reflect"), kernel, stride=2, groups=channels)


def layer(channels: int, width: int, size: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution of the reflected picture."""
    return nn.Sequential(nn.ReflectionPad2d(size // 2), nn.Conv2d(channels, width, size, stride))


def normed(conv: nn.Module, affine: bool = True) -> nn.Sequential:
    """Return a convolution with its norm and activation."""
    last = conv[-1] if isinstance(conv, nn.Sequential) else conv
    return nn.Sequential(conv, nn.InstanceNorm2d(last.out_channels, affine=affine), nn.ReLU())


def transform() -> nn.Module:
    """Return Johnson's network."""
    up = nn.Upsample(scale_factor=2, mode="nearest")
    ends = [normed(layer(3, 32, 9)), normed(layer(32, 64, 3, 2)), normed(layer(64, 128, 3, 2))]
    inner = [Residual(128, affine=True) for _ in range(5)]
    return nn.Sequential(*ends, *inner, up, normed(layer(128, 64, 3)), up, normed(layer(64, 32, 3)), layer(32, 3, 9))


def decoder() -> nn.Module:
    """Return AdaIN's decoder."""
    up, layers, channels = nn.Upsample(scale_factor=2, mode="nearest"), [], 512
    for width, depth in ((256, 4), (128, 2), (64, 2)):
        for index in range(depth):
            layers += [*([up] if layers and index == 0 else []), layer(channels, width, 3), nn.ReLU()]
            layers += [up] if not index and width == 256 else []
            channels = width
    return nn.Sequential(*layers, layer(channels, 3, 3))


class Generator(nn.Module):
    """CycleGAN's generator, or CUT's, whose pixels are from -1 to 1."""

    def __init__(self, antialias: bool) -> None:
        super().__init__()
        self.first, self.last = normed(layer(3, 64, 7), affine=False), nn.Sequential(layer(64, 3, 7), nn.Tanh())
        shrink, grow = [], []
        for width in (64, 128):
            conv = nn.Conv2d(width, 2 * width, 3, 1 if antialias else 2, 1)
            shrink.append(nn.Sequential(*normed(conv, affine=False), *([Blur()] if antialias else [])))
            if antialias:
                conv = nn.Sequential(Blur(up=True), nn.Conv2d(2 * width, width, 3, 1, 1))
            else:
                conv = nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1)
            grow.insert(0, normed(conv, affine=False))
        self.shrink, self.grow = nn.Sequential(*shrink), nn.Sequential(*grow)
        self.blocks = nn.Sequential(*(Residual(256, affine=False) for _ in range(9)))

    def forward(self, x: Tensor) -> Tensor:
        """Return the painted picture."""
        return self.last(self.grow(self.blocks(self.shrink(self.first(x)))))

    def features(self, x: Tensor) -> list[Tensor]:
        """Return what CUT compares: pixels, both contractions before their norm, residual blocks 1 and 5."""
        found = [x]
        x = self.first(x)
        for conv, *rest in self.shrink:
            found.append(conv(x))
            x = nn.Sequential(*rest)(found[-1])
        found.append(self.blocks[0](x))
        return [*found, self.blocks[1:5](found[-1])]


def discriminator(antialias: bool) -> nn.Module:
    """Return the 70 px PatchGAN."""
    layers, channels = [], 3
    for index, width in enumerate((64, 128, 256, 512)):
        shrinks = index < 3
        layers += [nn.Conv2d(channels, width, 4, 2 if shrinks and not antialias else 1, 1)]
        layers += [nn.InstanceNorm2d(width)] if index else []
        layers += [nn.LeakyReLU(0.2), *([Blur()] if shrinks and antialias else [])]
        channels = width
    return nn.Sequential(*layers, nn.Conv2d(channels, 1, 4, 1, 1))
