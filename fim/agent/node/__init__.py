"""What is sent to the node: logs, heartbeats, canaries."""
