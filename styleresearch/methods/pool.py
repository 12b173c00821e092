"""A pool of earlier pictures, inside the jitted step: a discriminator also sees what the generator painted before."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import struct

from styleresearch.types import Image


@struct.dataclass
class Pool:
    """Pictures that were painted earlier.

    Attributes:
        images: places for them, (n, h, w, 3); those from ``count`` on are empty.
        count: how many places are taken, int32.
    """

    images: Any
    count: Any

    @classmethod
    def empty(cls, size: int, image: Image) -> Pool:
        """Return a pool of ``size`` places for pictures like ``image``."""
        return cls(jnp.zeros((size, *image.shape[1:]), jnp.float32), jnp.int32(0))

    def exchange(self, images: Image, key: Any) -> tuple[Pool, Image]:
        """Return the pool after these pictures came by, and what the discriminator is shown in their place.

        One after the other: while there are empty places a picture takes one and is shown; then, every other time, an
        earlier one is shown and leaves its place to the new one.

        Source: Shrivastava et al. 2017, section 2.3, as CycleGAN has it (Zhu et al. 2017, section 4: 50 pictures).

        Args:
            images: just painted.
            key: decides which pictures change places.
        """
        size = self.images.shape[0]
        if size == 0:
            return self, images

        def pass_by(pool: Pool, arrival: Any) -> tuple[Pool, Any]:
            image, key = arrival
            swap, place = jax.random.split(key)
            filling = pool.count < size
            index = jnp.where(filling, pool.count, jax.random.randint(place, (), 0, size))
            enters = filling | jax.random.bernoulli(swap)
            shown = jnp.where(enters & ~filling, pool.images[index], image)
            kept = pool.images.at[index].set(jnp.where(enters, image, pool.images[index]))
            return Pool(kept, jnp.minimum(pool.count + filling, size)), shown

        return jax.lax.scan(pass_by, self, (images, jax.random.split(key, images.shape[0])))
