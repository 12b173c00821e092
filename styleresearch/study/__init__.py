"""User studies: what raters are shown and in which order, what they voted, and what their votes say; no JAX."""
