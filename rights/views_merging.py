"""Pages for making one record of two of the same young person, and for undoing that."""

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from accounts.views.guards import step_up_first
from audit.models import Event
from cohort.policies import find_person
from core.access import Permission, requires, signed_in
from core.codes import label_of
from core.codes.people import Ethnicity, Sex
from core.context import current
from core.formats import day
from core.forms import Form
from core.ids import Id
from core.languages import gettext as _
from core.sensitivity import must_open
from rights import merging
from rights.merging import FIELDS, GONE, KEPT, NotPossible, Pair
from rights.views import bp

P = Permission
NOBODY = "There is no young person with this reference in your area"
CODED: dict[str, type[Any]] = {"sex": Sex, "ethnicity": Ethnicity}


class OtherForm(Form):
    reference = StringField(
        "What is the reference of the other record?", [InputRequired("Enter a reference"), Length(max=16)],
        description="Of a case or referral about the same young person, for example RDG-26-0417K.",
        render_kw={"class": "govuk-input--width-10", "autocomplete": "off"},
    )  # fmt: skip


class SplitForm(Form):
    """One button."""


def _words(name: str, value: Any) -> str:
    if not value:
        return _("Nothing written")
    if isinstance(value, date):
        return day(value)
    return label_of(CODED[name], value) if name in CODED else str(value)


def _merge_form(both: Pair) -> Form:
    """One question for each value that differs, and one for two open cases."""
    fields: dict[str, Any] = {
        f"take_{name}": RadioField(
            FIELDS[name], default=KEPT if ours else GONE,
            choices=[(KEPT, _words(name, ours)), (GONE, _words(name, theirs))],
            validators=[InputRequired("Choose one of the two")],
        )
        for name, (ours, theirs) in both.differs.items()
    }  # fmt: skip
    if both.chooses_case and both.kept_case and both.gone_case:
        fields["case_stays"] = RadioField(
            "Two cases are open. Which one continues?", validators=[InputRequired("Choose which case continues")],
            choices=[(KEPT, both.kept_case.reference), (GONE, both.gone_case.reference)],
        )  # fmt: skip
    form: Form = type("MergeForm", (Form,), fields)()
    return form


@bp.route("/people/<id:person_id>/merge", methods=["GET", "POST"])
@requires(P.PERSON_MERGE)
def merge_with(person_id: Id) -> ResponseReturnValue:
    """Which is the other record? Nothing is opened yet."""
    actor, form = signed_in(), OtherForm()
    find_person(actor, person_id)
    must_open(person_id)
    if form.validate_on_submit():
        try:
            other = merging.other_of(actor, person_id, form.reference.data or "")
        except NoResultFound:
            form.reference.errors = [NOBODY]
        except NotPossible as refusal:
            form.reference.errors = [str(refusal)]
        else:
            return redirect(url_for(".merge_pair", person_id=person_id, other_id=other))
    standing = merging.standing(actor, person_id)
    return render_template("rights/merge.html", form=form, standing=standing, person_id=person_id)


@bp.route("/people/<id:person_id>/merge/<id:other_id>", methods=["GET", "POST"])
@requires(P.PERSON_MERGE, reads=Event.PEOPLE_COMPARED)
def merge_pair(person_id: Id, other_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    try:
        both = merging.pair(actor, person_id, other_id)
    except NotPossible as refusal:
        return _refused(refusal, person_id)
    current().looked_at("young_person", person_id)
    form = _merge_form(both)
    if form.validate_on_submit():
        answers = form.answers()
        choices = {name: str(answers[f"take_{name}"]) for name in both.differs}
        merging.merge(actor, both, choices, str(answers.get("case_stays") or KEPT))
        flash("The two records are one now. You can undo this.", "success")
        return redirect(url_for(".merge_with", person_id=person_id))
    return render_template("rights/merge_pair.html", form=form, both=both, person_id=person_id)


@bp.route("/people/<id:person_id>/split", methods=["GET", "POST"])
@requires(P.PERSON_MERGE, reads=Event.PEOPLE_COMPARED)
@step_up_first
def split(person_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), SplitForm()
    standing = merging.standing(actor, person_id)
    must_open(person_id)
    if standing is None:
        raise NoResultFound
    if form.validate_on_submit():
        try:
            merging.split(actor, standing)
        except NotPossible as refusal:
            return _refused(refusal, person_id)
        flash("There are two records again.", "success")
        return redirect(url_for(".merge_with", person_id=person_id))
    return render_template("rights/split.html", form=form, standing=standing, person_id=person_id)


def _refused(refusal: NotPossible, person_id: Id) -> ResponseReturnValue:
    back = url_for(".merge_with", person_id=person_id)
    return render_template("accounts/not_allowed.html", why=str(refusal), back=back), 409
