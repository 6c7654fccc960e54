"""Pages of referrals: making and following one; triage and step-ups."""

from flask import Blueprint

from core.access import Limit

bp = Blueprint("referrals", __name__)
# An agency whose agreement ran out may still tell of an urgent concern, and sees nothing.
URGENT = (Limit.AGREEMENT,)

from referrals.views import answering, files, nominating, referring, sections, step_ups, tracking, triage  # noqa: E402, F401 (they register on bp)
