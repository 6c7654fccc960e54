"""The trail: what was done, by whom, about whom; sealed so that a change shows."""
