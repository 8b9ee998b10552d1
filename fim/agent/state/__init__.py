"""What the agent keeps on disk: baseline, journal, spool."""
