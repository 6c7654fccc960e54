"""The second person's answer."""

from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation

from core.forms import Form


class DecideForm(Form):
    """Agreeing needs no words; not agreeing does, for the person who asked."""

    decision = RadioField(
        "Do you agree?", [InputRequired("Choose whether you agree")],
        choices=[("agree", "Yes, I agree"), ("decline", "No")],
    )  # fmt: skip
    answer = TextAreaField(
        "Why not?",
        [Length(max=2000, message="Why not must have 2,000 characters or fewer")],
        description="The person who asked reads this.",
        render_kw={"rows": 4},
    )

    def validate_answer(self, field: TextAreaField) -> None:
        if self.decision.data == "decline" and not (field.data or "").strip():
            raise StopValidation("Say why you do not agree, for the person who asked")
