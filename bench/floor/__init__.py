"""The floor: the smallest Flask application doing the same query and the same audit insert, with none of our walls."""
