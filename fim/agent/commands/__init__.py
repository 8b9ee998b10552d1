"""What `python -m fim.agent` can be asked to do: one module each, imported when it is asked."""
