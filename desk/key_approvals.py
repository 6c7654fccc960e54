"""Destroying areas' old keys takes two people: one asks on "Old keys", another agrees, then `flask keys drop-old` may."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, select
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from accounts.models import Approval, Area
from accounts.services import approvals
from accounts.services.approvals import Kind, NotAllowed
from accounts.views.guards import step_up_first
from audit.models import Event
from audit.services import record
from core.access import Actor, Permission, requires, signed_in
from core.clock import now
from core.codes.approvals import ApprovalState
from core.db import db
from core.forms import Form
from core.ids import Id
from core.keyring import keyring
from core.row_security import everything
from desk import rotating
from desk.views import bp

P = Permission
KIND = "key_destruction"
Version = tuple[Id, int]


@dataclass(frozen=True, slots=True)
class OldKeys:
    """The versions of one area's key that nothing stands under any more."""

    area_id: Id
    area: str
    versions: list[int]
    is_asked: bool


class AskForm(Form):
    area = SelectField("Whose old keys?", [InputRequired("Choose an area")])
    reason = TextAreaField(
        "Why may they go?",
        [
            InputRequired("Say why they may go"),
            Length(min=20, max=2000, message="Why they may go must have between 20 and 2,000 characters"),
        ],
        description="Say which copies of the data and of the keys you looked at: what only an old key opens is lost for good.",
        render_kw={"rows": 3},
    )


def old_keys(actor: Actor) -> list[OldKeys]:
    """By area, those that this person looks after."""
    with everything():
        names = {row.id: row.name for row in db.session.execute(select(Area.id, Area.name))}
        found: dict[Id, list[int]] = {}
        for area_id, version in rotating.droppable(keyring()):
            if actor.area_id in {None, area_id}:
                found.setdefault(area_id, []).append(version)
        asked = set(db.session.scalars(select(Approval.object_id).where(Approval.kind == KIND, *_standing(_OPEN))))
    lines = [OldKeys(area_id, names[area_id], sorted(which), area_id in asked) for area_id, which in found.items()]
    return sorted(lines, key=lambda one: one.area)


_OPEN = (ApprovalState.ASKED.value, ApprovalState.AGREED.value)


def _standing(states: tuple[str, ...]) -> tuple[ColumnElement[bool], ...]:
    return Approval.state.in_(states), Approval.expires_at > now()


def ask(actor: Actor, keys: OldKeys, reason: str) -> Approval:
    """Ask a second person to agree. Raise NotAllowed."""
    return approvals.ask(
        actor, KIND, area_id=keys.area_id, object_id=keys.area_id, reason=reason,
        terms={"area": keys.area, "versions": keys.versions},
    )  # fmt: skip


def agreed() -> dict[Version, Approval]:
    """What two people agreed to destroy and nobody has destroyed yet. Run it as a job."""
    wanted = select(Approval).where(Approval.kind == KIND, *_standing((ApprovalState.AGREED.value,)))
    return {
        (str(one.area_id), int(version)): one for one in db.session.scalars(wanted) for version in one.terms["versions"]
    }  # fmt: skip


def used(approval: Approval) -> None:
    """The command has destroyed what was agreed. The caller commits."""
    approval.state = ApprovalState.DONE.value
    record(Event.APPROVAL_ENDED, None, approval, reason="used")


def _terms(approval: Approval) -> list[tuple[str, str]]:
    return [
        ("Area", approval.terms["area"]),
        ("Versions of its key", ", ".join(str(one) for one in approval.terms["versions"])),
        ("What it does", "The operator may destroy them. Copies of the data from before the rotation no longer open"),
    ]


approvals.register(Kind(KIND, "Destroy old keys", asks=(P.RETENTION_DECIDE,), terms=_terms))


@bp.route("/rights/keys", methods=["GET", "POST"])
@requires(P.RETENTION_DECIDE)
@step_up_first
def old_keys_page() -> ResponseReturnValue:
    actor, form = signed_in(), AskForm()
    lines = old_keys(actor)
    form.area.choices = [(one.area_id, one.area) for one in lines if not one.is_asked]
    if form.area.choices and form.validate_on_submit():
        try:
            ask(actor, next(one for one in lines if one.area_id == form.area.data), (form.reason.data or "").strip())
        except NotAllowed as refusal:
            back = url_for(".old_keys_page")
            return render_template("accounts/not_allowed.html", why=str(refusal), back=back), 409
        flash("It waits for a second person.", "success")
        return redirect(url_for(".old_keys_page"))
    return render_template("desk/old_keys.html", form=form, lines=lines)
