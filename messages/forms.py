"""The one choice about e-mails that a person has."""

from wtforms import BooleanField

from core.forms import Form


class EmailsForm(Form):
    daily = BooleanField(
        "Each morning, how many things are due",
        description="Not sent on days when nothing is due. The e-mail holds numbers only.",
    )
