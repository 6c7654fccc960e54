"""Forms of panels: meetings, cases, plans, sessions, offers."""
