"""Studies, intervals, claims: what the numbers allow to say."""
