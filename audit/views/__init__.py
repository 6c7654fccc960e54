"""Pages of the audit trail. They say whose record and who, so they sit above the packages that hold those."""

from flask import Blueprint

bp = Blueprint("audit", __name__)

from audit.views import checks, exports, records, trail  # noqa: E402, F401 (register on bp)
