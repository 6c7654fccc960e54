"""Planning and recording sessions."""
