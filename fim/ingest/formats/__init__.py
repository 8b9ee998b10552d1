"""Formats of the tools that people run. Each file here is one; adding a format is adding a file.

A format has a `NAME`, as in `/api/ingest/fim/NAME/`, a `TITLE` for people, `recognises(record)`,
which says by shape alone whether a record is of this tool, and `parse(record)`, which returns
what it holds as `Parsed` or raises InvalidRecord with what is missing.
"""
