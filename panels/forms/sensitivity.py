"""Closing a record: how closed it is, why, who may open it, and whom to ask."""

from typing import Any

from wtforms import RadioField, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired

from core.codes import choices
from core.codes.decisions import MatchAnswer
from core.codes.sensitivity import OpeningReason, Sensitivity, SensitivityReason
from core.forms import Form
from panels.forms.fields import Needed, Within

LEVELS = (
    (Sensitivity.NORMAL.value, "Everyone whose work in the area needs it"),
    (Sensitivity.RESTRICTED.value, "Only the people named below. Others see that there is a record, and whom to ask"),
    (Sensitivity.HIDDEN.value, "Only the people named below. Others see no trace of it"),
)


class SensitivityForm(Form):
    """``lessens`` says whether what was chosen opens the record to more people than now."""

    level = RadioField(
        "Who may open this record?", choices=LEVELS, validators=[InputRequired("Choose who may open it")]
    )
    closing = RadioField("Why may fewer people open it?", choices=choices(SensitivityReason), validate_choice=False)
    opening = RadioField("Why may more people open it?", choices=choices(OpeningReason), validate_choice=False)
    words = TextAreaField(
        "What else should be known about this decision?",
        description="Only people who may open the record read this.",
        validators=[Within(2000, "Say it shorter")],
        render_kw={"rows": 4},
    )
    named = SelectMultipleField("Who may open it?")
    ask = SelectField("Whom may others ask?", description="Their name is shown where the record is restricted.")

    def __init__(self, *args: Any, before: Sensitivity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = before

    @property
    def chosen(self) -> Sensitivity:
        return Sensitivity(self.level.data)

    @property
    def lessens(self) -> bool:
        order = list(Sensitivity)
        return order.index(self.chosen) < order.index(self.before)

    @property
    def code(self) -> str:
        return str((self.opening if self.lessens else self.closing).data or "")

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        for field, words in self._missing():
            field.errors = [*field.errors, words]
        return not self.errors

    def _missing(self) -> list[tuple[Any, str]]:
        """Each question that this choice needs an answer to, with what to do."""
        wrong: list[tuple[Any, str]] = []
        reasons: Any = OpeningReason if self.lessens else SensitivityReason
        if self.lessens and self.opening.data not in list(reasons):
            wrong.append((self.opening, "Choose why more people may open it"))
        if self.lessens and not (self.words.data or "").strip():
            wrong.append((self.words, "Say why more people may open it"))
        if self.chosen is Sensitivity.NORMAL:
            return wrong
        if not self.lessens and self.closing.data not in list(reasons):
            wrong.append((self.closing, "Choose why fewer people may open it"))
        if not self.named.data:
            wrong.append((self.named, "Choose at least one person"))
        elif self.ask.data not in self.named.data:
            wrong.append((self.ask, "Choose one of the people who may open it"))
        return wrong


class HiddenMatchForm(Form):
    """What the safeguarding lead found out about a referral that may be about a young person with a hidden record."""

    answer = RadioField(
        "Are they the same young person?",
        choices=choices([MatchAnswer.SAME, MatchAnswer.DIFFERENT, MatchAnswer.NOT_SURE]),
        validators=[InputRequired("Choose whether they are the same young person")],
    )
    why = TextAreaField(
        "What did you do?",
        description="For example, whom you spoke to. Only people who may open the hidden record read this.",
        validators=[Needed("Say what you did"), Within(4000, "Say what you did")],
        render_kw={"rows": 4},
    )
