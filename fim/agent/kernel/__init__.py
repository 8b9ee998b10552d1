"""What the kernel tells: file-system events, who caused them, which processes ended."""
