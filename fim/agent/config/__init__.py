"""The configuration file and what its values may be."""
