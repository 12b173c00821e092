"""Pictures: reading and writing them, where they come from, and the painter that makes them. No jax here."""
