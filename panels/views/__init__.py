"""Pages of panels: meetings, cases, plans, sessions, offers."""

from flask import Blueprint

bp = Blueprint("panels", __name__)

from panels.views import caseload, cases, closing, meetings, offers, plans, sessions, sharing, step_ups  # noqa: E402, F401 (register on bp)
