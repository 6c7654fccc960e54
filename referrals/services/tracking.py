"""What referrers see of what they sent, and what they can still do: answer a question, change it, take it back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Select, select

from accounts.models import User
from audit.models import Event
from audit.services import change_of, record
from core.access import Actor
from core.clock import now, today
from core.codes.base import Tag
from core.codes.referrals import OPEN_REFERRALS, ReferralStatus
from core.context import current
from core.crypto import sealed_column
from core.db import db
from core.formats import list_name
from core.ids import Id
from files.services import keeping
from files.services.examining import Examined
from files.services.keeping import Place
from messages.kinds import MessageKind
from referrals.answers import with_page
from referrals.models import Referral, ReferralDraft, ReferralMessage
from referrals.policies import OWN_DRAFTS, may_act_on, owner, sent_by, sent_by_agency, sent_by_oneself
from referrals.services import telling
from referrals.services.drafts import WARN_DAYS

Tab = Literal["drafts", "sent", "decided", "agency"]
PAGE = 50
RECENT_DAYS = 14
QUESTION, ANSWER, CHANGE, WITHDRAWAL = "question", "answer", "change", "withdrawal"
OPEN = [status.value for status in OPEN_REFERRALS]


class NotNow(ValueError):
    """The referral has been decided: it cannot be answered, changed or withdrawn any more."""


@dataclass(frozen=True, slots=True)
class SentRow:
    """A referral in its sender's list, in the referrer's words."""

    id: Id
    name: str
    reference: str
    sent_at: datetime
    decide_by: date
    decided_at: datetime | None
    status: ReferralStatus
    sent_by: str

    @property
    def tag(self) -> Tag:
        return self.status.referrer_tag

    @property
    def needs_answer(self) -> bool:
        return self.status is ReferralStatus.INFORMATION_NEEDED

    @property
    def waits_for_panel(self) -> bool:
        """Triage has answered, so the day by which it had to is past: what comes next is the panel's."""
        return self.status is ReferralStatus.READY_FOR_PANEL


@dataclass(frozen=True, slots=True)
class DraftRow:
    id: Id
    name: str
    saved_at: datetime
    kept_until: date

    @property
    def days_left(self) -> int:
        return max((self.kept_until - today()).days, 0)

    @property
    def is_ending(self) -> bool:
        return self.days_left <= WARN_DAYS


@dataclass(frozen=True, slots=True)
class Summary:
    """The referrer's first page: has anyone answered me?"""

    information_needed: list[SentRow] = field(default_factory=list)
    drafts: list[DraftRow] = field(default_factory=list)
    waiting: list[SentRow] = field(default_factory=list)
    decided: list[SentRow] = field(default_factory=list)


def summary(actor: Actor, most: int = 10) -> Summary:
    """Three statements: drafts, referrals that are open or decided in the last fortnight, and their keys."""
    recent = Referral.decided_at >= now() - timedelta(days=RECENT_DAYS)
    rows = _sent_rows(sent_by_oneself(actor).where(Referral.status.in_(OPEN) | recent), limit=PAGE)
    undecided = [row for row in rows if row.status.is_open]
    return Summary(
        information_needed=[row for row in undecided if row.needs_answer],
        drafts=list_drafts(actor)[:most],
        waiting=[row for row in undecided if not row.needs_answer][:most],
        decided=[row for row in rows if not row.status.is_open][:most],
    )


def list_drafts(actor: Actor) -> list[DraftRow]:
    columns = (ReferralDraft.id, ReferralDraft.data_key_id, ReferralDraft.saved_at, ReferralDraft.kept_until,
               sealed_column(ReferralDraft, "answers"))  # fmt: skip
    mine = OWN_DRAFTS.order_by(ReferralDraft.saved_at.desc())
    rows = db.session.execute(mine.with_only_columns(*columns).limit(PAGE), owner(actor)).all()
    seen = current()
    seen.load_keys(row.data_key_id for row in rows)
    return [DraftRow(row.id, _draft_name(row), row.saved_at, row.kept_until) for row in rows]


def _draft_name(row: Any) -> str:
    opened = current().open_value(ReferralDraft, "answers", row.id, row.data_key_id, row.id, row.answers_sealed) or {}
    person = opened.get("person") or {}
    named = person.get("surname") or person.get("forename")
    return list_name(person.get("preferred_name") or person.get("forename"), person.get("surname")) if named else ""


def list_sent(actor: Actor, tab: Tab, page: int = 1) -> tuple[list[SentRow], bool]:
    """One page of what was sent and is open, or was decided, or of all that the agency sent; and whether there is more."""
    is_open = Referral.status.in_(OPEN)
    mine = sent_by_oneself(actor)
    chosen = {"agency": sent_by_agency(actor), "decided": mine.where(~is_open)}.get(tab, mine.where(is_open))
    rows = _sent_rows(chosen, limit=PAGE + 1, skip=(page - 1) * PAGE)
    return rows[:PAGE], len(rows) > PAGE


def _sent_rows(chosen: Select[Referral], *, limit: int, skip: int = 0) -> list[SentRow]:
    columns = (
        Referral.id, Referral.reference, Referral.sent_at, Referral.decide_by, Referral.decided_at, Referral.status,
        Referral.data_key_id, Referral.young_person_id, sealed_column(Referral, "forename"),
        sealed_column(Referral, "surname"), User.name.label("sent_by"),
    )  # fmt: skip
    found: Select[Any] = chosen.join(User, User.id == Referral.sent_by_id).order_by(
        Referral.sent_at.desc(), Referral.id
    )
    rows = db.session.execute(found.with_only_columns(*columns).limit(limit).offset(skip)).all()
    current().load_keys(row.data_key_id for row in rows)
    return [_sent_row(row) for row in rows]


def _sent_row(row: Any) -> SentRow:
    subject = row.young_person_id or row.id
    forename, surname = (
        current().open_value(Referral, name, row.id, row.data_key_id, subject, getattr(row, f"{name}_sealed"))
        for name in ("forename", "surname")
    )
    return SentRow(
        row.id, list_name(forename, surname), row.reference, row.sent_at, row.decide_by, row.decided_at,
        ReferralStatus(row.status), row.sent_by,
    )  # fmt: skip


def find_sent(actor: Actor, referral_id: Id) -> Referral:
    """Raise NoResultFound ("page not found") unless they, or their agency where they may, sent it."""
    return db.session.scalars(sent_by(actor).where(Referral.id == referral_id)).one()


def messages_of(referral: Referral) -> list[ReferralMessage]:
    """Questions, answers and changes, oldest first."""
    theirs = select(ReferralMessage).where(ReferralMessage.referral_id == referral.id)
    return list(db.session.scalars(theirs.order_by(ReferralMessage.created_at, ReferralMessage.id)))


def open_question(messages: list[ReferralMessage]) -> ReferralMessage | None:
    return next((m for m in reversed(messages) if m.kind == QUESTION and m.answered_at is None), None)


def is_senders(actor: Actor, referral: Referral) -> bool:
    return may_act_on(actor, referral)


def is_open(referral: Referral) -> bool:
    return referral.status in OPEN


def status_of(referral: Referral) -> ReferralStatus:
    return ReferralStatus(referral.status)


def reply(actor: Actor, *, referral: Referral, question: ReferralMessage, text: str) -> ReferralMessage:
    """Give what was asked for; the referral goes back to triage."""
    _expect_open(referral)
    answer = _message(actor, referral, ANSWER, text)
    question.answered_at = now()
    if referral.status == ReferralStatus.INFORMATION_NEEDED.value:
        referral.status = ReferralStatus.IN_TRIAGE.value
    record(Event.INFORMATION_GIVEN, actor, answer, also=[question, referral])
    telling.to_triage(actor, referral, MessageKind.INFORMATION_GIVEN)
    return answer


def change(actor: Actor, *, referral: Referral, key: str, values: Mapping[str, Any], why: str) -> None:
    """Replace one section; the text before stays in the history, and the coordinator sees why."""
    _expect_open(referral)
    new: dict[str, Any] = {"answers": with_page(referral.answers or {}, key, values)}
    if key == "person":
        new |= {"forename": values["forename"], "surname": values["surname"]}
        new |= {"date_of_birth": date.fromisoformat(values["date_of_birth"])}
    changes = change_of(referral, new)
    message = _message(actor, referral, CHANGE, why)
    record(Event.REFERRAL_CHANGED, actor, referral, also=[message], changes=changes, detail={"section": key})


def add_file(actor: Actor, referral: Referral, file: Examined) -> None:
    """One more file for a referral that is open. Raise NotNow, NotAccepted, StoreUnavailable."""
    _expect_open(referral)
    place = Place(referral.area_id, referral_id=referral.id, young_person_id=referral.young_person_id)
    keeping.add(actor, place, file)


def withdraw(actor: Actor, *, referral: Referral, reason: str, words: str = "") -> None:
    """Take it back, with a coded reason. What was sent is kept, closed."""
    _expect_open(referral)
    referral.status = referral.outcome = ReferralStatus.WITHDRAWN.value
    referral.outcome_code, referral.decided_at = reason, now()
    also = [_message(actor, referral, WITHDRAWAL, words)] if words else []
    record(Event.REFERRAL_WITHDRAWN, actor, referral, also=also, reason=reason)
    telling.to_triage(actor, referral, MessageKind.WITHDRAWN)


def _expect_open(referral: Referral) -> None:
    if not is_open(referral):
        raise NotNow


def _message(actor: Actor, referral: Referral, kind: str, text: str) -> ReferralMessage:
    message = ReferralMessage(
        referral_id=referral.id, area_id=referral.area_id, author_id=actor.user_id, kind=kind, text=text,
        data_key_id=referral.data_key_id,
    )  # fmt: skip
    db.session.add(message)
    return message
