"""What referrals can do: verbs, the actor first; none commits."""
