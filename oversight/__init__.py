"""Figures for areas, the board and the commissioner: numbers only, and no way from them to a young person."""
