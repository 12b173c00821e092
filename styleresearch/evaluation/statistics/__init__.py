"""Means, intervals, tests and designs for images that share contents and styles; numpy and scipy only, no JAX."""
