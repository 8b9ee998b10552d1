"""What changed: file-system events, the facts of a file, differences, logs."""
