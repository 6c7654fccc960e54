"""Pages for a record that moves to another area: asking, the other area's answer, and what the first area keeps."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound

from audit.models import Event
from core.access import Permission, requires, signed_in
from core.codes.transfers import MoveAnswer, TransferState
from core.ids import Id
from panels.services.cases import find_case
from rights import erasures, merging, transfers
from rights.forms_transfers import AnswerForm, TransferForm
from rights.models import Transfer
from rights.transfers import Asked, NotPossible
from rights.views import bp

P = Permission


@bp.route("/cases/<id:case_id>/transfer", methods=["GET", "POST"])
@requires(P.CASE_CLOSE)
def transfer_case(case_id: Id) -> ResponseReturnValue:
    """What goes, as counts: nothing sealed is opened."""
    actor, form = signed_in(), TransferForm()
    case = find_case(actor, case_id)
    form.to_area_id.choices = [("", "Choose"), *transfers.other_areas(actor)]
    if form.validate_on_submit():
        asked = Asked(
            form.to_area_id.data, MoveAnswer(form.said.data), (form.reason.data or "").strip(), (form.words.data or "").strip()
        )  # fmt: skip
        try:
            made = transfers.ask(actor, case_id, asked)
        except NotPossible as refusal:
            return _refused(refusal)
        flash("The other area has been asked. Nothing moves before it accepts.", "success")
        return redirect(url_for(".transfer", transfer_id=made.id))
    return render_template(
        "rights/transfer_case.html", form=form, case=case, stops=transfers.what_stops(actor, case),
        counts=transfers.counts(case), words=erasures.COUNTED,
    )  # fmt: skip


@bp.get("/transfers")
@requires(P.CASE_CLOSE)
def transfer_list() -> ResponseReturnValue:
    """References, areas and dates: nothing sealed is opened."""
    return render_template("rights/transfers.html", lines=transfers.listed(signed_in()))


@bp.route("/transfers/<id:transfer_id>", methods=["GET", "POST"])
@requires(P.CASE_CLOSE, reads=Event.TRANSFER_READ)
def transfer(transfer_id: Id) -> ResponseReturnValue:
    """Once it has moved, the first area sees that, when and where to, and opens no word of it."""
    actor, form = signed_in(), AnswerForm()
    found = transfers.find(actor, transfer_id)
    if found.answers and form.validate_on_submit():
        try:
            return _answered(found.transfer, form)
        except NotPossible as refusal:
            return _refused(refusal)
        except NoResultFound:
            form.own.errors = ["There is no young person with this reference in your area"]
    opens = found.state is not TransferState.ACCEPTED or found.transfer.to_area_id == actor.area_id
    return render_template(
        "rights/transfer.html", form=form, found=found, opens=opens, said=MoveAnswer(found.transfer.said)
    )


def _answered(transfer: Transfer, form: AnswerForm) -> ResponseReturnValue:
    """With a record of their own named, the next page compares the two: so two areas' records become one by one of each."""
    actor = signed_in()
    if form.decision.data != "accept":
        transfers.decline(actor, transfer.id, (form.answer.data or "").strip())
        flash("Not accepted. The coordinator who asked can read why.", "success")
        return redirect(url_for(".transfer_list"))
    person_id, reference = transfer.young_person_id, (form.own.data or "").strip()
    own = merging.other_of(actor, person_id, reference) if reference else None
    case_id = transfers.accept(actor, transfer.id)
    flash("The record is now your area’s. Choose who leads it.", "success")
    if own is not None:
        return redirect(url_for(".merge_pair", person_id=own, other_id=person_id))
    return redirect(f"/cases/{case_id}")


@bp.post("/transfers/<id:transfer_id>/withdraw")
@requires(P.CASE_CLOSE, reads=Event.TRANSFER_READ)
def withdraw_transfer(transfer_id: Id) -> ResponseReturnValue:
    try:
        transfers.withdraw(signed_in(), transfer_id)
    except NotPossible as refusal:
        return _refused(refusal)
    flash("Withdrawn. Nothing moves.", "success")
    return redirect(url_for(".transfer_list"))


def _refused(refusal: NotPossible) -> ResponseReturnValue:
    return render_template("accounts/not_allowed.html", why=str(refusal), back=url_for(".transfer_list")), 409
