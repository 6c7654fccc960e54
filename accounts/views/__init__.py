"""Pages of accounts: the doors, one's own account, and the administrators' lists."""

from flask import Blueprint, Flask

bp = Blueprint("accounts", __name__)

from accounts.views import (  # noqa: E402, F401 (register on bp)
    account,
    approvals,
    doors,
    entering,
    grants,
    homes,
    organisations,
    places,
    security,
    standing,
    users,
)


def init_app(app: Flask) -> None:
    doors.init_app(app)
