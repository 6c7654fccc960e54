"""Young people to consider: in date order, why each came up, and the decision a person makes with a reason."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from accounts.models import Area, User
from audit.models import Event
from audit.services import change_of, record
from cohort.matching import MatchReason
from cohort.models import Candidate, CohortRun
from cohort.policies import candidates_visible_to
from core.access import Actor
from core.clock import now, today
from core.codes.base import label_of
from core.codes.decisions import CandidateStatus, NotNominatedReason
from core.codes.events import PartInEvent
from core.codes.people import AttendanceBand
from core.context import current
from core.crypto import sealed_column
from core.db import db
from core.formats import day
from core.ids import Id
from core.languages import gettext as _
from core.languages import ngettext
from core.paging import PER_PAGE, Paging
from core.working_days import Due, add_working_days, due

CLOCK_DAYS = 10
OPEN = CandidateStatus.TO_REVIEW.value
_SEALED = ("forename", "surname", "date_of_birth", "reasons")


class AlreadyDecided(RuntimeError):
    """Somebody decided about this young person first."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    id: Id
    forename: str
    surname: str
    born: date | None
    came_up_on: date
    due: Due | None
    status: CandidateStatus
    why: str


def decide_by(came_up_on: date, targets: Any) -> date:
    return add_working_days(came_up_on, int((targets or {}).get("candidate", CLOCK_DAYS)))


def _visible(actor: Actor, *columns: Any) -> Select[Any]:
    joined = select(*columns).select_from(Candidate).join(CohortRun, CohortRun.id == Candidate.run_id)
    return joined.where(candidates_visible_to(actor))


def waiting(actor: Actor) -> int:
    """How many wait for a decision, for counts on other pages."""
    return db.session.scalar(_visible(actor, func.count()).where(Candidate.status == OPEN)) or 0


def listed(actor: Actor, *, decided: bool, page: int) -> tuple[list[Row], Paging]:
    """Those to consider, earliest first; or those decided, latest first. Three statements."""
    chosen = Candidate.status != OPEN if decided else Candidate.status == OPEN
    total = db.session.scalar(_visible(actor, func.count()).where(chosen)) or 0
    order = (
        (Candidate.decided_at.desc(),)
        if decided
        else (Candidate.came_up_on, CohortRun.created_at, Candidate.place, Candidate.id)
    )
    columns = (Candidate.id, Candidate.data_key_id, Candidate.came_up_on, Candidate.status, Area.targets)
    rows = db.session.execute(
        _visible(actor, *columns, *(sealed_column(Candidate, name) for name in _SEALED))
        .join(Area, Area.id == Candidate.area_id)
        .where(chosen).order_by(*order).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    ).all()  # fmt: skip
    current().load_keys(row.data_key_id for row in rows)
    return [_row(row) for row in rows], Paging(page, total)


def _row(row: Any) -> Row:
    opened = {
        name: current().open_value(Candidate, name, row.id, row.data_key_id, row.id, getattr(row, f"{name}_sealed"))
        for name in _SEALED
    }
    by = due(decide_by(row.came_up_on, row.targets), today()) if row.status == OPEN else None
    return Row(
        row.id, opened["forename"], opened["surname"], opened["date_of_birth"], row.came_up_on, by,
        CandidateStatus(row.status), _in_short(opened["reasons"] or []),
    )  # fmt: skip


def _in_short(events: list[dict[str, Any]]) -> str:
    """``Suspected 2 times, last on 4 March 2026``: the count that the rule made, and nothing that compares people."""
    days = sorted({str(event.get("on", "")) for event in events if event.get("counted")})
    if not days:
        return _("See why")
    return ngettext(
        "Suspected once, last on %(day)s",
        "Suspected %(count)s times, last on %(day)s",
        len(days),
        day=day(date.fromisoformat(days[-1])),
    )


def find_candidate(actor: Actor, candidate_id: Id) -> Candidate:
    """Raise NoResultFound for another area's, or one whose run is not released."""
    return db.session.execute(_visible(actor, Candidate).where(Candidate.id == candidate_id)).scalar_one()  # type: ignore[no-any-return]


def find_to_decide(actor: Actor, candidate_id: Id) -> Candidate:
    """Raise AlreadyDecided when it is too late."""
    candidate = find_candidate(actor, candidate_id)
    if candidate.status != OPEN:
        raise AlreadyDecided
    return candidate


@dataclass(frozen=True, slots=True)
class EventLine:
    on: date | None
    what: str
    part: str
    agency: str
    counted: bool


def events_of(candidate: Candidate) -> list[EventLine]:
    return [
        EventLine(
            _day(event.get("on")), str(event.get("what", "")), label_of(PartInEvent, event.get("part")),
            str(event.get("agency", "")), bool(event.get("counted")),
        )
        for event in candidate.reasons or []
    ]  # fmt: skip


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def education_of(candidate: Candidate) -> list[dict[str, str]]:
    """What schools said, as context; the rule did not read it."""
    return [
        {
            "agency": str(line.get("agency", "")),
            "school": str(line.get("school", "")),
            "attendance": label_of(AttendanceBand, line.get("attendance"), missing="Not known"),
            "suspensions": str(line.get("suspensions", _("None recorded"))),
        }
        for line in (candidate.details or {}).get("education", [])
    ]


def why_one_person(candidate: Candidate) -> list[str]:
    """Why rows that spell the name or date of birth differently were put together."""
    return [label_of(MatchReason, code) for code in (candidate.details or {}).get("why_one", [])]


def known_already(candidate: Candidate) -> list[str]:
    """Records of ours that may be about the same young person, in words."""
    lines = []
    for known in (candidate.details or {}).get("known", []):
        reasons = ", ".join(label_of(MatchReason, code) for code in known.get("reasons", []))
        lines.append(f"{_('An open case') if known.get('open_case') else _('A record')}: {reasons}")
    return lines


def criterion_words(candidate: Candidate) -> str:
    run = db.session.get_one(CohortRun, candidate.run_id)
    return str(run.criterion.get("words", ""))


def decided_by(candidate: Candidate) -> str:
    user = db.session.get(User, candidate.decided_by_id) if candidate.decided_by_id else None
    return user.name if user else ""


def do_not_nominate(actor: Actor, candidate: Candidate, *, code: NotNominatedReason, words: str) -> None:
    """Decided not to: who, when, a code, and why in words that the family could be told."""
    _decide(actor, candidate, CandidateStatus.NOT_NOMINATED, code.value, words)


def mark_nominated(actor: Actor, candidate: Candidate, *, referral_id: Id, words: str) -> None:
    """Called where the referral is made; nothing nominates by itself."""
    candidate.referral_id = referral_id
    _decide(actor, candidate, CandidateStatus.NOMINATED, None, words)


def _decide(actor: Actor, candidate: Candidate, status: CandidateStatus, code: str | None, words: str) -> None:
    if candidate.status != OPEN:
        raise AlreadyDecided
    candidate.status, candidate.decision_code = status.value, code
    candidate.decided_by_id, candidate.decided_at = actor.user_id, now()
    changes = change_of(candidate, {"decision_words": words})
    record(Event.CANDIDATE_DECIDED, actor, candidate, changes=changes, reason=code or status.value)
