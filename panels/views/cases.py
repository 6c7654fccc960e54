"""The case page, its timeline, notes, taking part."""
