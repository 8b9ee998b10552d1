"""The running agent: its parts put together, its socket, its unit."""
