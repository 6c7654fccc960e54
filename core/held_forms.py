"""A form that comes when its sender is no longer signed in is held for an hour, sealed, and shown again to them alone.

It is never carried out by itself (PAGES 1.3 and 7): who sent it sees the page again as they had filled it in, and sends it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.exceptions import HTTPException

from core import jobs
from core.access import Door, find_actor, requires, signed_in
from core.clock import now
from core.context import acting_as, current
from core.crypto import Encrypted
from core.db import Moment, SealedRecord, db
from core.forms import GIVEN_BACK, HOLDER, MACHINERY
from core.ids import Id
from core.requests import error_response
from core.row_security import everything
from core.spent_keys import destroy_after_commit

log = structlog.get_logger()
LASTS = timedelta(hours=1)
SWEPT_EVERY = timedelta(minutes=10)
MOST_BYTES = 256 * 1024
MOST_EACH = 10
# A page that has stood open for longer than a session can last is older than the sign-in it came from.
HOLDER_SECONDS = 12 * 3600
# Secrets are typed anew; which button was pressed is not: the form is shown again, and its sender presses one.
NEVER_HELD = frozenset({*MACHINERY, "code", "credential", "token", "act", "go"})
REPLAYED = ("once", "row_version")

bp = Blueprint("held", __name__)


class HeldForm(SealedRecord):
    """What one person sent too late. Sealed under a key of its own, like a draft; not audited, like a draft (SETTLED 20)."""

    __tablename__ = "held_form"

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    path: Mapped[str] = mapped_column(String(300))
    kept_until: Mapped[datetime] = mapped_column(Moment(), index=True)
    answers = Encrypted(kind="json", max_length=2 * MOST_BYTES)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="held-form")


def form_holder() -> str:
    """Stands hidden in every form: whose it is, signed. Nothing for a visitor, whose forms are not held."""
    actor = find_actor()
    if actor is None:
        return ""
    if "form_holder" not in g:
        g.form_holder = str(_serializer().dumps(actor.user_id))
    return str(g.form_holder)


def _sender() -> Id | None:
    """Who filled in the form that this request brings, as the form itself says under our signature."""
    try:
        found = _serializer().loads(request.form.get(HOLDER, ""), max_age=HOLDER_SECONDS)
    except BadData:
        return None
    return str(found)


def _typed() -> dict[str, list[str]]:
    """What is worth holding: everything but secrets and machinery. Files are not held."""
    return {
        name: values
        for name, values in request.form.lists()
        if name not in NEVER_HELD and "password" not in name and any(value.strip() for value in values)
    }


def hold() -> str | None:
    """Keep the form that this request brings; the address that gives it back, or None where there is nothing to keep."""
    is_form = request.method == "POST" and request.headers.get("X-Requested-With") != "autosave"
    if not is_form or (request.content_length or 0) > MOST_BYTES or len(_address()) > 300:
        return None
    actor, user_id, typed = find_actor(), _sender(), _typed()
    if user_id is None or not typed or (actor is not None and actor.user_id != user_id):
        return None
    # The form's one-time key is not spent: it will be sent again.
    db.session.rollback()
    typed |= {name: [request.form[name]] for name in REPLAYED if request.form.get(name)}
    with acting_as(job="hold a form"):
        held = HeldForm(user_id=user_id, path=_address(), kept_until=now() + LASTS, answers=typed)
        db.session.add(held)
        _keep_newest(user_id)
        db.session.flush()
    return url_for("held.give_back", held_id=held.id)


def _address() -> str:
    return request.full_path if request.query_string else request.path


def _keep_newest(user_id: Id) -> None:
    """So that an old page cannot be sent for ever."""
    theirs = select(HeldForm).where(HeldForm.user_id == user_id).order_by(HeldForm.kept_until.desc())
    for old in db.session.scalars(theirs.offset(MOST_EACH)):
        _destroy(old)


def _destroy(held: HeldForm) -> None:
    destroy_after_commit([held.data_key_id])
    db.session.delete(held)


def _find(held_id: Id) -> HeldForm:
    """Raise NoResultFound for anyone but its sender, and then it is destroyed with this answer; 410 after its hour."""
    with everything():
        held = db.session.get(HeldForm, held_id)
    if held is None or held.kept_until <= now():
        abort(410)
    if held.user_id != signed_in().user_id:
        g.held_for_another = held_id
        raise NoResultFound
    return held


@bp.get("/account/kept/<id:held_id>")
@requires(Door.SELF)
def give_back(held_id: Id) -> ResponseReturnValue:
    """A button that opens the form again as it was filled in. Nothing is sent by itself."""
    held = _find(held_id)
    with current().examining("own form"):
        answers: dict[str, list[str]] = held.answers or {}
    return render_template(
        "accounts/kept.html", held=held, fields=list(_fields(answers)), can_open=_can_be_opened(held.path),
        typed=[(name, value) for name, value in _fields(answers) if name not in REPLAYED], given_back=GIVEN_BACK,
    )  # fmt: skip


def _fields(answers: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, values in answers.items() for value in values)


def _can_be_opened(path: str) -> bool:
    """Whether the form stands at the address that it is sent to."""
    try:
        current_app.url_map.bind("").match(path.split("?")[0], method="GET")
    except HTTPException:
        return False
    return True


@bp.post("/account/kept/<id:held_id>/delete")
@requires(Door.SELF)
def throw_away(held_id: Id) -> ResponseReturnValue:
    _destroy(_find(held_id))
    flash("What you typed was deleted.", "success")
    return redirect("/")


def destroy_for_another(response: Response) -> bool:
    """A step of the gate: somebody else asked for it, so nobody gets it (PAGES 3.1)."""
    held_id = g.pop("held_for_another", None)
    if held_id is not None:
        with everything():
            held = db.session.get(HeldForm, held_id)
            if held is not None:
                _destroy(held)
                db.session.flush()
    return held_id is not None


def sweep() -> int:
    """Delete what has been held for its hour; returns how many. Commits."""
    with acting_as(job="sweep"):
        over = list(db.session.scalars(select(HeldForm).where(HeldForm.kept_until <= now())))
        for held in over:
            _destroy(held)
        db.session.commit()
    return len(over)


def _after_signing_in_again(error: CSRFError) -> ResponseReturnValue:
    """Someone signed in again in another tab: the token of the old page is spent, but it is still their own page."""
    log.warning("form_without_token", route=request.endpoint, request_id=g.get("request_id"))
    address = hold() if find_actor() is not None else None
    return redirect(address) if address else error_response(400)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.jinja_env.globals["form_holder"] = form_holder
    app.extensions["hold_form"] = hold
    app.extensions["gate_steps"].append(destroy_for_another)
    app.register_error_handler(CSRFError, _after_signing_in_again)
    jobs.every("held-forms", SWEPT_EVERY, sweep)
