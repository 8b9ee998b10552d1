"""What file integrity brings to the console."""
