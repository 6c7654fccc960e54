"""The register of sharing: what was shared in an area, on what ground, and what was not lawful."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from audit.models import Event
from core.access import Permission, requires, signed_in
from core.codes.sharing import SharingOutcome
from core.context import current
from core.ids import Id
from core.paging import page_number
from sharing import services
from sharing.policies import disclosures_visible_to

bp = Blueprint("sharing", __name__)
P = Permission


@bp.get("/sharing")
@requires(P.SHARING_READ)
def sharing_register() -> ResponseReturnValue:
    outcome = request.args.get("outcome", "")
    outcome = outcome if outcome in {o.value for o in SharingOutcome} else ""
    page = page_number(request.args.get("page"))
    rows = services.listed(disclosures_visible_to(signed_in()), outcome=outcome, page=page)
    return render_template(
        "sharing/register.html", rows=rows[: services.PAGE], more=len(rows) > services.PAGE, page=page, outcome=outcome,
        outcomes=[("", "All"), *[(o.value, o.label) for o in SharingOutcome]], names=services,
    )  # fmt: skip


@bp.get("/sharing/<id:disclosure_id>")
@requires(P.SHARING_READ, reads=Event.DISCLOSURES_READ)
def disclosure(disclosure_id: Id) -> ResponseReturnValue:
    found = services.find_disclosure(signed_in(), disclosure_id)
    current().looked_at("disclosure", found.id)
    return render_template(
        "sharing/disclosure.html", found=found, answer=services.answer_for(found), names=services, again=None
    )
