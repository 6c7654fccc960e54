"""Forms of triage: comparing records, deciding, stepping up and what the front door answered."""

import re
from datetime import date, datetime, time
from typing import Any

from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from core.clock import LONDON, now
from core.codes.base import choices
from core.codes.decisions import MatchAnswer, NotEligibleReason, SignpostTo, StepUpOutcome, TriageOutcome
from core.forms import DateParts, Form

TOO_LONG = "The reference must be 60 characters or fewer"
LONG = Length(max=3500, message="The text must be 3,500 characters or fewer")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))?\s*(am|pm)?", re.IGNORECASE)


class AnswerMatchForm(Form):
    answer = RadioField(
        "Is this the same person?",
        choices=[
            (MatchAnswer.SAME.value, "Same person"),
            (MatchAnswer.DIFFERENT.value, "Different people"),
            (MatchAnswer.NOT_SURE.value, "Not sure – ask the referrer"),
        ],
        validators=[InputRequired("Select whether this is the same person")],
    )
    why = TextAreaField("Why?", validators=[LONG], render_kw={"rows": 3})

    needs_why = False

    def validate_why(self, item: Any) -> None:
        if self.needs_why and not (item.data or "").strip():
            raise ValidationError("Say why they are different people: 2 or more rows are the same")


class DecideForm(Form):
    """``seen`` names the text that was shown for checking; anything else in its place shows the text again."""

    outcome = RadioField(
        "What happens next?", choices=choices(TriageOutcome), validators=[InputRequired("Select what happens next")]
    )
    signpost_to = SelectField("Where to?", choices=choices(SignpostTo, blank="Choose"))
    not_eligible = SelectField("Why not?", choices=choices(NotEligibleReason, blank="Choose"))
    words = TextAreaField(
        "What should the referrer know?", validators=[LONG],
        description="Give your reason, or ask your question, in words the referrer can read. Do not say what other "
        "agencies told you.",
    )  # fmt: skip
    notes = TextAreaField(
        "Notes for the panel team (optional)", validators=[LONG], render_kw={"rows": 3},
        description="The referrer does not see these.",
    )  # fmt: skip
    seen = HiddenField()

    def validate_signpost_to(self, item: Any) -> None:
        if self.outcome.data == TriageOutcome.SIGNPOST.value and not item.data:
            raise ValidationError("Select where the referrer should go")

    def validate_not_eligible(self, item: Any) -> None:
        if self.outcome.data == TriageOutcome.NOT_ELIGIBLE.value and not item.data:
            raise ValidationError("Select a reason for your decision")

    def validate_words(self, item: Any) -> None:
        given = self.outcome.data
        if given and given != TriageOutcome.STEP_UP.value and not (item.data or "").strip():
            asked = given == TriageOutcome.ASK_FOR_INFORMATION.value
            raise ValidationError("Enter your question" if asked else "Give a reason the referrer can read")

    @property
    def code(self) -> str | None:
        """The code that the chosen outcome needs."""
        given = {
            TriageOutcome.SIGNPOST.value: self.signpost_to.data,
            TriageOutcome.NOT_ELIGIBLE.value: self.not_eligible.data,
        }
        return given.get(self.outcome.data) or None


def parse_clock(typed: str) -> time | None:
    """``10:30``, ``10.30am``, ``2pm``, ``1430``; None for anything else."""
    found = _CLOCK.fullmatch(typed.strip())
    if not found:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if not (half or found[2]) or (half and not 1 <= hour <= 12):
        return None
    hour = hour % 12 + 12 * (half == "pm") if half else hour
    return time(hour, minute) if hour < 24 and minute < 60 else None


class CallForm(Form):
    """A day and a time of a call that was made."""

    called_on = DateParts(
        "When did you call?", what="The date of the call", required="Enter the date and time you called", past=True
    )
    called_time = StringField(
        "At what time?", description="For example, 10:30am", render_kw={"class": "govuk-input--width-5"}
    )

    def validate_called_time(self, item: Any) -> None:
        if parse_clock(item.data or "") is None:
            raise ValidationError("Enter the time you called, like 10:30am")
        at = self.called_at
        if at is not None and at > now():
            raise ValidationError("The time you called must be in the past")

    @property
    def called_at(self) -> datetime | None:
        day: date | None = self.called_on.data
        clock = parse_clock(self.called_time.data or "")
        return datetime.combine(day, clock, LONDON) if day and clock else None


class StepUpForm(CallForm):
    why = TextAreaField(
        "What did you tell the front door, and why?",
        validators=[InputRequired("Enter what you told the front door"), LONG],
    )
    front_door_reference = StringField(
        "Front door’s reference (optional)", validators=[Length(max=60, message=TOO_LONG)],
        render_kw={"class": "govuk-input--width-10"},
    )  # fmt: skip
    is_nrm = RadioField(
        "Is a referral to the National Referral Mechanism being made?", choices=[("yes", "Yes"), ("no", "No")],
        description="For a child who may be a victim of trafficking or exploitation.",
        validators=[InputRequired("Select yes if a referral to the National Referral Mechanism is being made")],
    )  # fmt: skip


class CallMadeForm(CallForm):
    """Puts right when the front door was called, for a step-up that a meeting raised before the call."""

    front_door_reference = StringField(
        "Front door’s reference (optional)", validators=[Length(max=60, message=TOO_LONG)],
        render_kw={"class": "govuk-input--width-10"},
    )  # fmt: skip


class AcknowledgedForm(Form):
    acknowledged_by = StringField(
        "Who at the front door has it?", description="Their name and role",
        validators=[InputRequired("Enter who at the front door has it"), Length(max=120)],
    )  # fmt: skip
    front_door_reference = StringField(
        "Front door’s reference (optional)", validators=[Length(max=60, message=TOO_LONG)],
        render_kw={"class": "govuk-input--width-10"},
    )  # fmt: skip


class FrontDoorAnswerForm(Form):
    outcome = RadioField(
        "What did the front door decide?", choices=choices(StepUpOutcome),
        validators=[InputRequired("Select what the front door decided")],
    )  # fmt: skip
    outcome_note = TextAreaField("What did they say?", validators=[InputRequired("Enter what they said"), LONG])
