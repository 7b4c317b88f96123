"""Data sets: where they come from, their parts, their batches."""
