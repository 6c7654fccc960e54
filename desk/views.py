"""The first page of each role, public pages, and health."""

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue

from audit.models import Event
from core import formats
from core.access import Door, Limit, requires, signed_in
from core.clock import in_london, now
from desk import frame, health
from desk import home as work

bp = Blueprint("desk", __name__)
# Address and template of the pages that anyone may read, signed in or not.
PUBLIC_PAGES = {
    "/help": "help", "/help/words": "words", "/accessibility": "accessibility", "/privacy": "privacy",
    "/privacy/young-people": "privacy-young-people", "/your-information": "your-information", "/cookies": "cookies",
    "/contact": "contact", "/notices": "notices",
}  # fmt: skip


def init_app(app: Flask) -> None:
    frame.init_app(app)
    formats.init_app(app)


@bp.get("/")
@requires(Door.SELF, reads=Event.HOME_READ, despite=(Limit.TRAINING,))
def home() -> ResponseReturnValue:
    """Counts and references; only a referrer's own list opens names, and that is an entry."""
    at = in_london(now())
    return render_template("desk/home.html", work=work.of(signed_in()), at=at)


def _public(template: str) -> None:
    @requires(Door.PUBLIC)
    def show() -> ResponseReturnValue:
        return render_template(f"public/{template}.html")

    address = next(path for path, name in PUBLIC_PAGES.items() if name == template)
    bp.add_url_rule(address, f"public_{template.replace('-', '_')}", show)


for _template in PUBLIC_PAGES.values():
    _public(_template)


@bp.get("/health/live")
@requires(Door.PUBLIC)
def live() -> ResponseReturnValue:
    """This process answers. It says nothing about databases or keys: a restart would not mend those."""
    return {"live": True}


@bp.get("/health/ready")
@requires(Door.PUBLIC)
def ready() -> ResponseReturnValue:
    """Yes or no alone; `flask doctor` says what is wrong to who may know."""
    is_ready = not any(health.examine(health.READY).values())
    return {"ready": is_ready}, 200 if is_ready else 503


from desk import find, key_approvals  # noqa: E402, F401 (it registers on bp)
