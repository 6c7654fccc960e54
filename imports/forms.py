"""Forms of lists: choosing a file, and what its fine rows become."""

from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, RadioField
from wtforms.validators import Optional

from core.codes.base import choices
from core.forms import Form
from imports.models import Makes
from referrals.forms.base import Needed


class ListForm(Form):
    file = FileField(
        "Choose your list", description="CSV or XLSX, up to 5,000 rows and 10MB.",
        validators=[FileRequired("Choose a file in CSV or XLSX")],
        render_kw={"accept": ".csv,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    )  # fmt: skip


class SendForm(Form):
    """``asks_makes`` and ``asks_again`` are set by what the list holds."""

    asks_makes = asks_again = False
    makes = RadioField(
        "What should we do with these rows?", choices=choices(Makes), validators=[Optional()],
    )  # fmt: skip
    again = RadioField(
        "Some rows may be about somebody you referred before. What should we do with those?",
        choices=[("leave", "Leave them out"), ("send", "Take them too: they are about someone else, or new worries")],
        validators=[Optional()],
    )  # fmt: skip
    declared = BooleanField(
        "What the list says is true as far as I know, and it says what is fact and what is opinion.",
        [Needed("Confirm that what the list says is true as far as you know")],
    )  # fmt: skip

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = super().validate(extra_validators)
        for item, asked, words in (
            (self.makes, self.asks_makes, "Select what to do with these rows"),
            (
                self.again,
                self.asks_again,
                "Select what to do with the rows that may be about somebody you referred before",
            ),
        ):
            if asked and not item.data:
                item.errors = [words]
                is_valid = False
        return bool(is_valid)
