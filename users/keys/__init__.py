"""Keys of machines: made, shown once, revoked."""
