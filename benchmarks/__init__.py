"""What is fast, measured against its floor: see README.md."""
