"""What cohort can do: verbs, the actor first; none commits."""
