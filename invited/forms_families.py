"""The form with which young people and families ask for help themselves, and its answers as sections of a referral."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectMultipleField
from wtforms.validators import Email, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from core.clock import today
from core.codes.base import choices
from core.codes.people import CarerRelation, ContactMethod, YesNoNotKnown
from core.codes.referrals import ReferralReason
from core.formats import tidy_postcode
from core.forms import DateParts
from core.ids import new_id
from core.languages import gettext as _
from referrals.answers import OLDEST, YOUNGEST, is_eligible_age, safe_contact_line
from referrals.forms.base import EMAIL_WORDS, LongText, Needed, short


class AskForm(FlaskForm):
    """One page, kept only in the browser until it is sent. ``token``: signed, works for four hours, and once.

    In the order of the page, so that the list of what is wrong is too.
    """

    token = HiddenField()
    going_well = TextAreaField(
        "What is going well? (optional)", [Optional(), LongText("Tell us what is going well")],
        description="What you like, what you are good at, who is on your side.", render_kw={"rows": 4},
    )  # fmt: skip
    worries = TextAreaField(
        "What is worrying you?", [Needed("Tell us what is worrying you"), LongText("Tell us what is worrying you")],
        description="Use your own words. You do not have to tell us everything.", render_kw={"rows": 6},
    )  # fmt: skip
    hopes = TextAreaField(
        "What would you like to be different? (optional)", [Optional(), LongText("Tell us what should be different", 2000)],
        render_kw={"rows": 3},
    )  # fmt: skip
    forename = StringField("What is your first name?", [Needed("Enter a first name"), Length(max=100)])
    surname = StringField("What is your last name?", [Needed("Enter a last name"), Length(max=100)])
    date_of_birth = DateParts(
        "What is your date of birth?", what="Date of birth", required="Enter a date of birth", past=True,
        description="For example, 27 3 2011.",
    )  # fmt: skip
    postcode = StringField("What is your postcode? (optional)", [Length(max=12)])
    knows = RadioField(
        "Do they know that you are asking?", [Needed("Select yes if they know")], choices=choices(YesNoNotKnown)
    )
    your_name = StringField("What is your name?", [Needed("Enter your name"), Length(max=120)])
    methods = SelectMultipleField(
        "What is a safe way to contact you?", [Needed("Select a safe way to contact you")], choices=choices(ContactMethod),
        option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False),
        description="Think about who else sees your phone, post or messages.",
    )  # fmt: skip
    phone = StringField("What is the phone number? (optional)", short("The phone number", 40))
    email = StringField("What is the email address? (optional)", [Optional(), Email(EMAIL_WORDS), Length(max=254)])
    safe_when = StringField(
        "When is it safe to contact you? (optional)", short("When it is safe", 200),
        description="For example: after school, text first.",
    )  # fmt: skip
    must_not_know = StringField("Is there anyone who must not know? (optional)", short("Who must not know", 200))
    agreed = BooleanField(
        "I agree that the panel’s workers read this and contact me.",
        [Needed("Tick the box if you agree that the panel’s workers read this")],
    )  # fmt: skip

    def validate_date_of_birth(self, field: DateParts) -> None:
        if field.data and not is_eligible_age(field.data, today()):
            raise ValidationError(
                _(
                    "This panel is for young people aged %(youngest)s to %(oldest)s. See “Other help”",
                    youngest=YOUNGEST,
                    oldest=OLDEST,
                )
            )

    def validate_methods(self, field: Any) -> None:
        if ContactMethod.NOT_SAFE in field.data and len(field.data) > 1:
            raise ValidationError("Select safe ways to contact you, or select “No safe way known yet”")

    def validate_postcode(self, field: Any) -> None:
        if (field.data or "").strip():
            field.data = tidy_postcode(field.data)
            if field.data is None:
                raise ValidationError("Enter a postcode, like RG1 2AB, or leave it empty")


# What a parent, carer or another adult is asked in other words, and what a young person is not asked.
OF_OTHERS = {
    "forename": "What is the young person’s first name?", "surname": "What is the young person’s last name?",
    "date_of_birth": "What is their date of birth?", "hopes": "What would you like to be different for them? (optional)",
    "postcode": "What is their postcode? (optional)",
}  # fmt: skip


def ask_form(who: str) -> AskForm:
    """The form in the words for this sender: ``young-person``, ``parent`` or ``someone-else``."""
    form = AskForm()
    if who == "young-person":
        del form.your_name, form.knows
        return form
    for name, words in OF_OTHERS.items():
        form[name].label.text = words
    form.going_well.description = "What they like, what they are good at, who is on their side."
    return form


def asked(form: AskForm, who: str) -> Mapping[str, Any]:
    """The answers as sections of a referral."""
    contact = {
        name: _plain(form, name) for name in ("methods", "phone", "email", "safe_when", "must_not_know", "postcode")
    }
    answers: dict[str, Any] = {
        "person": {name: _plain(form, name) for name in ("forename", "surname", "date_of_birth")},
        "strengths": {"text": _plain(form, "going_well")},
        "worries": {"text": _plain(form, "worries"), "hopes": _plain(form, "hopes")},
        "start": {"reason": ReferralReason.OTHER.value, "consent": "yes"},
    }  # fmt: skip
    if who == "young-person":
        name = f"{form.forename.data} {form.surname.data}"
        # Whether the family knows was not asked: nobody contacts them before the young person has said so.
        return answers | {"contact": contact, "you": {"name": name, "job": "The young person themselves"}}
    job = "Parent or carer" if who == "parent" else "Someone else who knows them"
    you = {"name": _plain(form, "your_name"), "job": job, "phone": contact["phone"], "email": contact["email"]}
    # These are the ways to reach whoever asks. How the young person can be reached safely was not asked.
    reach = ", ".join(part for part in (contact["phone"], contact["email"]) if part)
    sender = {
        "id": new_id(),
        "name": you["name"],
        "relation": CarerRelation.OTHER.value,
        "contact": reach,
        "safe_to_contact": safe_contact_line({"contact": contact}),
    }
    theirs = {"methods": [ContactMethod.NOT_SAFE.value], "postcode": contact["postcode"]}
    family = {"young_person_knows": form.knows.data} | ({"informed": "yes"} if who == "parent" else {})
    return answers | {"contact": theirs, "you": you, "people": {"list": [sender]}, "family": family}


def _plain(form: AskForm, name: str) -> Any:
    value = form[name].data
    if isinstance(value, date):
        return value.isoformat()
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else value
