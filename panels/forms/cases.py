"""Forms of a case: lead, note, asking to take part, closing, reopening."""

from typing import Any

from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, StopValidation, ValidationError

from core.clock import today
from core.codes import choices
from core.codes.cases import (
    AttemptMethod,
    ClosureReason,
    EngagementAnswer,
    EngagementGivenBy,
    GoalOutcome,
    NoteKind,
    ReopenReason,
)
from core.forms import DateParts, Form
from core.languages import gettext as _

# The privacy notices that a worker may have given, by version (DOMAIN 3.8).
NOTICES = (
    ("3", "Version 3, for young people"),
    ("3-easy", "Version 3, easy read"),
    ("3-family", "Version 3, for families"),
    ("none", "Not given yet"),
)


class _LeadForm(Form):
    def validate_lead(self, field: SelectField | RadioField) -> None:
        """Who left or was suspended since the page was opened is not offered any more."""
        if field.data and field.data not in {choice[0] for choice in field.choices or ()}:
            raise ValidationError("They do not lead cases here any more. Choose someone else")


class LeadForm(_LeadForm):
    """Who leads the case from now on."""

    lead = RadioField(
        "Who will lead this case?", [InputRequired("Choose a lead practitioner")], validate_choice=False
    )  # fmt: skip


class ManyLeadsForm(_LeadForm):
    """One new lead for the cases that were ticked."""

    cases = SelectMultipleField("Cases", validate_choice=False)
    # Who led each case when the page was opened: its id, a full stop, theirs.
    led = SelectMultipleField("Leads", validate_choice=False)
    lead = SelectField(
        "Who will lead these cases?", [InputRequired("Choose a lead practitioner")], validate_choice=False
    )  # fmt: skip


class NoteForm(Form):
    """A note, written as if the young person will read it."""

    kind = RadioField(
        "What kind of note is it?",
        choices=choices(NoteKind),
        validators=[InputRequired("Choose what kind of note it is")],
    )
    happened_on = DateParts(
        "When did it happen?", what="The date", required="Enter the date it happened", past=True, default=today
    )
    text = TextAreaField(
        "What happened?",
        description="Write it as if they will read it. Say who said what.",
        validators=[
            DataRequired("Enter what happened"),
            Length(max=8000, message="Use 8,000 characters or fewer"),
        ],
        render_kw={"rows": 10},
    )
    corrects = HiddenField()


class NeededForYes:
    """Asked only where they said yes; any other answer leaves the question alone."""

    field_flags: dict[str, Any] = {}

    def __init__(self, message: str, empty: tuple[str, ...] = ("",)) -> None:
        self.message, self.empty = message, (None, "None", *empty)

    def __call__(self, form: Any, field: Any) -> None:
        if field.data in self.empty:
            field.errors[:] = []
            raise StopValidation(self.message if form.answer.data == EngagementAnswer.YES else "")


class EngagementForm(Form):
    """One time somebody asked the young person or their family to take part."""

    made_on = DateParts(
        "When did you ask?", what="The date", required="Enter the date you asked", past=True, default=today
    )
    method = RadioField(
        "How did you ask?", choices=choices(AttemptMethod), validators=[InputRequired("Choose how you asked")]
    )
    answer = RadioField(
        "What did they say?", choices=choices(EngagementAnswer), validators=[InputRequired("Choose what they said")]
    )
    given_by = RadioField(
        "Who agreed?", choices=choices(EngagementGivenBy), validators=[NeededForYes("Choose who agreed")],
        description="Only if they said yes.",
    )  # fmt: skip
    notice_version = SelectField(
        "Which privacy notice did you give?",
        choices=[("", "Choose"), *NOTICES],
        validators=[NeededForYes("Choose which privacy notice you gave", ("", "none"))],
    )
    notice_language = StringField(
        "In which language?", default="English", validators=[Length(max=40, message="Use 40 characters or fewer")]
    )
    competence_note = TextAreaField(
        "How do you know they understood? (optional)",
        description="What they asked, what they said back in their own words.",
        validators=[Length(max=1000, message="Use 1,000 characters or fewer")],
        render_kw={"rows": 3},
    )
    their_words = TextAreaField(
        "What did they say, in their words? (optional)",
        validators=[Length(max=2000, message="Use 2,000 characters or fewer")],
        render_kw={"rows": 3},
    )


class CloseForm(Form):
    """Why the case closes and what stays; ``close_form`` adds one question for each goal."""

    reason = SelectField(
        "Why is the case closing?", choices=choices(ClosureReason, blank="Choose a reason"),
        validators=[InputRequired("Select a reason for closing")],
    )  # fmt: skip
    note = TextAreaField(
        "What changed for them? (optional)", validators=[Length(max=4000, message="Use 4,000 characters or fewer")]
    )
    exit_plan = TextAreaField(
        "What happens now, and who can they turn to?",
        description="The people and places that stay, and what to do if things get harder.",
        validators=[
            DataRequired("Enter what happens now and who they can turn to"),
            Length(max=4000, message="Use 4,000 characters or fewer"),
        ],
    )
    feedback = TextAreaField(
        "What should the referrer be told?",
        description="Only what the referrer needs: that support ended, and what to do if they are worried again.",
        validators=[
            DataRequired("Enter what the referrer should be told"),
            Length(max=4000, message="Use 4,000 characters or fewer"),
        ],
        default="The support we offered has ended. Thank you for your referral. "
        "If you are worried again, you can make a new referral.",
    )


def close_form(goals: list[Any]) -> Any:
    """The closing form with an outcome for each goal of the plan, in the order of the plan."""
    extra = {
        f"goal_{number}": RadioField(
            goal.their_words or goal.our_words or _("Goal %(number)s", number=number),
            choices=choices(GoalOutcome),
            validators=[InputRequired(_("Choose what happened with goal %(number)s", number=number))],
            default=goal.outcome,
        )
        for number, goal in enumerate(goals, 1)
    }
    return type("CloseFormWithGoals", (CloseForm,), extra)()


class ReopenForm(Form):
    """A new episode of the same case."""

    reason = RadioField(
        "Why is the case being reopened?", choices=choices(ReopenReason),
        validators=[InputRequired("Select a reason for reopening")],
    )  # fmt: skip
    words = TextAreaField(
        "What has happened?",
        validators=[
            DataRequired("Enter what has happened"),
            Length(max=4000, message="Use 4,000 characters or fewer"),
        ],
    )


class ApproveForm(Form):
    """Agreeing, or not, to a request to close."""
