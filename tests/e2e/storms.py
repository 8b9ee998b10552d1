"""`python -m tests.e2e.storms TREE COUNT`: create, change, move and delete at full speed."""

import os
import sys

DIRECTORIES = 50


def storm(tree, count):
    """Make so many files, then change, move and delete a quarter of them each."""
    names = [f"{tree}/d{n % DIRECTORIES:02d}/f{n:05d}" for n in range(count)]
    make_directories(tree)
    for name in names:
        write(name, b"first")
    for name in names[0::4]:
        write(name, b"second")
    for name in names[1::4]:
        os.rename(name, f"{name}.moved")
    for name in names[2::4]:
        os.unlink(name)


def make_directories(tree):
    for n in range(DIRECTORIES):
        os.makedirs(f"{tree}/d{n:02d}", exist_ok=True)


def write(path, content):
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(handle, content)
    os.close(handle)


if __name__ == "__main__":
    storm(sys.argv[1], int(sys.argv[2]))
