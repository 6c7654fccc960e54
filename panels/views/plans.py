"""Plans, goals and reviews."""
