"""Young people: who they are, partners' extracts, and who came up to be considered."""
