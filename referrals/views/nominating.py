"""The page on which a coordinator nominates a young person who came up."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from cohort.services import candidates
from core.access import Permission, requires, signed_in
from core.codes.referrals import LawfulBasisChoice, NotInformedReason
from core.context import current
from core.ids import Id
from core.languages import gettext as _
from core.versions import expect_version
from referrals.forms.nominating import NominateForm
from referrals.services.nominating import nominate as make_referral
from referrals.views import bp


@bp.route("/refer/candidates/<id:candidate_id>", methods=["GET", "POST"])
@requires(Permission.CANDIDATE_DECIDE, reads=Event.CANDIDATE_READ)
def nominate(candidate_id: Id) -> ResponseReturnValue:
    form = NominateForm()
    try:
        candidate = candidates.find_to_decide(signed_in(), candidate_id)
    except candidates.AlreadyDecided:
        abort(409)
    current().looked_at("candidate", candidate_id)
    if form.validate_on_submit():
        expect_version(candidate, form, dict.fromkeys(form.answer_fields(), ""))
        return _nominated(form, candidate)
    if request.method == "GET":
        form.row_version.data = str(candidate.row_version)
    return render_template("cohort/nominate.html", form=form, candidate=candidate)


def _nominated(form: NominateForm, candidate: Any) -> ResponseReturnValue:
    referral = make_referral(
        signed_in(), candidate, words=(form.words.data or "").strip(), going_well=(form.going_well.data or "").strip(),
        informed=form.informed.data == "yes", basis=LawfulBasisChoice(form.basis.data),
        why_not=NotInformedReason(form.why_not.data) if form.why_not.data else None,
    )  # fmt: skip
    flash(_("Nominated. The referral is %(reference)s.", reference=referral.reference), "success")
    return redirect(url_for("cohort.candidate_list"))
