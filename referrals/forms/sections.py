"""Which form asks for which section."""

from referrals.forms.base import SectionForm
from referrals.forms.helping import FamilyForm, OtherPersonForm, SharingForm, TriedForm, YouForm
from referrals.forms.person import ContactForm, EducationForm, NeedsForm, PersonForm
from referrals.forms.story import EventForm, StrengthsForm, WorriesForm

FORMS: dict[str, type[SectionForm]] = {
    "person": PersonForm, "contact": ContactForm, "needs": NeedsForm, "education": EducationForm,
    "strengths": StrengthsForm, "worries": WorriesForm, "tried": TriedForm, "family": FamilyForm,
    "sharing": SharingForm, "you": YouForm,
}  # fmt: skip
# Sections of things added one by one.
ENTRY_FORMS: dict[str, type[EventForm] | type[OtherPersonForm]] = {"events": EventForm, "people": OtherPersonForm}
