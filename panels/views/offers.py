"""Pages for offers: choosing support for a case, and the provider's answer."""

from dataclasses import asdict
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from cohort.models import YoungPerson
from core.access import Actor, Permission, requires, signed_in
from core.clock import today
from core.codes.base import label_of
from core.codes.offers import DeclineReason, EndedEarlyReason, OfferStatus
from core.context import current
from core.db import db
from core.formats import age_on
from core.forms import Form
from core.ids import Id
from core.paging import page_number
from core.versions import expect_version
from core.working_days import due
from interventions import services as catalogue
from interventions.models import Intervention
from panels.forms.support import AnswerForm, EndForm, HarmForm, OfferForm
from panels.models import Case, Offer
from panels.services import harmful, names, offers
from panels.services.cases import CaseFile
from panels.support_policies import may_answer, may_end
from panels.views import bp
from panels.views.case_page import refuse, render_case, working_file

P = Permission
OPEN = [OfferStatus.OFFERED.value, OfferStatus.WAITING.value]
TAKEN = [OfferStatus.ACCEPTED.value, OfferStatus.ACTIVE.value, OfferStatus.PAUSED.value]
FULL = "All places were taken meanwhile. You can offer them a place on the waiting list"
ANSWERED = {
    "accept": "Offer accepted. The lead practitioner can see it now.",
    "wait": "They are on your waiting list. The lead practitioner can see it now.",
    "decline": "Answer saved. The lead practitioner will look for other support.",
}


# ---- Choosing ----


@bp.get("/cases/<id:case_id>/interventions/choose")
@requires(P.CASE_WORK, P.CASE_ALLOCATE, reads=Event.CASE_READ)
def choose_support(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = working_file(actor, case_id)
    shown = [
        choice
        for choice in catalogue.as_choices(catalogue.available(actor, age=_age(file), harmful=True))
        if request.args.get("category") in (None, "", choice.intervention.category)
        and request.args.get("rating") in (None, "", choice.intervention.rating)
    ]
    return render_case(
        "panels/support/choose.html",
        actor,
        file,
        "Overview",
        choices=shown,
        categories=catalogue.categories(),
        ratings=catalogue.ratings(),
    )


def _age(file: CaseFile) -> int | None:
    born = file.person.date_of_birth
    return age_on(born, today()) if born else None


def _chosen(case_id: Id, intervention_id: Id) -> tuple[Actor, CaseFile, Intervention]:
    actor = signed_in()
    file = working_file(actor, case_id)
    chosen = catalogue.find_intervention(actor, intervention_id)
    if not chosen.is_active:
        refuse()
    return actor, file, chosen


@bp.route("/cases/<id:case_id>/interventions/choose/<id:intervention_id>/harm", methods=["GET", "POST"])
@requires(P.CASE_WORK, P.CASE_ALLOCATE, reads=Event.CASE_READ)
def choose_harmful(case_id: Id, intervention_id: Id) -> ResponseReturnValue:
    """The stop before an approach that can cause harm. The reason goes on with the form, never in the address."""
    actor, file, chosen = _chosen(case_id, intervention_id)
    form = HarmForm()
    if form.validate_on_submit():
        return _offer_page(actor, file, chosen, _offer_form(file, chosen, blank=True), form.harm_reason.data)
    waiting = harmful.waits_for(file.case, chosen)
    return render_case("panels/support/harm.html", actor, file, "Overview", form=form, chosen=chosen, waiting=waiting)


@bp.route("/cases/<id:case_id>/interventions/choose/<id:intervention_id>", methods=["GET", "POST"])
@requires(P.CASE_WORK, P.CASE_ALLOCATE, reads=Event.CASE_READ)
def make_offer(case_id: Id, intervention_id: Id) -> ResponseReturnValue:
    actor, file, chosen = _chosen(case_id, intervention_id)
    # Only the stop before an approach that may do harm asks for it.
    reason = request.form.get("harm_reason", "").strip()[:2000] if chosen.is_harmful else ""
    if chosen.is_harmful and not reason:
        return redirect(url_for(".choose_harmful", case_id=case_id, intervention_id=intervention_id))
    form = _offer_form(file, chosen)
    if not form.validate_on_submit() or not _fits(form, file):
        return _offer_page(actor, file, chosen, form, reason)
    wanted = offers.Wanted(
        provider_id=form.provider_id.data, practitioner_id=form.practitioner_id.data or None, goal=form.goal.data or "",
        safety=form.safety.data or "", planned_sessions=form.planned_sessions.data or 12,
    )  # fmt: skip
    if not chosen.is_harmful:
        offers.make_offer(actor, case=file.case, intervention=chosen, **asdict(wanted))
        flash("Offer made. The provider can see it now.", "success")
    elif harmful.ask(actor, file.case, chosen, wanted, reason) is None:
        flash("A request to offer this to them waits already.")
    else:
        flash("It waits for a second person. Nothing is offered before they agree.", "success")
    return redirect(f"/cases/{case_id}")


def _offer_form(file: CaseFile, chosen: Intervention, *, blank: bool = False) -> OfferForm:
    form = OfferForm(formdata=None) if blank else OfferForm()
    agencies = catalogue.providers(file.case.area_id)
    if chosen.provider_id:
        agencies = [agency for agency in agencies if agency.id == chosen.provider_id]
    form.provider_id.choices = [(agency.id, agency.name) for agency in agencies]
    if len(agencies) == 1 and not form.provider_id.data:
        form.provider_id.data = agencies[0].id
    by_id = {agency.id: agency.name for agency in agencies}
    people = offers.practitioners(file.case.area_id, list(by_id))
    form.practitioner_id.choices = [("", "Anyone there")] + [
        (person.id, f"{person.name} ({by_id[person.agency_id]})") for person in people
    ]
    return form


def _fits(form: OfferForm, file: CaseFile) -> bool:
    """A practitioner of another provider than the one asked is a slip."""
    wanted = form.practitioner_id.data
    if not wanted:
        return True
    people = offers.practitioners(file.case.area_id, [form.provider_id.data])
    if any(person.id == wanted for person in people):
        return True
    form.practitioner_id.errors = ["Select someone who works for the provider you chose"]
    return False


def _offer_page(
    actor: Actor, file: CaseFile, chosen: Intervention, form: OfferForm, reason: str | None
) -> ResponseReturnValue:
    return render_case(
        "panels/support/offer_form.html",
        actor,
        file,
        "Overview",
        form=form,
        choice=catalogue.as_choices([chosen])[0],
        harm_reason=reason,
        action=url_for(".make_offer", case_id=file.case.id, intervention_id=chosen.id),
        answer_by=offers.answer_by(file.case.area_id),
    )


# ---- Answering ----


@bp.get("/offers")
@requires(P.OFFER_ANSWER, P.CASE_READ_AREA, reads=Event.OFFER_READ)
def offers_page() -> ResponseReturnValue:
    actor = signed_in()
    view = "taken" if request.args.get("show") == "taken" else "open"
    number = page_number(request.args.get("page"))
    rows = offers.listed(actor, TAKEN if view == "taken" else OPEN, limit=51, offset=(number - 1) * 50)
    shown = [(row, names.in_list(row), OfferStatus(row.status).tag, due(row.answer_by, today())) for row in rows[:50]]
    return render_template(
        "panels/support/offers.html", offers=shown, view=view, number=number, has_more=len(rows) > 50
    )  # fmt: skip


@bp.get("/my-young-people")
@requires(P.OFFER_ANSWER, reads=Event.CASES_LISTED)
def my_young_people() -> ResponseReturnValue:
    rows = [(row, names.in_list(row), OfferStatus(row.status).tag) for row in offers.given_by(signed_in())]
    return render_template("panels/support/my_young_people.html", people=rows)


@bp.route("/offers/<id:offer_id>/end", methods=["GET", "POST"])
@requires(P.OFFER_ANSWER, P.CASE_WORK, reads=Event.OFFER_READ)
def end_offer(offer_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    offer = offers.find_offer(actor, offer_id)
    case = db.session.get_one(Case, offer.case_id)
    if not may_end(actor, offer, case) or offer.status not in offers.UNDER_WAY:
        refuse()
    form = EndForm(row_version=offer.row_version)
    if form.validate_on_submit():
        expect_version(offer, form, {"how": OfferStatus(offer.status).label})
        code = form.early_code.data if form.how.data == "early" else None
        offers.end(actor, offer, case, early_code=code)
        flash("Support ended. Their place is free.", "success")
        return redirect(url_for(".offers_page") if may_answer(actor, offer) else f"/cases/{case.id}")
    return render_template("panels/support/end.html", form=form, offer=offer, reference=case.reference)


@bp.route("/offers/<id:offer_id>", methods=["GET", "POST"])
@requires(P.OFFER_ANSWER, P.CASE_READ_AREA, P.CASE_WORK, reads=Event.OFFER_READ)
def offer_page(offer_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    offer = offers.find_offer(actor, offer_id)
    current().looked_at("offer", offer.id)
    current().load_keys([offer.data_key_id])
    form = _answer_form(actor, offer)
    if request.method == "POST":
        if not may_answer(actor, offer):
            refuse()
        if form.validate():
            answered = _answer(actor, offer, form)
            if answered is not None:
                return answered
    return _show_offer(actor, offer, form)


def _answer_form(actor: Actor, offer: Offer) -> AnswerForm:
    form = AnswerForm(row_version=offer.row_version, start_on=today(), practitioner_id=_likely(actor, offer))
    people = offers.practitioners(offer.area_id, [offer.provider_id])
    form.practitioner_id.choices = [(person.id, person.name) for person in people]
    return form


def _likely(actor: Actor, offer: Offer) -> Id:
    return offer.practitioner_id or actor.user_id


def _answer(actor: Actor, offer: Offer, form: AnswerForm) -> ResponseReturnValue | None:
    """Carry out the answer; None with an error on the form when the last place went meanwhile."""
    expect_version(offer, form, {"answer": OfferStatus(offer.status).label, "start_on": offer.start_on})
    case = db.session.get_one(Case, offer.case_id)
    answer, note = form.answer.data, form.note.data or ""
    try:
        if answer == "accept":
            person = form.practitioner_id.data or actor.user_id
            offers.accept(actor, offer, case, start_on=form.start_on.data, practitioner_id=person)
        elif answer == "wait":
            offers.put_on_waiting_list(actor, offer, case, note=note)
        else:
            offers.cannot_take(actor, offer, case, code=form.decline_code.data, note=note)
    except offers.NoPlaces:
        form.answer.errors = [FULL]
        return None
    flash(ANSWERED[answer], "success")
    return redirect(url_for(".offer_page", offer_id=offer.id) if answer == "accept" else url_for(".offers_page"))


def _show_offer(actor: Actor, offer: Offer, form: Form) -> ResponseReturnValue:
    person = db.session.get_one(YoungPerson, offer.young_person_id)
    chosen, provider, practitioner = offers.whose(offer)
    taken = offer.status in TAKEN
    context: dict[str, Any] = {
        "offer": offer, "form": form, "chosen": catalogue.as_choice(chosen, provider), "taken": taken,
        "name": names.called(person), "age": names.age_now(person),
        "safe_contact": person.safe_contact if taken else None,
        "provider": provider, "practitioner": practitioner, "status": OfferStatus(offer.status).tag,
        "due": due(offer.answer_by, today()), "decline": _why_not(offer),
        "may_end": taken and may_end(actor, offer, db.session.get_one(Case, offer.case_id)),
        "reads_offers": actor.can(P.OFFER_ANSWER) or actor.can(P.CASE_READ_AREA),
        "may_answer": may_answer(actor, offer) and offer.status in offers.TO_ANSWER,
    }  # fmt: skip
    return render_template("panels/support/offer.html", **context)


def _why_not(offer: Offer) -> str:
    reasons = EndedEarlyReason if offer.status == OfferStatus.ENDED_EARLY else DeclineReason
    return label_of(reasons, offer.decline_code, missing="")
