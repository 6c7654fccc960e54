"""The form that records what an agency shares, and on what lawful ground."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from accounts.models import Agency
from core.codes import choices
from core.codes.purposes import Purpose
from core.codes.sharing import SharingOutcome
from core.forms import Form
from core.languages import lazy_gettext
from sharing.register import check, data_classes, gateways
from sharing.services import OTHER_GROUND

PURPOSES = (Purpose.PANEL, Purpose.DIRECT_SUPPORT, Purpose.CASE_MANAGEMENT, Purpose.SAFEGUARDING, Purpose.EMERGENCY,
            Purpose.TRIAGE)  # fmt: skip


def _length(count: int) -> Length:
    return Length(max=count, message=lazy_gettext("Use %(count)s characters or fewer", count=f"{count:,}"))


class SharingForm(Form):
    from_agency = SelectField("Which agency shares?", [InputRequired("Choose the agency that shares")])
    to_agency = SelectField("With which agency? (optional)", [Optional()])
    to_whom = StringField("With whom?", [InputRequired("Write who it is shared with"), _length(200)],
                          description="A name and job, or “the panel”")  # fmt: skip
    data_class = RadioField("What kind of information is it?", [InputRequired("Choose the kind of information")])
    what = TextAreaField("What is shared?", [InputRequired("Write what is shared"), _length(4000)],
                         description="No more than is needed")  # fmt: skip
    purpose = SelectField("What is it for?", [InputRequired("Choose what it is for")],
                          choices=choices(PURPOSES, blank="Choose"))  # fmt: skip
    why_needed = TextAreaField("Why is it needed, and fair?", [InputRequired("Write why it is needed"), _length(4000)])
    gateway = RadioField("Which law allows it?", [InputRequired("Choose the law that allows it")])
    reason = TextAreaField(
        "If the law you rely on is not listed, why may it be shared? (optional)", [_length(4000)],
        description="The data protection officer will read this",
    )  # fmt: skip
    is_emergency = BooleanField("This is an emergency: someone could be seriously harmed")

    agencies: Sequence[Agency] = ()

    def offer(self, agencies: Sequence[Agency], own: str | None, *, only_own: bool) -> None:
        """``only_own``: a panel member records what their own agency shares, nobody else's."""
        self.agencies = [a for a in agencies if not only_own or a.id == own]
        names = [(a.id, a.name) for a in self.agencies]
        self.from_agency.choices = names if only_own else [("", "Choose"), *names]
        self.to_agency.choices = [("", "None of these"), *[(a.id, a.name) for a in agencies]]
        self.data_class.choices = [(d.slug, d.name) for d in data_classes()]
        self.gateway.choices = [*[(g.slug, g.name) for g in gateways()], (OTHER_GROUND, "Another law, or not sure")]
        gateway: Any = self.gateway
        gateway.choice_hints = {g.slug: g.statute for g in gateways()}

    @property
    def giver(self) -> Agency:
        return next(a for a in self.agencies if a.id == self.from_agency.data)

    def validate_reason(self, field: TextAreaField) -> None:
        """What the register does not know needs a reason; an emergency is never stopped."""
        if self.is_emergency.data or not (self.from_agency.data and self.data_class.data and self.gateway.data):
            return
        answer = check(self.giver.kind, self.data_class.data, self.gateway.data)
        if answer.outcome is SharingOutcome.NOT_IN_REGISTER and len((field.data or "").strip()) < 20:
            raise ValidationError(
                "The register does not say whether this is allowed. "
                "Write why it may be shared, in at least 20 characters"
            )
