"""The first page of each role, public pages, and health."""

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue

from core import formats
from core.access import Door, requires
from desk import frame

bp = Blueprint("desk", __name__)
PUBLIC_PAGES = ("help", "accessibility", "privacy", "cookies", "contact")


def init_app(app: Flask) -> None:
    frame.init_app(app)
    formats.init_app(app)


@bp.get("/")
@requires(Door.SELF)
def home() -> ResponseReturnValue:
    return render_template("desk/home.html")


from desk import find  # noqa: E402, F401 (it registers on bp)
