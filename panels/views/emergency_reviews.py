"""The safeguarding lead looks back at every use of emergency access."""

from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from core.access import Permission, requires, signed_in
from core.codes.base import label_of
from core.codes.emergency import EmergencyOutcome
from core.codes.purposes import EmergencyReason
from core.ids import Id
from core.paging import page_number
from panels.forms.emergency import ReviewForm
from panels.forms.fields import tidy
from panels.services import emergency_reviews
from panels.services.emergency_reviews import NotYours
from panels.views import bp

P = Permission


def _reason(code: str) -> str:
    return label_of(EmergencyReason, code)


@bp.get("/audit/emergency")
@requires(P.EMERGENCY_READ, reads=Event.EMERGENCY_LISTED)
def emergency_list() -> ResponseReturnValue:
    lines, paging = emergency_reviews.listed(signed_in(), page_number(request.args.get("page")))
    return render_template(
        "panels/emergency/list.html", lines=lines, paging=paging, reason=_reason,
        url=lambda page: url_for(".emergency_list", page=page),
    )  # fmt: skip


@bp.route("/audit/emergency/<id:access_id>", methods=["GET", "POST"])
@requires(P.EMERGENCY_READ, reads=Event.EMERGENCY_LISTED)
def emergency_review(access_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), ReviewForm()
    line = emergency_reviews.find(actor, access_id)
    if request.method == "POST" and not line.may_review:
        g.denied = "action"
        abort(403)
    if form.validate_on_submit():
        try:
            emergency_reviews.review(actor, line.access, EmergencyOutcome(form.outcome.data), tidy(form.words.data))
        except NotYours:
            abort(403)
        flash("Review saved.", "success")
        return redirect(url_for(".emergency_list"))
    return render_template("panels/emergency/review.html", form=form, line=line, reason=_reason, own=_own(line))


def _own(line: Any) -> bool:
    return bool(line.access.user_id == signed_in().user_id)
