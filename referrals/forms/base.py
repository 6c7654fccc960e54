"""What the pages of a draft have in common: how their answers become JSON and come back."""

from collections.abc import Mapping
from typing import Any

from wtforms import Field
from wtforms.fields.choices import SelectFieldBase
from wtforms.validators import Length, Optional, StopValidation, ValidationError

from core.forms import Form
from core.languages import gettext as _
from referrals.answers import LONGEST_TEXT

EMAIL_WORDS = "Enter an email address in the right form, like name@example.com"


class SectionForm(Form):
    """A page of a draft. ``kept`` is what is stored of it; ``opened`` turns stored answers back into field data."""

    def kept(self) -> dict[str, Any]:
        return {name: _plain(_offered(item)) for name, item in self.answer_fields().items()}

    @classmethod
    def opened(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        return dict(values)


def _offered(item: Any) -> Any:
    """The field's data; of a choice only what was offered, because unfinished pages are kept without validation."""
    if not isinstance(item, SelectFieldBase):
        return item.data
    offered = {str(choice.value) for choice in item.iter_choices()}  # type: ignore[attr-defined]
    if isinstance(item.data, list):
        return [value for value in item.data if value in offered]
    return item.data if item.data in offered else ""


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip().replace("\r\n", "\n")
    return value.isoformat() if hasattr(value, "isoformat") else value


class Needed:
    """Something must be typed or chosen; ``words`` say what to do."""

    field_flags: Mapping[str, Any] = {}

    def __init__(self, words: str) -> None:
        self.words = words

    def __call__(self, form: Form, field: Field) -> None:
        if not field.data or (isinstance(field.data, str) and not field.data.strip()):
            field.errors = []
            raise StopValidation(self.words)


class LongText(Length):
    """``Tell us what is worrying you, in 4,000 characters or fewer. You have used 4,120``."""

    def __init__(self, what: str, most: int = LONGEST_TEXT) -> None:
        super().__init__(max=most)
        self.what = what

    def __call__(self, form: Any, field: Any) -> None:
        used = len((field.data or "").replace("\r\n", "\n"))
        if used > self.max:
            words = _("%(what)s, in %(most)s characters or fewer. You have used %(used)s",
                      what=_(self.what), most=f"{self.max:,}", used=f"{used:,}")  # fmt: skip
            raise ValidationError(words)


class ShortText(Length):
    """``The phone number must be 40 characters or fewer``."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(max=most)
        self.what = what

    def __call__(self, form: Any, field: Any) -> None:
        if len(field.data or "") > self.max:
            raise ValidationError(_("%(what)s must be %(most)s characters or fewer", what=_(self.what), most=self.max))


def short(words: str, most: int = 100) -> list[Any]:
    """Validators of an optional line of text."""
    return [Optional(), ShortText(words, most)]
