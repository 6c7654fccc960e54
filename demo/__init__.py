"""A fictional partnership: invented people, stories and partner extracts."""
