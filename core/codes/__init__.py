"""The code lists: stable codes in the database, plain words on the pages."""

from core.codes.base import Code, GroupedCode, Status, Tag, choices, grouped, label_of, ordered

__all__ = ["Code", "GroupedCode", "Status", "Tag", "choices", "grouped", "label_of", "ordered"]
