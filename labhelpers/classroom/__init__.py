"""The classroom: guesses, the report, copies of one's own, and marks."""
