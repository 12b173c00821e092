"""Losses with one mistake each, as they are really made; and ten lines that are right and declare nothing."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp

from styleresearch.losses import LOSSES, Loss
from styleresearch.options import Layers


@dataclass(frozen=True)
class Planted(Loss):
    """A style loss of two layers."""

    target: ClassVar = "style"
    layers: Layers = ("relu1_1", "relu2_1")

    def summarise(self, features):
        """Return one statistic of each layer."""
        return {layer: self.statistic(features[layer]) for layer in self.layers}

    def compare(self, pred, target):
        """Return the squared distance, a mean over the entries and a sum over layers."""
        squared = [((pred[layer] - target[layer]) ** 2).reshape(len(pred[layer]), -1).mean(1) for layer in self.layers]
        return jnp.stack(squared).sum(0)


def gram(x):
    flat = x.reshape(x.shape[0], -1, x.shape[3])
    return jnp.einsum("bmc,bmd->bcd", flat, flat) / flat.shape[1]


@LOSSES.register("sound")
@dataclass(frozen=True)
class Sound(Planted):
    """A Gram matrix as it should be."""

    statistic = staticmethod(gram)


@LOSSES.register("swapped_axes")
@dataclass(frozen=True)
class SwappedAxes(Planted):
    """A reshape as if channels came first."""

    def statistic(self, x):
        """Return a matrix of the right shape."""
        b, h, w, c = x.shape
        flat = x.reshape(b, c, h * w)
        return jnp.einsum("bcm,bdm->bcd", flat, flat) / (h * w)


@LOSSES.register("axes_of_another_order")
@dataclass(frozen=True)
class AxesOfAnotherOrder(Planted):
    """Means over the last two axes."""

    def statistic(self, x):
        """Return means of rows, not of channels."""
        return x.mean((2, 3))


@LOSSES.register("scalar_gram")
@dataclass(frozen=True)
class ScalarGram(Planted):
    """The product of a picture's features with themselves: a number, not a matrix."""

    def statistic(self, x):
        """Return a number for each image."""
        return (x**2).mean((1, 2)).sum(1, keepdims=True)


@LOSSES.register("no_eps")
@dataclass(frozen=True)
class NoEps(Planted):
    """A deviation without eps."""

    def statistic(self, x):
        """Return deviations."""
        return x.std((1, 2))


@LOSSES.register("normalised_twice")
@dataclass(frozen=True)
class NormalisedTwice(Planted):
    """A Gram matrix over M, over M again."""

    def statistic(self, x):
        """Return what shrinks with the picture."""
        return gram(x) / (x.shape[1] * x.shape[2])


@LOSSES.register("coupled")
@dataclass(frozen=True)
class Coupled(Planted):
    """Centred on the mean of the whole batch."""

    def statistic(self, x):
        """Return what depends on the other images."""
        return gram(x - x.mean((0, 1, 2), keepdims=True))


@LOSSES.register("mean_of_the_batch")
@dataclass(frozen=True)
class MeanOfTheBatch(Sound):
    """One number for all images."""

    def compare(self, pred, target):
        """Return a scalar."""
        return super().compare(pred, target).mean()


@LOSSES.register("mixed_layers")
@dataclass(frozen=True)
class MixedLayers(Sound):
    """One layer under 1 / C^2, the other under 1 / C^4."""

    def compare(self, pred, target):
        """Return the sum of what does not go together."""
        first, second = (((pred[layer] - target[layer]) ** 2).mean((1, 2)) for layer in self.layers)
        return first + second / pred[self.layers[1]].shape[-1] ** 2


@LOSSES.register("mixed_sides")
@dataclass(frozen=True)
class MixedSides(Sound):
    """The generated image under another convention than its target."""

    def compare(self, pred, target):
        """Return what is not 0 at the target."""
        return super().compare({layer: x / x.shape[-1] for layer, x in pred.items()}, target)


@LOSSES.register("broken")
@dataclass(frozen=True)
class Broken(Planted):
    """What raises."""

    def statistic(self, x):
        """Raise."""
        raise RuntimeError("half done")


@LOSSES.register("promises")
@dataclass(frozen=True)
class Promises(Planted):
    """The features themselves, said not to depend on where they are."""

    invariances: ClassVar = ("positions",)
    statistic = staticmethod(lambda x: x[:, :24, :32])


helper = 3
