"""People who sign in, the roles they hold where, their sessions, and the areas and agencies they work for."""
