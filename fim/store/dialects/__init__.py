"""What SQLite and PostgreSQL need told differently. Elsewhere the code knows no dialect."""
