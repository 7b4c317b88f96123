"""The drawn diagram at the head of each lab: one file per lab, and `diagram`, which shows it."""
