"""On what lawful ground something is shared, and what was shared or refused."""
