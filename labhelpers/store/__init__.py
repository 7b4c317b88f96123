"""Fingerprints, and files that are whole at every instant; knows nothing of data and training."""
