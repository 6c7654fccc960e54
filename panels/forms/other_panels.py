"""What came of contacting another panel."""

from wtforms import RadioField
from wtforms.validators import InputRequired

from core.codes import choices
from core.codes.elsewhere import ContactOutcome
from core.forms import Form


class ContactForm(Form):
    outcome = RadioField("What came of it?", [InputRequired("Choose what came of it")], choices=choices(ContactOutcome))
