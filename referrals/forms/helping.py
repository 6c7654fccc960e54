"""Family and help, and what is asked before sending."""

from typing import Any

from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Email, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from core.codes.base import choices
from core.codes.people import CarerRelation, StatutoryStatus, YesNoNotKnown
from core.codes.referrals import HelpTriedOutcome, LawfulBasisChoice, NotInformedReason
from core.forms import Form
from referrals.forms.base import EMAIL_WORDS, LongText, Needed, SectionForm, short

WORKER = "worker"


class TriedForm(SectionForm):
    text = TextAreaField(
        "What help has already been tried? (optional)", [Optional(), LongText("Tell us what has been tried")],
        description="Who helped, when, and what difference it made.", render_kw={"rows": 5},
    )  # fmt: skip
    outcome = RadioField(
        "Did it help? (optional)", [Optional()], choices=choices(HelpTriedOutcome),
    )  # fmt: skip
    statutory = SelectMultipleField(
        "Do they already have a worker or a plan?", [Needed("Select who already works with them, or “None known”")],
        choices=choices(StatutoryStatus), option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False),
        description="Select all that you know of. It helps us not to ask twice.",
    )  # fmt: skip

    def validate_statutory(self, field: Any) -> None:
        if StatutoryStatus.NONE in field.data and len(field.data) > 1:
            raise ValidationError("Select who already works with them, or select “None known”")


class FamilyForm(SectionForm):
    informed = RadioField(
        "Does the family know about this referral?", [Needed("Select yes if the family knows about this referral")],
        choices=[("yes", "Yes"), ("no", "No")],
        description="Families should know, unless telling them could put someone at risk.",
    )  # fmt: skip
    why_not = RadioField(
        "Why does the family not know?", [Optional()], choices=choices(NotInformedReason),
    )  # fmt: skip
    why_not_text = TextAreaField(
        "What should we know before anyone contacts them? (optional)",
        [Optional(), LongText("Tell us why the family does not know", 1000)], render_kw={"rows": 3},
    )  # fmt: skip
    young_person_knows = RadioField(
        "Does the young person know? (optional)", [Optional()], choices=choices(YesNoNotKnown),
    )  # fmt: skip

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = super().validate(extra_validators)
        if self.informed.data == "no" and not self.why_not.data:
            self.why_not.errors = ["Tell us why the family does not know"]
            return False
        return bool(is_valid)

    def kept(self) -> dict[str, Any]:
        values = super().kept()
        return values if values["informed"] != "yes" else values | {"why_not": "", "why_not_text": ""}


class OtherPersonForm(SectionForm):
    """A parent, carer, relative or worker."""

    name = StringField(
        "What is their name?", [Needed("Enter their name"), Length(max=120)], render_kw={"spellcheck": False}
    )
    relation = SelectField(
        "Who are they to the young person?", [Needed("Select who they are to the young person")],
        choices=[*choices(CarerRelation, blank="Choose"), (WORKER, "Worker from another service")],
    )  # fmt: skip
    parental_responsibility = RadioField(
        "Do they have parental responsibility? (optional)", [Optional()], choices=choices(YesNoNotKnown),
        description="The right in law to make decisions about the young person.",
    )  # fmt: skip
    contact = StringField("How can we contact them? (optional)", short("How to contact them", 200))
    safe_to_contact = StringField(
        "Is there anything to be careful about? (optional)", short("What to be careful about", 200),
        description="For example: do not call at home.",
    )  # fmt: skip

    @property
    def is_blank(self) -> bool:
        return not any(
            (self.name.data or "").strip() or value for name, value in self.answers().items() if name != "name"
        )


class SharingForm(SectionForm):
    basis = RadioField(
        "Why can you share this?", [Needed("Select why you can share this")], choices=choices(LawfulBasisChoice),
        description="Choose the main reason. You do not need the family's consent for these.",
    )  # fmt: skip
    note = TextAreaField(
        "Is there anything you want us to know about sharing? (optional)",
        [Optional(), LongText("Tell us about sharing", 1000)], render_kw={"rows": 3},
    )  # fmt: skip


class YouForm(SectionForm):
    name = StringField(
        "What is your name?", [Needed("Enter your name"), Length(max=120)], render_kw={"autocomplete": "name"}
    )
    job = StringField(
        "What is your job? (optional)", short("Your job", 120), render_kw={"autocomplete": "organization-title"},
    )  # fmt: skip
    agency = StringField(
        "Who do you work for?", [Needed("Enter who you work for"), Length(max=120)],
        render_kw={"autocomplete": "organization"},
    )  # fmt: skip
    email = StringField(
        "What is your work email address?",
        [Needed("Enter your work email address"), Email(EMAIL_WORDS)],
        render_kw={"autocomplete": "email", "spellcheck": False},
    )  # fmt: skip
    phone = StringField("What is your work phone number? (optional)", short("Your phone number", 40),
                        render_kw={"autocomplete": "tel", "class": "govuk-input--width-20"})  # fmt: skip
    unavailable = StringField(
        "When can we not reach you? (optional)", short("When we cannot reach you", 200),
        description="For example: leave, or days you do not work.",
    )  # fmt: skip


class CheckForm(Form):
    declared = BooleanField(
        "What I have written is true as far as I know, and I have said what is fact and what is opinion.",
        [Needed("Confirm that what you have written is true as far as you know")],
    )  # fmt: skip


class DuplicateForm(Form):
    answer = RadioField(
        "Is this the same young person?", [Needed("Select whether this is the same young person")],
        choices=[("same", "Use the one I sent"), ("different", "This is someone else")],
    )  # fmt: skip
