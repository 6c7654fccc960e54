"""Small builders of records, by package."""
