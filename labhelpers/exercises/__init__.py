"""Exercises: per lab the solutions, hints and known mistakes, and what judges an answer."""
