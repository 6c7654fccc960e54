"""What referrers see of what they sent."""
