"""The second person's page: roles that wait for approval."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from accounts.models import Membership
from accounts.policies import grants_visible_to
from accounts.services import grants, users
from accounts.services.grants import NotAllowed
from accounts.views import bp
from accounts.views.guards import step_up_first
from core.access import Actor, Permission, requires, signed_in
from core.db import db
from core.ids import Id


@bp.get("/admin/grants")
@requires(Permission.GRANT_APPROVE)
def grant_list() -> ResponseReturnValue:
    return render_template("accounts/grants.html", **waiting_grants(signed_in()))


def waiting_grants(actor: Actor) -> dict[str, Any]:
    """What the list of them shows, here and on "Approvals": the roles that wait, and why some are another's to decide."""
    waiting = db.session.scalars(grants_visible_to(actor)).all()
    refusals = {membership.id: grants.why_not(actor, membership) for membership in waiting}
    return {"grants": users.in_words(grants_visible_to(actor)) if waiting else [], "refusals": refusals}


@bp.post("/admin/grants/<id:membership_id>/approve")
@requires(Permission.GRANT_APPROVE)
@step_up_first
def approve(membership_id: Id) -> ResponseReturnValue:
    return _decide(membership_id, approve=True)


@bp.post("/admin/grants/<id:membership_id>/decline")
@requires(Permission.GRANT_APPROVE)
@step_up_first
def decline(membership_id: Id) -> ResponseReturnValue:
    return _decide(membership_id, approve=False)


def _decide(membership_id: Id, *, approve: bool) -> ResponseReturnValue:
    actor = signed_in()
    membership = db.session.scalars(grants_visible_to(actor).where(Membership.id == membership_id)).one()
    try:
        (grants.approve if approve else grants.decline)(actor, membership)
    except NotAllowed as refusal:
        back = url_for("accounts.grant_list")
        return render_template("accounts/not_allowed.html", why=str(refusal), back=back), 409
    flash("Role approved. It counts from now." if approve else "Role declined.", "success")
    return redirect(url_for("accounts.approval_list"))
