"""What lists can do: verbs, the actor first; none but the worker's piece commits."""
