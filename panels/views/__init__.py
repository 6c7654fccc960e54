"""Pages of panels: meetings, cases, plans, sessions, offers."""

from flask import Blueprint

bp = Blueprint("panels", __name__)

from panels.views import (  # noqa: E402, F401 (register on bp)
    caseload,
    cases,
    closing,
    documents,
    emergency,
    emergency_reviews,
    exporting,
    meetings,
    offers,
    other_panels,
    plans,
    sensitivity,
    sessions,
    sharing,
    step_ups,
)
