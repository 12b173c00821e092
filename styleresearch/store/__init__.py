"""What is on disk: files that appear whole or not at all, JSON that is checked, digests, where caches lie. No jax."""
