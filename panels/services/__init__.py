"""What panels can do: verbs, the actor first; none commits."""
