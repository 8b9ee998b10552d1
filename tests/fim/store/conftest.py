from django.db import connection

# PostgreSQL keeps its own search index in step by itself.
collect_ignore = ["test_search_index.py"] if connection.vendor == "postgresql" else []
