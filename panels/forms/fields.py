"""Fields and rules that forms about support share: a time of day, a length with the count, tidy text."""

import re
from datetime import time
from typing import Any

from wtforms import Field, StringField
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError

from core.languages import gettext as _

_TIME = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))?\s*(am|pm)?", re.IGNORECASE)


def tidy(text: str | None) -> str:
    """What was typed, with one kind of line end and nothing around it."""
    return (text or "").replace("\r\n", "\n").strip()


class Within(Length):
    """``act`` says what to write; the message adds the limit and what was used."""

    def __init__(self, limit: int, act: str) -> None:
        super().__init__(max=limit)
        self.limit, self.act = limit, act

    def __call__(self, form: Any, field: Field) -> None:
        used = len(field.data or "")
        if used > self.limit:
            raise ValidationError(
                _("%(what)s, in %(most)s characters or fewer. You have used %(used)s",
                  what=_(self.act), most=f"{self.limit:,}", used=f"{used:,}")
            )  # fmt: skip


class Needed(InputRequired):
    """An answer that is only spaces is none."""

    def __call__(self, form: Any, field: Field) -> None:
        if not (field.data.strip() if isinstance(field.data, str) else field.data):
            # A list of choices has complained already, in words that are not ours.
            field.errors = []
            raise StopValidation(str(self.message))


class TimeText(StringField):
    """A time of day as people write it: 4pm, 4:10pm, 16:30. ``at`` is the time, or None."""

    at: time | None = None

    def process_data(self, value: Any) -> None:
        if isinstance(value, time):
            half, hour = "am" if value.hour < 12 else "pm", value.hour % 12 or 12
            value = f"{hour}:{value.minute:02d}{half}" if value.minute else f"{hour}{half}"
        super().process_data(value)

    def pre_validate(self, form: Any) -> None:
        self.at = parse_time(self.data or "")
        if self.data and self.data.strip() and self.at is None:
            raise ValidationError("Enter a time, like 4pm or 16:30")


def parse_time(text: str) -> time | None:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return time(hour, minute) if hour < 24 and minute < 60 else None
