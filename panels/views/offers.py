"""Offers of support and their answers."""
