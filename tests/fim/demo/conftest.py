import os

collect_ignore = []
if os.environ.get("DATABASE_URL", "").startswith("postgres"):
    # `make demo` has an SQLite of its own, whatever the suite runs on.
    collect_ignore = ["test_make_demo.py"]
