"""What was decided and how it goes: panel meetings, cases, plans, sessions, offers."""
