"""The floor that every package stands on."""
