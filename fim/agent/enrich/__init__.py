"""What is added to a log: who, how bad, which package, what text."""
