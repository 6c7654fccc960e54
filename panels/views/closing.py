"""Closing and reopening a case."""
