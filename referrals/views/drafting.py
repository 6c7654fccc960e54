"""What the pages of a draft share: opening it, and its answers as rows of question and answer."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask import flash, redirect, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound

from core.access import signed_in
from core.codes.base import label_of
from core.codes.events import PartInEvent, TriggerEventType
from core.codes.people import CarerRelation, YesNoNotKnown
from core.formats import day
from core.forms import DateParts
from core.ids import Id
from core.languages import gettext as _
from referrals.answers import ENTRY_SECTIONS, SECTIONS, Answers, Section, next_section, on_page
from referrals.forms.base import SectionForm
from referrals.forms.helping import WORKER
from referrals.forms.sections import FORMS
from referrals.forms.story import CONCERN
from referrals.models import ReferralDraft
from referrals.services import drafts, sending
from referrals.views import bp

OPENED = "drafts_opened"
MOST_REMEMBERED = 20
# What an answer is called once it is given; other answers keep their question.
SHORT = {
    "forename": "First name", "surname": "Last name", "preferred_name": "Likes to be called", "pronouns": "Pronouns",
    "other_names": "Other names", "date_of_birth": "Date of birth", "methods": "Safe ways", "phone": "Phone",
    "email": "Email", "safe_when": "When and how it is safe", "must_not_know": "Who must not know",
    "address": "Address", "postcode": "Postcode", "sex": "Sex", "ethnicity": "Ethnic group",
    "ethnicity_source": "Who told you", "first_language": "First language", "interpreter": "Interpreter needed",
    "send": "Special educational needs", "communication": "Helps them understand", "accessibility": "To take part",
    "status": "Learning or working", "school": "School, college or employer", "attendance": "Attendance",
    "factors": "They have", "outcome": "Did it help?", "statutory": "Worker or plan now", "name": "Name", "job": "Job",
    "agency": "Organisation", "unavailable": "Cannot be reached",
}  # fmt: skip


class AlreadySent(Exception):
    """The draft became a referral: its sender is led there instead of to "Page not found"."""

    def __init__(self, referral_id: Id) -> None:
        super().__init__("already sent")
        self.referral_id = referral_id


@bp.errorhandler(AlreadySent)
def lead_to_referral(sent: AlreadySent) -> ResponseReturnValue:
    """Going back in the browser after sending ends here."""
    flash("You have already sent this referral.")
    return redirect(url_for("referrals.referral", referral_id=sent.referral_id))


def find_draft(draft_id: Id) -> ReferralDraft:
    """Raise AlreadySent to the person who sent it, NoResultFound to anyone else but its owner."""
    try:
        return drafts.find_draft(signed_in(), draft_id)
    except NoResultFound:
        if sending.sent_oneself(signed_in(), draft_id):
            raise AlreadySent(draft_id) from None
        raise


def open_draft(draft_id: Id) -> tuple[ReferralDraft, Answers]:
    """The draft and its answers. Its first opening in a session is noted; what its owner then types is not."""
    draft = find_draft(draft_id)
    is_first = draft.id not in session.get(OPENED, [])
    answers = drafts.answers_of(draft, noted=is_first)
    if is_first:
        remember_opened(draft.id)
    return draft, answers


def remember_opened(draft_id: Id) -> None:
    session[OPENED] = [*session.get(OPENED, []), draft_id][-MOST_REMEMBERED:]


def address_after(answers: Answers, draft_id: Id, key: str | None) -> str:
    """The next unfinished page, or "Check your answers"."""
    following = next_section(answers, key)
    if following is None:
        return url_for("referrals.check", draft_id=draft_id)
    return section_address(following, draft_id)


def section_address(section: Section, draft_id: Id) -> str:
    endpoint = "referrals.entries" if section.key in ENTRY_SECTIONS else "referrals.section"
    return url_for(endpoint, draft_id=draft_id, key=section.key)


def summary(answers: Mapping[str, Any]) -> list[tuple[Section, list[dict[str, Any]]]]:
    """Every section with its answers in words, strengths and the young person's own words first."""
    order = sorted(SECTIONS, key=lambda key: key != "strengths")
    return [(SECTIONS[key], rows_of(key, on_page(answers, key))) for key in order]


def rows_of(key: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    if key == "events":
        return [_event_row(entry) for entry in values.get("list", [])]
    if key == "people":
        return [_person_row(entry) for entry in values.get("list", [])]
    form_class = FORMS[key]
    form = form_class(None, data=form_class.opened(values), meta={"csrf": False})
    return [row for item in form.answer_fields().values() if (row := _row(form, item))]


def _row(form: SectionForm, item: Any) -> dict[str, Any] | None:
    """One answer; an optional one that was left out is not a line."""
    text = in_words(item)
    is_optional = item.label.text.endswith("(optional)") or item.name.startswith(CONCERN)
    if not text and (is_optional or item.name in ("why_not", "ethnicity_source", "no_fixed_address")):
        return None
    words = _(SHORT[item.name]) if item.name in SHORT else _(item.label.text).removesuffix(_(" (optional)"))
    return {"key": words, "value": text or None}


def in_words(item: Any) -> str:
    if isinstance(item, DateParts):
        return day(item.data) if item.data else ""
    if hasattr(item, "iter_choices"):
        chosen = item.data if isinstance(item.data, list) else [item.data]
        return "\n".join(
            _(str(choice.label)) for choice in item.iter_choices() if choice.value in chosen and choice.value
        )
    if item.data is True:
        return _("Yes")
    return item.data or ""


def _event_row(entry: Mapping[str, Any]) -> dict[str, Any]:
    on = day(date.fromisoformat(entry["on"])) if entry.get("on") else _("Date not known")
    told = [on, _("Their part: %(part)s", part=label_of(PartInEvent, entry.get("part")).lower())]
    told += [
        _("Number: %(number)s", number=entry["reference"]) if entry.get("reference") else "",
        entry.get("text") or "",
    ]
    what = label_of(TriggerEventType, entry.get("type"), missing="From a partner’s list")
    return {"id": entry["id"], "key": what, "value": _lines(told)}


def _person_row(entry: Mapping[str, Any]) -> dict[str, Any]:
    relation = _("Worker from another service") if entry.get("relation") == WORKER else ""
    told = [relation or label_of(CarerRelation, entry.get("relation"))]
    if entry.get("parental_responsibility"):
        told += [
            _(
                "Parental responsibility: %(answer)s",
                answer=label_of(YesNoNotKnown, entry["parental_responsibility"]).lower(),
            )
        ]
    told += [
        entry.get("contact") or "",
        _("Take care: %(words)s", words=entry["safe_to_contact"]) if entry.get("safe_to_contact") else "",
    ]
    return {"id": entry["id"], "key": entry.get("name") or _("Not named"), "value": _lines(told)}


def _lines(told: Iterable[str]) -> str:
    return "\n".join(line for line in told if line)
