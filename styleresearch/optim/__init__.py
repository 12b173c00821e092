"""Optimisers, their schedules, and our own L-BFGS."""
