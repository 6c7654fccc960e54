"""Sent to the front door, and chased."""
