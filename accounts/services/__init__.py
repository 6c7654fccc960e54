"""What accounts can do: check a password, slow down guessing, send links, propose and approve roles."""
