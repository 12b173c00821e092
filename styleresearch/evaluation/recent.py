"""What was computed of pictures lately, so that a picture which comes again is not computed again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import jax
import numpy as np


class Recent:
    """Results by picture, up to a size; those of the picture that was asked for longest ago go first."""

    def __init__(self, most_bytes: int = 256 * 2**20) -> None:
        self._most = most_bytes
        self._held = 0
        self._results: OrderedDict[str, tuple[Any, int]] = OrderedDict()

    def get(self, image: np.ndarray, compute: Callable[[], Any]) -> Any:
        """Return ``compute()``, or what it returned for this picture before: a pytree of arrays.

        Args:
            image: the picture; its shape and values say which one it is.
            compute: what is called if the picture is new or was dropped. One result alone may exceed the size.
        """
        key = hashlib.sha256(str(image.shape).encode() + np.ascontiguousarray(image).data).hexdigest()
        if key not in self._results:
            result = compute()
            size = sum(leaf.nbytes for leaf in jax.tree.leaves(result))
            self._results[key] = result, size
            self._held += size
            while self._held > self._most and len(self._results) > 1:
                _, (_, dropped) = self._results.popitem(last=False)
                self._held -= dropped
        self._results.move_to_end(key)
        return self._results[key][0]
