"""Write logs: group commit, counts, subjects, search index, deletions."""
