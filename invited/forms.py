"""Forms of people without an account, and of the coordinators who send links and take in what comes."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Email, Length, Optional, Regexp, ValidationError

from accounts.models import Agency, District
from core.clock import today
from core.codes.base import choices
from core.codes.invited import TurnAwayReason
from core.codes.referrals import DangerAnswer, ReferralReason
from core.formats import age_on
from core.forms import DateParts, Form
from core.languages import gettext as _
from referrals.answers import OLDEST, YOUNGEST, with_page
from referrals.forms.base import EMAIL_WORDS, LongText, Needed, SectionForm
from referrals.forms.sections import FORMS

NOT_KNOWN = "not_known"


class InviteForm(Form):
    agency_id = SelectField("Which organisation do they work for?", [Needed("Select the organisation they work for")])
    email = EmailField(
        "What is their work email address?", [Needed("Enter their work email address"), Email(EMAIL_WORDS), Length(max=254)],
        description="The link goes to this address, and only who reads its post can use it.",
        render_kw={"spellcheck": False, "autocomplete": "off"},
    )  # fmt: skip
    email_again = EmailField(
        "Type the address again", [Needed("Type the address again")],
        render_kw={"spellcheck": False, "autocomplete": "off"},
    )  # fmt: skip

    def offer(self, agencies: list[Agency]) -> None:
        self.agencies = {agency.id: agency for agency in agencies}
        self.agency_id.choices = [("", "Choose"), *((agency.id, agency.name) for agency in agencies)]

    def validate_email(self, field: Any) -> None:
        agency = self.agencies.get(self.agency_id.data)
        domains = list(agency.email_domains or []) if agency else []
        if agency and domains and tidy_email(field.data).rpartition("@")[2] not in domains:
            ends = _(" or ").join(f"@{domain}" for domain in domains)
            raise ValidationError(
                _("Enter an address of %(agency)s, which ends in %(ends)s", agency=agency.name, ends=ends)
            )

    def validate_email_again(self, field: Any) -> None:
        if tidy_email(field.data) != tidy_email(self.email.data):
            raise ValidationError("Type the same address twice")


def tidy_email(typed: str | None) -> str:
    return (typed or "").strip().lower()


class CodeForm(FlaskForm):
    code = StringField(
        "What is the code?",
        [Needed("Enter the 6 figures from the email"), Regexp(r"\s*(\d\s*){6}", message="Enter the 6 figures from the email")],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "govuk-input--width-5"},
    )  # fmt: skip


class DangerForm(FlaskForm):
    danger = RadioField(
        "Is anyone in danger right now?", [Needed("Select yes if anyone is in danger right now")],
        choices=choices(DangerAnswer),
    )  # fmt: skip


class EligibleHereForm(SectionForm):
    """Age today, district and one reason, for the area that sent the link. Not the name."""

    date_of_birth = DateParts(
        "What is their date of birth?", what="Date of birth", required="Enter their date of birth",
        description="For example, 27 3 2011.",
    )  # fmt: skip
    here = RadioField(
        "", [Needed("Select yes if they live or learn in this area")], choices=[("yes", "Yes"), ("no", "No")]
    )
    district_id = SelectField("Which district? (optional)", [Optional()])
    reason = RadioField(
        "What is the main reason?", [Needed("Select the main reason")], choices=choices(ReferralReason),
        description="Choose one. You can tell the whole story later.",
    )  # fmt: skip

    def offer(self, area: str, districts: list[District]) -> None:
        self.here.label.text = _("Do they live in %(area)s, or go to school there?", area=area)
        self.district_id.choices = [("", "Not known"), *((district.id, district.name) for district in districts)]
        if not districts:
            del self.district_id

    def validate_date_of_birth(self, field: DateParts) -> None:
        if field.data and field.data >= today():
            raise ValidationError("Date of birth must be in the past")

    @property
    def is_right_place(self) -> bool:
        born: date = self.date_of_birth.data
        return self.here.data == "yes" and YOUNGEST <= age_on(born, today()) <= OLDEST

    def kept(self) -> dict[str, Any]:
        values = super().kept()
        values.pop("here")
        return {"start": values}


class PartForm:
    """One page of the form: the questions of several sections, each under its own prefix. Nothing is put into it."""

    form_errors: tuple[str, ...] = ()

    def __init__(self, part: "Part") -> None:
        self.sections: dict[str, SectionForm] = {
            key: FORMS[key](prefix=f"{key}-", meta={"csrf": False}) for key in part.sections
        }
        for key, name in part.without:
            del self.sections[key]._fields[name]

    def validate(self) -> bool:
        return all([form.validate() for form in self.sections.values()])

    @property
    def errors(self) -> dict[str, Any]:
        return {f"{key}-{name}": said for key, form in self.sections.items() for name, said in form.errors.items()}

    def __iter__(self) -> Iterator[Field]:
        return (item for form in self.sections.values() for item in form)

    def kept(self) -> dict[str, Any]:
        """Sections by name, as ``referrals.answers`` has them."""
        answers: dict[str, Any] = {}
        for key, form in self.sections.items():
            answers = with_page(answers, key, form.kept())
        return answers


class Part:
    """A page of the form by link: its sections, and the questions left out because the answer is known."""

    def __init__(self, key: str, title: str, *sections: str, without: tuple[tuple[str, str], ...] = ()) -> None:
        self.key, self.title, self.sections, self.without = key, title, sections, without


PAGES = {
    part.key: part
    for part in (
        Part("about", "About the young person", "person", "contact", without=(("person", "date_of_birth"),)),
        Part("needs", "What they need, and their school or work", "needs", "education"),
        Part("story", "What goes well, and what is worrying you", "strengths", "worries"),
        Part("help", "Family and help", "family", "tried"),
        Part("you", "You, and why you can share this", "sharing", "you", without=(("you", "agency"), ("you", "email"))),
    )
}  # fmt: skip


class SendForm(FlaskForm):
    declared = BooleanField(
        "What I have written is true as far as I know, and I have said what is fact and what is opinion.",
        [Needed("Confirm that what you have written is true as far as you know")],
    )  # fmt: skip


class TurnAwayForm(Form):
    reason = RadioField(
        "Why do you turn it away?", [Needed("Select why you turn it away")], choices=choices(TurnAwayReason)
    )
    why = TextAreaField(
        "What should a colleague know? (optional)", [Optional(), LongText("Tell us what a colleague should know", 1500)],
        render_kw={"rows": 3},
    )  # fmt: skip
