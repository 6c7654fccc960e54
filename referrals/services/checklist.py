"""What a coordinator checks before deciding: facts put side by side with the area's rules. A person decides."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from core.clock import in_london
from core.codes.base import label_of
from core.codes.decisions import EXCLUDING_STATUSES, NotEligibleReason
from core.codes.people import YesNoNotKnown
from core.codes.referrals import DangerAnswer
from core.codes.referrals import ReferralStatus as S
from core.db import db
from core.formats import age_on, short_day
from core.ids import Id
from core.languages import gettext as _
from referrals.answers import OLDEST, YOUNGEST, is_eligible_age
from referrals.models import PossibleMatch, Referral
from referrals.services import story
from referrals.services.triage import TriageFile

FINE, LOOK, WAITING = "Fine", "Check this", "To do"
COLOURS = {FINE: None, LOOK: "yellow", WAITING: "blue"}


@dataclass(frozen=True, slots=True)
class Check:
    """One line: the question, what we know, and whether it needs a look."""

    text: str
    hint: str
    status: str
    href: str | None = None

    @property
    def colour(self) -> str | None:
        return COLOURS[self.status]


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another referral about the same young person."""

    id: Id
    reference: str
    status: S
    sent_at: datetime


def earlier_of(referral: Referral, person_id: Id | None = None) -> list[Earlier]:
    """Other referrals of the linked young person (or of ``person_id``) in this area, newest first."""
    about = person_id or referral.young_person_id
    if about is None:
        return []
    rows = db.session.execute(
        select(Referral.id, Referral.reference, Referral.status, Referral.sent_at)
        .where(Referral.young_person_id == about, Referral.id != referral.id, Referral.area_id == referral.area_id)
        .order_by(Referral.sent_at.desc())
        .limit(20)
    )
    return [Earlier(row.id, row.reference, S(row.status), row.sent_at) for row in rows]


def checks(
    file: TriageFile, answers: dict[str, Any], matches: list[PossibleMatch], earlier: list[Earlier]
) -> list[Check]:
    """The list beside the referral, in the order of PAGES 3.4. ``answers`` are opened once by the page."""
    linked = file.referral.young_person_id is not None
    born: date | None = file.referral.date_of_birth
    return [
        _age(born, in_london(file.referral.sent_at).date()),
        _area(file, answers),
        _once_only(file, earlier, linked),
        _open_already(earlier, linked),
        _statutory(file, answers),
        _danger(answers),
        _family(answers),
        _matches(matches, linked, is_new=file.status is S.NEW),
    ]


def _age(born: date | None, sent_on: date) -> Check:
    title = _("Age %(youngest)s to %(oldest)s on the day of the referral", youngest=YOUNGEST, oldest=OLDEST)
    if born is None:
        return Check(title, _("Date of birth not known"), LOOK)
    fine = is_eligible_age(born, sent_on)
    return Check(
        title, _("%(age)s on %(day)s", age=age_on(born, sent_on), day=short_day(sent_on)), FINE if fine else LOOK
    )


def _area(file: TriageFile, answers: dict[str, Any]) -> Check:
    contact = story.section(answers, "contact")
    home = _("no fixed address") if contact.get("no_fixed_address") else contact.get("postcode") or _("home not given")
    school = story.section(answers, "education").get("school") or _("school not given")
    return Check(
        _("Lives or goes to school in %(area)s", area=file.area.name), f"{home}; {school}", FINE if contact else LOOK
    )


def _once_only(file: TriageFile, earlier: list[Earlier], linked: bool) -> Check:
    title = _("Has not had this support before")
    if NotEligibleReason.BEFORE.value not in file.area.exclusions:
        return Check(title, _("This area takes a young person more than once"), FINE)
    if not linked:
        return Check(title, _("Known once the referral is linked to a record"), WAITING)
    before = [item for item in earlier if item.status is S.CLOSED]
    words = (
        _("Supported before: %(reference)s", reference=before[0].reference) if before else _("No earlier support here")
    )
    return Check(title, words, LOOK if before else FINE)


def _open_already(earlier: list[Earlier], linked: bool) -> Check:
    title = _("No other referral or case is open")
    if not linked:
        return Check(title, _("Known once the referral is linked to a record"), WAITING)
    still = [item for item in earlier if item.status.is_open or item.status is S.ACCEPTED]
    words = ", ".join(f"{item.reference} ({item.status.label.lower()})" for item in still) or _("None open here")
    return Check(title, words, LOOK if still else FINE)


def _statutory(file: TriageFile, answers: dict[str, Any]) -> Check:
    title = _("Statutory services")
    statuses = story.statutory_statuses(answers)
    if not statuses:
        return Check(title, _("Not asked"), LOOK)
    excluded = {
        status
        for reason in file.area.exclusions
        for status in EXCLUDING_STATUSES.get(NotEligibleReason(reason), frozenset())
    }
    words = ", ".join(status.label for status in statuses)
    hit = [status.label for status in statuses if status in excluded]
    if hit:
        return Check(
            title, _("%(words)s. This area does not take: %(excluded)s", words=words, excluded=", ".join(hit)), LOOK
        )
    return Check(title, words, FINE)


def _danger(answers: dict[str, Any]) -> Check:
    danger = story.section(answers, "start").get("danger")
    words = label_of(DangerAnswer, danger)
    called = story.section(story.section(answers, "start"), "called")
    if called.get("spoke_to"):
        words = _("%(words)s. The referrer called and spoke to %(name)s", words=words, name=called["spoke_to"])
    return Check(_("Is anyone in danger?"), words, FINE if danger == DangerAnswer.NO else LOOK)


def _family(answers: dict[str, Any]) -> Check:
    informed = story.section(answers, "family").get("informed") == YesNoNotKnown.YES
    return Check(_("Does the family know?"), story.family_told(answers), FINE if informed else LOOK)


def _matches(matches: list[PossibleMatch], linked: bool, *, is_new: bool) -> Check:
    title = _("Possible records of the same young person")
    if is_new:
        return Check(title, _("We look for them when triage starts"), WAITING)
    waiting = [match for match in matches if match.answered_at is None]
    if waiting:
        return Check(title, _("%(count)s to answer", count=len(waiting)), WAITING)
    if linked:
        return Check(title, _("Linked to a record"), FINE)
    return Check(
        title, _("All answered. Make a new record") if matches else _("None found. Make a new record"), WAITING
    )
