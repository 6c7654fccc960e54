"""A referral of one's area as a JSON file: the permission, second factor and entry of every other export."""

import json
from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from accounts.step_up import needs_step_up
from audit.models import Event
from core.access import Permission, requires, signed_in
from core.context import current
from core.ids import Id
from interface.forms import ReferralExportForm
from interface.services import exporting
from interface.views import bp
from referrals.services import triage

P = Permission


@bp.get("/triage/<id:referral_id>/export")
@requires(P.CASE_EXPORT)
def export_referral(referral_id: Id) -> ResponseReturnValue:
    file = triage.find_file(signed_in(), referral_id)
    return needs_step_up() or _page(ReferralExportForm(), file)


def _page(form: ReferralExportForm, file: Any) -> str:
    return render_template("interface/export_referral.html", form=form, referral=file.referral)


@bp.post("/triage/<id:referral_id>/export")
@requires(P.CASE_EXPORT, reads=Event.REFERRAL_EXPORTED)
def export_referral_file(referral_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), ReferralExportForm()
    file, stopped = triage.find_file(actor, referral_id), needs_step_up()
    if stopped is not None:
        return stopped
    if not form.validate_on_submit():
        # Nothing was taken out, so no entry says that it was.
        current().forget()
        return _page(form, file)
    found = exporting.document(actor, file, form.purpose.data)
    name = f"OFFICIAL-SENSITIVE-{file.referral.reference}.json"
    return Response(
        json.dumps(found, ensure_ascii=False, indent=2), mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip
