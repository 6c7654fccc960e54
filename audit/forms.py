"""What the trail is asked by, and why an export is made."""

from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from audit.search import GROUPS, OUTCOMES, Asked
from core.clock import today
from core.codes import choices
from core.codes.purposes import Purpose
from core.forms import Form
from core.languages import gettext as _

EXPORT_PURPOSES = (Purpose.AUDIT_REVIEW, Purpose.SAFEGUARDING, Purpose.RIGHTS, Purpose.ADMINISTRATION)
Pairs = list[tuple[str, str]]


LAST_YEAR = 2199


def day_of(text: str | None) -> date | None:
    """As a date box gives it, or as people write it: 15/11/2026."""
    text = (text or "").strip()
    if not text:
        return None
    if "/" in text:
        day, month, year = (int(part) for part in text.split("/"))
        found = date(year, month, day)
    else:
        found = date.fromisoformat(text)
    if found.year > LAST_YEAR:
        raise ValueError("No day of this service")
    return found


def real_day(form: Any, field: Any) -> None:
    try:
        day = day_of(field.data)
    except ValueError:
        raise ValidationError(_("%(name)s must be a real date, like 15/11/2026", name=_(field.label.text))) from None
    if day and day.year < 2000:
        raise ValidationError(_("%(name)s must be 2000 or later", name=_(field.label.text)))


class SearchForm(FlaskForm):
    """The filter. It is posted, because a reference is typed into it; the answer's address holds opaque ids alone."""

    reference = StringField(
        "Young person",
        [Optional(), Length(max=20, message="A reference has up to 20 characters")],
        id="filter-reference",
    )
    who = SelectField("Who", [Optional()], id="filter-who")
    role = SelectField("Role", [Optional()], id="filter-role")
    what = SelectField("What", [Optional()], id="filter-what")
    outcome = SelectField("How it ended", [Optional()], id="filter-outcome")
    chain = SelectField("Area", [Optional()], id="filter-chain")
    since = StringField("From", [real_day], id="filter-since")
    until = StringField("To", [real_day], id="filter-until")
    record: str = ""

    def offer(self, *, people: Pairs, roles: Pairs, chains: Pairs) -> None:
        anyone = [("", "Anyone")]
        self.who.choices = anyone + people
        self.role.choices = [("", "Any role"), *roles]
        self.what.choices = [("", "Anything"), *((code, words) for code, (words, _) in GROUPS.items())]
        self.outcome.choices = [("", "Any way"), *OUTCOMES.items()]
        self.chain.choices = [("", "All"), *chains]

    def validate_until(self, field: Any) -> None:
        try:
            first, last = day_of(self.since.data), day_of(field.data)
        except ValueError:
            return
        if first and last and last < first:
            raise ValidationError("To must be the same day as From, or after it")
        if first and first > today():
            raise ValidationError("From must be today or in the past")

    def asked(self) -> Asked:
        return Asked(
            who=self.who.data or "", role=self.role.data or "", record=self.record, what=self.what.data or "",
            since=day_of(self.since.data), until=day_of(self.until.data), outcome=self.outcome.data or "",
            chain=self.chain.data or "",
        )  # fmt: skip


class ExportForm(Form):
    """Why the entries leave the service."""

    purpose = SelectField(
        "Why do you need this file?", [InputRequired("Select why you need this file")],
        choices=lambda: choices(EXPORT_PURPOSES, blank="Choose"),
    )  # fmt: skip
