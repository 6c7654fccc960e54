"""A form is carried out once: its one-time key is unique per user, and a second sending gets the first's answer."""

from datetime import datetime
from typing import Any

from flask import redirect, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy import CTE, Insert, Select, String, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from core.access import find_actor
from core.clock import now
from core.db import Moment, db, id_type
from core.ending import at_commit
from core.ids import Id

SMALL = 500_000
_SETTLE = "update form_submission set location = :location where user_id = :user and key = :key"


class FormSubmission(db.Model):  # type: ignore[name-defined]
    """One sending of one form. Holds no answers: only where the first sending led."""

    __tablename__ = "form_submission"

    user_id: Mapped[Id] = mapped_column(id_type(), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    location: Mapped[str | None] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(Moment(), default=now, index=True)


def _claim(user_id: Id, key: str) -> Insert:
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(FormSubmission).values(user_id=user_id, key=key, at=now())
    claimed: Insert = statement.on_conflict_do_nothing().returning(FormSubmission.key)
    return claimed


def _key() -> str:
    """The one-time key that this request spends. Autosave posts the same form and must not spend it."""
    if request.method != "POST" or request.headers.get("X-Requested-With") == "autosave":
        return ""
    return request.form.get("once", "")


def key_of_plain_form() -> str:
    """The key of a form without files, known before anything else is asked; "" where ``claim`` must look itself."""
    if request.mimetype != "application/x-www-form-urlencoded" or (request.content_length or 0) > SMALL:
        return ""
    key = _key()
    return key if len(key) <= 64 else ""


def claimed_with(owner: Select[Any]) -> CTE:
    """A claim for the statement that finds out who is acting (PostgreSQL): ``owner`` selects the user's id.

    Its parameters are ``once`` and ``now``. It has one row where the key was free. A request that is then turned away
    answers without keeping anything, the claim with it.
    """
    values = owner.add_columns(bindparam("once", type_=String), bindparam("now", type_=Moment()))
    statement = postgresql.insert(FormSubmission).from_select(["user_id", "key", "at"], values)
    return statement.on_conflict_do_nothing().returning(FormSubmission.key).cte("claimed")


def claim() -> ResponseReturnValue | None:
    """Before the view: claim the form's key in this transaction, or send the user where the first sending led.

    A rival transaction with the same key makes this statement wait until the rival has committed or rolled back.
    """
    actor, key = find_actor(), _key()
    if actor is None or not key or len(key) > 64:
        return None
    claimed = getattr(session, "claimed", None)
    if claimed or (claimed is None and db.session.execute(_claim(actor.user_id, key)).first()):
        return None
    first = db.session.execute(
        select(FormSubmission.location).where(FormSubmission.user_id == actor.user_id, FormSubmission.key == key)
    ).scalar_one()
    return redirect(first or request.path)


def release() -> None:
    """The form is only shown again, although something else of its transaction is kept: its key stays unspent."""
    actor, key = find_actor(), _key()
    if actor is not None and key:
        spent = FormSubmission.user_id == actor.user_id, FormSubmission.key == key
        db.session.execute(delete(FormSubmission).where(*spent))


def settle(location: str | None) -> None:
    """After the view, in the same transaction: remember where the first sending led."""
    actor, key = find_actor(), _key()
    if actor is not None and key and len(key) <= 64 and location:
        at_commit(_SETTLE, {"location": location[:300], "user": actor.user_id, "key": key})
