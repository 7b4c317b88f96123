"""Rows that `make publish` measured, a file for each study; read by evidence/rows.py."""
