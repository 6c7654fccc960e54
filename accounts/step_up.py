"""Acts that ask for the password again: who gave it some minutes ago goes on, everyone else is asked first."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.server_session import server_session


def needs_step_up() -> Response | None:
    """None when the password was just given; else the way to the page that asks and then comes back here."""
    if server_session().stepped_up_within():
        return None
    here = request.full_path if request.query_string else request.path
    return redirect(url_for("accounts.again", next=here))
