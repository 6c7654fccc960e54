"""Looking for unusual access: rules over the trail, at once where it is cheap and each night for the rest."""
