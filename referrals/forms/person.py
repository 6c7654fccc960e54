"""About the young person: who they are, how to reach them safely, their needs, their school or work."""

from typing import Any

from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Email, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from core.clock import today
from core.codes.base import choices
from core.codes.people import (
    AttendanceBand,
    ContactMethod,
    EducationStatus,
    Ethnicity,
    EthnicitySource,
    SendStatus,
    Sex,
    YesNoNotKnown,
)
from core.formats import age_on, tidy_postcode
from core.forms import DateParts
from core.languages import gettext as _
from referrals.answers import is_eligible_age
from referrals.forms.base import EMAIL_WORDS, LongText, Needed, SectionForm, short

LONG = "govuk-input--width-20"


class PersonForm(SectionForm):
    forename = StringField(
        "What is their first name?", [Needed("Enter their first name"), Length(max=100)],
        description="As on official papers.", render_kw={"class": LONG, "spellcheck": False},
    )  # fmt: skip
    surname = StringField(
        "What is their last name?", [Needed("Enter their last name"), Length(max=100)],
        render_kw={"class": LONG, "spellcheck": False},
    )  # fmt: skip
    preferred_name = StringField(
        "What do they like to be called? (optional)", short("The name they like"),
        description="We use this name when we talk to them.", render_kw={"class": LONG, "spellcheck": False},
    )  # fmt: skip
    pronouns = StringField(
        "What are their pronouns? (optional)", short("Their pronouns", 40), description="For example, she/her.",
        render_kw={"class": "govuk-input--width-10", "spellcheck": False},
    )  # fmt: skip
    other_names = StringField(
        "Do they use any other names? (optional)", short("Other names", 200),
        description="For example, a name they had before, or a nickname others know.", render_kw={"spellcheck": False},
    )  # fmt: skip
    date_of_birth = DateParts(
        "Is this their date of birth?", what="Date of birth", required="Enter their date of birth",
        description="You told us this before. Change it if it is not right.",
    )  # fmt: skip

    def validate_date_of_birth(self, field: DateParts) -> None:
        if not field.data:
            return
        if field.data >= today():
            raise ValidationError("Date of birth must be in the past")
        if not is_eligible_age(field.data, today()):
            age = age_on(field.data, today())
            raise ValidationError(_("They must be 10 to 17. You entered an age of %(age)s", age=age))


class ContactForm(SectionForm):
    methods = SelectMultipleField(
        "What is a safe way to contact them?", [Needed("Select a safe way to contact them")],
        choices=choices(ContactMethod), option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False),
        description="Think about who else sees their phone, post or messages.",
    )  # fmt: skip
    phone = StringField(
        "What is their phone number? (optional)", short("The phone number", 40), render_kw={"class": LONG},
    )  # fmt: skip
    email = StringField(
        "What is their email address? (optional)",
        [Optional(), Email(EMAIL_WORDS), Length(max=254)],
        render_kw={"spellcheck": False},
    )  # fmt: skip
    safe_when = StringField(
        "When and how is it safe? (optional)", short("When it is safe", 200),
        description="For example: after 4pm, text first, do not leave a voicemail.",
    )  # fmt: skip
    must_not_know = StringField(
        "Who must not know about this? (optional)", short("Who must not know", 200),
        description="Anyone who could put them at risk if they found out.",
    )  # fmt: skip
    address = TextAreaField(
        "What is their address? (optional)", short("The address", 400), render_kw={"rows": 3},
        description="Where they stay most nights.",
    )  # fmt: skip
    postcode = StringField("What is their postcode?", [Length(max=12)], render_kw={"class": "govuk-input--width-10"})
    no_fixed_address = BooleanField("No fixed address")

    def validate_methods(self, field: Any) -> None:
        if ContactMethod.NOT_SAFE in field.data and len(field.data) > 1:
            raise ValidationError("Select safe ways to contact them, or select “No safe way known yet”")

    def validate_postcode(self, field: Any) -> None:
        if self.no_fixed_address.data and not (field.data or "").strip():
            return
        tidy = tidy_postcode(field.data)
        if tidy is None:
            raise ValidationError('Enter a postcode, like RG1 2AB, or select "No fixed address"')
        field.data = tidy


class NeedsForm(SectionForm):
    sex = RadioField("What is their sex?", [Needed("Select their sex")], choices=choices(Sex))
    ethnicity = SelectField(
        "What is their ethnic group?", [Needed("Select their ethnic group, or “Not stated”")],
        choices=choices(Ethnicity, blank="Choose"), description="How they, or their family, describe it.",
    )  # fmt: skip
    ethnicity_source = RadioField(
        "Who told you their ethnic group?", [Optional()], choices=choices(EthnicitySource),
    )  # fmt: skip
    first_language = StringField(
        "What is their first language? (optional)", short("Their first language"), render_kw={"class": LONG},
    )  # fmt: skip
    interpreter = RadioField(
        "Do they or their family need an interpreter?", [Needed("Select yes if an interpreter is needed")],
        choices=choices(YesNoNotKnown), description="This includes British Sign Language.",
    )  # fmt: skip
    send = RadioField(
        "Do they get help with special educational needs?", [Needed("Select what help they get")],
        choices=choices(SendStatus),
    )  # fmt: skip
    communication = TextAreaField(
        "What helps them to understand and be understood? (optional)",
        [Optional(), LongText("Tell us what helps", 1000)],
        description="For example: short sentences, pictures, time to think.", render_kw={"rows": 3},
    )  # fmt: skip
    accessibility = TextAreaField(
        "What do they need to take part? (optional)", [Optional(), LongText("Tell us what they need", 1000)],
        description="For example: step-free access, a quiet room, someone they trust with them.", render_kw={"rows": 3},
    )  # fmt: skip

    def validate_ethnicity(self, field: Any) -> None:
        """Said here, because an empty radio group is not asked itself."""
        if field.data and field.data != Ethnicity.NS and not self.ethnicity_source.data:
            self.source_missing = True

    def validate(self, extra_validators: Any = None) -> bool:
        self.source_missing = False
        is_valid = super().validate(extra_validators)
        if self.source_missing:
            self.ethnicity_source.errors = ["Select who told you their ethnic group"]
            return False
        return bool(is_valid)


class EducationForm(SectionForm):
    status = RadioField(
        "Where are they learning or working?", [Needed("Select where they are learning or working")],
        choices=choices(EducationStatus),
    )  # fmt: skip
    school = StringField("What is the name of the school, college or employer? (optional)", short("The name", 150))
    attendance = RadioField(
        "How much do they attend? (optional)", [Optional()], choices=choices(AttendanceBand),
        description="This school year, as far as you know.",
    )  # fmt: skip
