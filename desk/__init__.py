"""What waits for me: the first page, search, health."""
