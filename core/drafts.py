"""Text typed into a long form is kept on the server while it is typed, sealed, its owner's alone (SETTLED 27)."""

from datetime import datetime
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.datastructures import MultiDict

from core.access import Door, requires, signed_in
from core.clock import now
from core.context import current
from core.crypto import Encrypted
from core.db import Moment, SealedRecord, db
from core.ending import at_commit
from core.forms import MACHINERY
from core.ids import Id

bp = Blueprint("drafts", __name__)
_DISCARD = "delete from form_draft where user_id = :user and form_key = :form_key"


class FormDraft(SealedRecord):
    """What one person has typed into one form and not sent. Not audited while typed: only the sending is (SETTLED 20)."""

    __tablename__ = "form_draft"
    __table_args__ = (Index("uq_form_draft_form", "user_id", "form_key", unique=True),)

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    form_key: Mapped[str] = mapped_column(String(80))
    saved_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    answers = Encrypted(kind="json", max_length=200_000)


def find(user_id: Id, form_key: str) -> FormDraft | None:
    return db.session.scalars(
        select(FormDraft).where(FormDraft.user_id == user_id, FormDraft.form_key == form_key)
    ).first()


def restore(form: Any, form_key: str) -> bool:
    """Fill a form that is being opened (GET) with what its user typed before; True when there was something."""
    draft = find(signed_in().user_id, form_key)
    if draft is None or request.method != "GET":
        return False
    fill(form, draft)
    return True


def fill(form: Any, draft: FormDraft) -> None:
    """Put what was typed into the form."""
    with current().examining("own draft"):
        answers: dict[str, Any] = draft.answers or {}
    typed = MultiDict([(name, value) for name, values in answers.items() for value in values])
    for name, item in form.answer_fields().items():
        if any(key == name or key.startswith(f"{name}-") for key in typed):
            item.process(typed)


def discard(form_key: str) -> None:
    """After the form was sent. Its key is swept with the other keys that open nothing (`flask drafts sweep`)."""
    at_commit(_DISCARD, {"user": signed_in().user_id, "form_key": form_key})


@bp.post("/drafts/<form_key>")
@requires(Door.SELF)
def save(form_key: str) -> ResponseReturnValue:
    """Autosave of a form outside the referral journey. ``form_key``: the form's name, "-", and the record's id."""
    owner = signed_in().user_id
    draft = find(owner, form_key[:80])
    if draft is None:
        draft = FormDraft(user_id=owner, form_key=form_key[:80])
        db.session.add(draft)
    draft.answers = {name: values for name, values in request.form.lists() if name not in MACHINERY}
    draft.saved_at = now()
    return "", 204
