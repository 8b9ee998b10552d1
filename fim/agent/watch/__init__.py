"""From the kernel's queue to groups of events that belong together."""
