"""Pages of referrals: making and following one; triage and step-ups."""

from flask import Blueprint

bp = Blueprint("referrals", __name__)

from referrals.views import nominating, referring, sections, step_ups, tracking, triage  # noqa: E402, F401 (they register on bp)
