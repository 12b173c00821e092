"""Which device programs are written for: some have two forms, each fast on one kind."""

from __future__ import annotations

import jax


def on_cpu() -> bool:
    """Return whether programs traced now run on the CPU, where forms of their own are fast.

    On accelerators the plain convolution or padding is, and so are the gradients that autodiff makes of it.
    """
    return jax.default_backend() == "cpu"
