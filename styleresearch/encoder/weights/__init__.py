"""Where the encoders' weights come from: a cache, a user's file, a package on the index, or a public address.

Nothing here imports jax: ``styleresearch weights`` stays quick.
"""

from styleresearch.encoder.weights.base import WEIGHT_CONVENTIONS, Weights
from styleresearch.encoder.weights.convert import convert
from styleresearch.encoder.weights.known import KNOWN, Known
from styleresearch.encoder.weights.loading import fetch, load

__all__ = ["KNOWN", "WEIGHT_CONVENTIONS", "Known", "Weights", "convert", "fetch", "load"]
