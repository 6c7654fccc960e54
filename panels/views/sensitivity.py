"""Who may open a record: setting and lifting it, the list of closed records, and matches that only one desk hears of."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from cohort.models import YoungPerson
from cohort.services import sensitivity
from cohort.services.sensitivity import Wanted
from core.access import Actor, Permission, requires, signed_in
from core.clock import today
from core.codes.base import label_of
from core.codes.decisions import MatchAnswer
from core.codes.sensitivity import OpeningReason, Sensitivity, SensitivityReason
from core.formats import age, day
from core.ids import Id
from core.versions import expect_version
from core.working_days import due
from panels.forms.sensitivity import HiddenMatchForm, SensitivityForm
from panels.services import closed, names
from panels.views import bp
from panels.views.case_page import refuse

P = Permission


@bp.route("/young-people/<id:person_id>/sensitivity", methods=["GET", "POST"])
@requires(P.SENSITIVITY_SET, reads=Event.SENSITIVITY_READ)
def set_sensitivity(person_id: Id) -> ResponseReturnValue:
    """Who may open this young person's record, and on what ground."""
    actor = signed_in()
    person = closed.find_person(actor, person_id)
    if not sensitivity.may_set(actor, person):
        refuse()
    form = _form(actor, person)
    if form.validate_on_submit():
        expect_version(person, form, _stored(person))
        sensitivity.change(actor, person, _wanted(form))
        flash("Saved. It holds from now on.", "success")
        return redirect(_after(actor, person, form), 303)
    return render_template("panels/closed/sensitivity.html", form=form, person=person, **_about(person))


def _form(actor: Actor, person: YoungPerson) -> SensitivityForm:
    named = [user_id for user_id, _ in sensitivity.named_for(person.id)] or [actor.user_id]
    form = SensitivityForm(
        before=Sensitivity(person.sensitivity), level=person.sensitivity, closing=person.sensitivity_code,
        named=named, ask=person.ask_id or named[0], row_version=str(person.row_version),
    )  # fmt: skip
    staff = sensitivity.colleagues(person.area_id)
    form.named.choices = [(one.id, f"{one.name}, {one.role.lower()}") for one in staff]
    form.ask.choices = [(one.id, one.name) for one in staff]
    return form


def _stored(person: YoungPerson) -> dict[str, Any]:
    return {
        "level": person.sensitivity, "closing": person.sensitivity_code, "words": person.sensitivity_words,
        "named": [user_id for user_id, _ in sensitivity.named_for(person.id)], "ask": person.ask_id,
    }  # fmt: skip


def _wanted(form: SensitivityForm) -> Wanted:
    return Wanted(
        form.chosen, form.code, (form.words.data or "").strip(), frozenset(form.named.data or ()), form.ask.data
    )


def _after(actor: Actor, person: YoungPerson, form: SensitivityForm) -> str:
    """Back to the page, unless they have just closed it to themselves."""
    stays = (
        form.chosen is Sensitivity.NORMAL
        or actor.can(P.SENSITIVITY_OVERSEE)
        or actor.user_id in (form.named.data or ())
    )
    return url_for("panels.set_sensitivity", person_id=person.id) if stays else url_for("desk.home")


def _about(person: YoungPerson) -> dict[str, Any]:
    reasons = (SensitivityReason, OpeningReason)
    return {
        "name": names.called(person), "facts": [day(person.date_of_birth), age(person.date_of_birth)],
        "level": Sensitivity(person.sensitivity), "named": sensitivity.named_for(person.id),
        "reason": next((label for codes in reasons if (label := label_of(codes, person.sensitivity_code, missing=""))
                        != person.sensitivity_code), ""),
    }  # fmt: skip


@bp.get("/closed-records")
@requires(P.SENSITIVITY_OVERSEE, reads=Event.SENSITIVE_LISTED)
def closed_records() -> ResponseReturnValue:
    """Restricted and hidden records of the area, and the matches that wait for this desk."""
    actor = signed_in()
    found = sensitivity.closed_records(actor, names.person_columns())
    names.load([one.row for one in found])
    lines = [(one, names.in_list(one.row), label_of(SensitivityReason, one.code, missing="–")) for one in found]
    return render_template(
        "panels/closed/list.html", lines=lines, matches=closed.hidden_matches(actor), due=lambda on: due(on, today())
    )


@bp.route("/closed-records/matches/<id:match_id>", methods=["GET", "POST"])
@requires(P.SENSITIVITY_OVERSEE, reads=Event.MATCH_READ)
def hidden_match(match_id: Id) -> ResponseReturnValue:
    """One referral that may be about a young person with a hidden record: whom to ring, and what was found out."""
    actor = signed_in()
    match, about = closed.find_match(actor, match_id)
    form = HiddenMatchForm(row_version=str(match.row_version))
    if form.validate_on_submit():
        expect_version(match, form)
        closed.answer(actor, match, MatchAnswer(form.answer.data), form.why.data or "")
        flash("Saved. It is off your list.", "success")
        return redirect(url_for("panels.closed_records"), 303)
    return render_template("panels/closed/match.html", form=form, about=about, due=due(about.answer_by, today()))
