"""The list of cases, and changing many at once."""
