"""Before there is a draft: is anyone in danger, who was called, and is this the right place."""

from datetime import date
from typing import Any

from wtforms import RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from accounts.models import Area, District
from core.clock import in_london, now, today
from core.codes.base import choices
from core.codes.referrals import DangerAnswer, ReferralReason
from core.formats import age_on, clock_time
from core.forms import DateParts, Form
from core.languages import gettext as _
from referrals.answers import OLDEST, YOUNGEST
from referrals.forms.base import Needed, SectionForm

NOT_KNOWN_DISTRICT = "not_known"
TOLD = [("999", "999"), ("front_door", "The front door"), ("out_of_hours", "The out-of-hours number")]


class DangerForm(Form):
    danger = RadioField(
        "Is anyone in danger right now?", [Needed("Select yes if anyone is in danger right now")],
        choices=choices(DangerAnswer),
    )  # fmt: skip


class CalledForm(SectionForm):
    """What to keep of the call. Only whom they told is required: nobody should be held up here."""

    told = SelectMultipleField(
        "Who have you called?", [Needed("Select who you have called")], choices=TOLD,
        option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False),
    )  # fmt: skip
    called_at = StringField("When did you call?", [Needed("Enter the time you called"), Length(max=40)])
    spoke_to = StringField("Who did you speak to? (optional)", [Optional(), Length(max=120)])
    reference = StringField(
        "What reference did they give you? (optional)", [Optional(), Length(max=60)],
        description="A call reference or incident number.",
    )  # fmt: skip

    def suggest_now(self) -> None:
        if not self.called_at.data:
            self.called_at.data = _("Today, %(time)s", time=clock_time(in_london(now())))


class EligibleForm(SectionForm):
    """Age today, area and one reason. Not the name: nothing is kept yet of a young person who is not to be referred."""

    date_of_birth = DateParts(
        "What is their date of birth?", what="Date of birth", required="Enter their date of birth",
        description="For example, 27 3 2011.",
    )  # fmt: skip
    area_id = SelectField(
        "Which area do they live in?", [Needed("Select the area they live in")],
        description="You can refer to any area here, not only your own.",
    )  # fmt: skip
    district_id = SelectField(
        "Which district?", description="Only some areas have districts. Select “Not known” if unsure.",
    )  # fmt: skip
    reason = RadioField(
        "What is the main reason?", [Needed("Select the main reason")], choices=choices(ReferralReason),
        description="Choose one. You can tell the whole story later.",
    )  # fmt: skip

    def offer(self, areas: list[Area], districts: list[District]) -> None:
        """Put the areas of today into the lists."""
        self.areas = {area.id: area for area in areas}
        self.districts = {district.id: district for district in districts}
        names = {area.id: area.name for area in areas}
        self.area_id.choices = [("", "Choose an area"), *names.items()]
        grouped: dict[str, list[tuple[str, str]]] = {
            "": [("", "No district, or choose one"), (NOT_KNOWN_DISTRICT, "Not known")]
        }
        for district in districts:
            grouped.setdefault(names[district.area_id], []).append((district.id, district.name))
        self.district_id.choices = [choice for group in grouped.values() for choice in group]

    def validate_date_of_birth(self, field: DateParts) -> None:
        if field.data and field.data >= today():
            raise ValidationError("Date of birth must be in the past")

    def validate_district_id(self, field: SelectField) -> None:
        area = self.areas.get(self.area_id.data)
        if area is None:
            return
        theirs = [d for d in self.districts.values() if d.area_id == area.id]
        chosen = self.districts.get(field.data)
        if chosen and chosen.area_id != area.id:
            raise ValidationError(_("Select a district in %(area)s", area=area.name))
        if theirs and not field.data:
            raise ValidationError(_("Select the district in %(area)s, or “Not known”", area=area.name))

    @property
    def is_right_place(self) -> bool:
        born: date = self.date_of_birth.data
        return YOUNGEST <= age_on(born, today()) <= OLDEST

    def kept(self) -> dict[str, Any]:
        values = super().kept()
        if values["district_id"] == NOT_KNOWN_DISTRICT:
            values["district_id"] = ""
        return values
