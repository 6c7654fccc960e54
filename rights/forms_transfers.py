"""Asking another area to take over a record, and its answer."""

from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation

from core.codes import choices
from core.codes.transfers import MoveAnswer
from core.forms import Form

SHORTEST_REASON = 10


def _said(field: TextAreaField) -> str:
    return (field.data or "").strip()


class TransferForm(Form):
    to_area_id = SelectField("Which area do they move to?", [InputRequired("Choose an area")])
    reason = TextAreaField(
        "Why does the record move?",
        [InputRequired("Say why the record moves"), Length(max=2000, message="Why it moves must have 2,000 characters or fewer")],
        description="The other area’s coordinator reads this before they accept. Do not write the young person’s name.",
        render_kw={"rows": 4},
    )  # fmt: skip
    said = RadioField(
        "What do the young person and family say?", [InputRequired("Choose what they say")], choices=choices(MoveAnswer)
    )
    words = TextAreaField(
        "In their words (optional)", [Length(max=2000, message="Their words must have 2,000 characters or fewer")],
        description="If they would rather not, or could not be asked, say why here.", render_kw={"rows": 3},
    )  # fmt: skip

    def validate_words(self, field: TextAreaField) -> None:
        if self.said.data in {MoveAnswer.PREFER_NOT.value, MoveAnswer.NOT_ASKED.value} and not _said(field):
            raise StopValidation("Say what they said, or why they could not be asked")


class AnswerForm(Form):
    decision = RadioField(
        "Does your area take this record over?", [InputRequired("Choose whether your area takes it over")],
        choices=[("accept", "Yes, it moves to us now"), ("decline", "No")],
    )  # fmt: skip
    answer = TextAreaField(
        "Why not?", [Length(max=2000, message="Why not must have 2,000 characters or fewer")],
        description="The coordinator who asked reads this.", render_kw={"rows": 3},
    )  # fmt: skip

    own = StringField(
        "If you hold a record of the same young person: its reference (optional)", [Length(max=16)],
        description="You compare the two next, and choose what is kept.",
        render_kw={"class": "govuk-input--width-10", "autocomplete": "off"},
    )  # fmt: skip

    def validate_answer(self, field: TextAreaField) -> None:
        if self.decision.data == "decline" and not _said(field):
            raise StopValidation("Say why not, for the coordinator who asked")
