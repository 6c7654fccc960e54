"""Pages of what stays and what goes: records whose time is over, what was disposed of, and erasing."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.services.approvals import NotAllowed
from accounts.views.guards import step_up_first
from core.access import Permission, requires, signed_in
from core.codes import label_of
from core.codes.retention import HoldReason, KeepReason, RetentionRule
from core.codes.retention import RetentionState as State
from core.ids import Id
from core.paging import page_number
from rights import retention
from rights.forms import DecideForm

bp = Blueprint("rights", __name__)

P = Permission
DONE = {
    "keep": "It is kept.", "hold": "A legal hold stands on it.", "release": "The legal hold is ended.",
    "dispose": "A second person has been asked.",
}  # fmt: skip


def _rule(code: str) -> str:
    return label_of(RetentionRule, code)


@bp.get("/rights/retention")
@requires(P.RETENTION_DECIDE)
def retention_list() -> ResponseReturnValue:
    """References, rules and dates: nothing sealed is opened."""
    lines, paging = retention.listed(signed_in(), retention.OPEN_STATES, page_number(request.args.get("page")))
    return render_template(
        "rights/list.html", lines=lines, paging=paging, rule=_rule,
        url=lambda page: url_for(".retention_list", page=page),
    )  # fmt: skip


@bp.get("/rights/disposals")
@requires(P.RETENTION_DECIDE)
def disposal_list() -> ResponseReturnValue:
    """What was disposed of and what is kept longer; each disposal is a certificate that outlasts the record."""
    states = (State.DISPOSED.value, State.KEPT.value)
    lines, paging = retention.listed(signed_in(), states, page_number(request.args.get("page")))
    return render_template(
        "rights/disposals.html", lines=lines, paging=paging, rule=_rule,
        keep=lambda code: label_of(KeepReason, code), url=lambda page: url_for(".disposal_list", page=page),
    )  # fmt: skip


@bp.route("/rights/retention/<id:review_id>", methods=["GET", "POST"])
@requires(P.RETENTION_DECIDE)
@step_up_first
def retention_decide(review_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), DecideForm()
    line = retention.find(actor, review_id)
    form.offer(line.is_held)
    if form.validate_on_submit():
        try:
            _carry_out(form, line)
        except NotAllowed as refusal:
            back = url_for(".retention_list")
            return render_template("accounts/not_allowed.html", why=str(refusal), back=back), 409
        flash(DONE[form.decision.data], "success")
        return redirect(url_for(".retention_list"))
    return render_template("rights/decide.html", form=form, line=line, rule=_rule)


def _carry_out(form: DecideForm, line: Any) -> None:
    actor = signed_in()
    match form.decision.data:
        case "keep":
            retention.keep(actor, line.review, KeepReason(form.keep_reason.data), int(form.years.data))
        case "hold":
            retention.hold(actor, line.review, HoldReason(form.hold_reason.data))
        case "release":
            retention.release(actor, line.review)
        case "dispose":
            retention.propose(actor, line.review, (form.reason.data or "").strip())


from rights import views_erasing, views_merging, views_transfers  # noqa: E402, F401 (they register on bp)
