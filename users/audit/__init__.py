"""The audit list: who changed what, from where."""
