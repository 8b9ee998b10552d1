"""The way to the node: logs, heartbeats, canaries."""
