"""What a log is: its fields, their limits, and how one is read. Pure: no Django."""
