"""Pages of people without an account, and of the coordinators who send links and take in what comes."""

from flask import Blueprint

bp = Blueprint("invited", __name__)

from invited.views import by_link, coordinating, families  # noqa: E402, F401 (they register on bp)
