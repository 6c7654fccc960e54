"""The coordinator's queue, matches and decisions."""
