"""Formats of the tools that people run, a module each. Pure: no Django.

To add one is to add its module, and to name it in `registry.py`.

A format has a `NAME`, as in `/api/ingest/fim/NAME/`, a `TITLE` for people, `recognises(record)`,
which says by shape alone whether a record is of this tool, and `parse(record)`, which returns
what it holds as `Parsed` or raises InvalidRecord with what is missing.
"""
