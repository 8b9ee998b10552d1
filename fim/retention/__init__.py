"""Old logs: archived or pruned."""
