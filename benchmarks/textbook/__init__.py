"""The textbook build: what a newcomer to DRF writes in an afternoon to store file changes.

A generic view, a model serializer and SQLite as `startproject` sets it up: a rollback journal, a
connection a request. Cheaper than most in one thing: of the usual middleware it keeps the one that
sets Content-Length. Nothing of Picket is in it.
"""
