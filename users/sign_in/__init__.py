"""Signing in and out: passwords, tokens, cookies, lock-outs."""
