"""Examining, sealing, checking and giving out files."""
