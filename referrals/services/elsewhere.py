"""Whether another area may know a referral's young person: asked at triage, answered by the worker, never a search.

The asker learns a fixed sentence. What is found goes to the other area alone: a task for its coordinator, or for its
safeguarding lead where the record is hidden, and the asker's page is then that of no match, byte for byte.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, text

from audit.models import Event
from audit.services import record
from cohort.global_index import Found, global_index
from cohort.models import MatchingTask, OtherPanelContact, YoungPerson
from cohort.services.elsewhere import take_one
from core import context
from core.access import Actor, Permission
from core.clock import now, today
from core.codes.elsewhere import LookAnswer, TaskKind, TaskState
from core.codes.referrals import ReferralStatus
from core.codes.sensitivity import Sensitivity
from core.db import db
from core.keyring import KeyDestroyed
from core.languages import gettext as _
from core.working_days import add_working_days
from messages.kinds import MessageKind
from messages.services.recipients import holders
from messages.services.telling import tell
from referrals.models import Referral
from referrals.services import story

AN_HOUR = timedelta(hours=1)
MOST_AN_HOUR = 20
CONTACT_WITHIN = 1
TOO_MANY = "You have looked for 20 young people in other areas within an hour. Wait a while, then look again."


def ask(actor: Actor, referral: Referral) -> MatchingTask:
    """Ask for one real referral, as part of its triage. The 21st in an hour is refused, recorded, and told (S4)."""
    refused = _asked_lately(actor) >= MOST_AN_HOUR
    task = MatchingTask(
        kind=TaskKind.LOOK.value, area_id=referral.area_id, object_id=referral.id, asked_by_id=actor.user_id,
        asked_at=now(), state=(TaskState.REFUSED if refused else TaskState.WAITING).value, attempts=0,
    )  # fmt: skip
    db.session.add(task)
    outcome = "denied" if refused else "ok"
    record(Event.ELSEWHERE_ASKED, actor, task, subjects=[referral.subject_id], outcome=outcome)
    if refused:
        _alarm(actor, referral)
    return task


def _asked_lately(actor: Actor) -> int:
    """How many this person asked in the last hour, wherever; two at once wait for each other."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("select pg_advisory_xact_lock(hashtext(:who))"), {"who": f"matching {actor.user_id}"})
    asked = select(func.count()).where(
        MatchingTask.kind == TaskKind.LOOK.value, MatchingTask.asked_by_id == actor.user_id,
        MatchingTask.state != TaskState.REFUSED.value, MatchingTask.asked_at > now() - AN_HOUR,
    )  # fmt: skip
    return db.session.scalar(asked) or 0


def _alarm(actor: Actor, referral: Referral) -> None:
    """Somebody looks for many children at once: the safeguarding lead hears of it, once an hour."""
    told = holders(Permission.EMERGENCY_REVIEW, referral.area_id, but=actor.user_id)
    key = f"elsewhere|{actor.user_id}|{now():%Y%m%d%H}"
    tell(told, MessageKind.UNUSUAL_ACCESS, area_id=referral.area_id, key=key)


def of(referral: Referral) -> MatchingTask | None:
    """The latest look for this referral."""
    asked = select(MatchingTask).where(MatchingTask.object_id == referral.id, MatchingTask.kind == TaskKind.LOOK.value)
    return db.session.scalars(asked.order_by(MatchingTask.asked_at.desc()).limit(1)).first()


@dataclass(frozen=True, slots=True)
class Shown:
    """What the referral's page says, and whether somebody may ask (again)."""

    words: str
    may_ask: bool = False


def shown(referral: Referral) -> Shown:
    task = of(referral)
    if task is None:
        return Shown(_("Nobody has looked in other areas yet."), referral.status != ReferralStatus.NEW.value)
    if task.state == TaskState.REFUSED.value:
        return Shown(_(TOO_MANY), may_ask=True)
    if task.answer is None:
        return Shown(_("We are looking in other areas. Open this page again in a minute."))
    return Shown(LookAnswer(task.answer).label)


def look_one() -> bool:
    """One piece for the worker: because it runs apart, how long a page takes says nothing of what is found (S3)."""
    return take_one((TaskKind.LOOK,), _look)


def _look(task: MatchingTask) -> None:
    referral = db.session.get(Referral, task.object_id)
    found = _found(referral) if referral is not None else []
    open_matches = [_pass_on(task, referral, one) for one in found if referral is not None]
    task.answer = (LookAnswer.POSSIBLE if any(open_matches) else LookAnswer.NONE).value


def _found(referral: Referral) -> list[Found]:
    try:
        with context.current().examining("matching elsewhere"):
            who = story.person_data(referral)
    except KeyDestroyed:
        return []
    return global_index().find(who, outside=referral.area_id)


def _pass_on(task: MatchingTask, referral: Referral, found: Found) -> bool:
    """Give the other area its task; whether the asker may know that there is one."""
    person = db.session.get(YoungPerson, found.young_person_id)
    if person is None or person.merged_into_id is not None or person.area_id == referral.area_id:
        return False
    is_hidden = person.sensitivity == Sensitivity.HIDDEN.value
    # Asked twice in one moment: the second question gets the first one's answer, and nobody has a second task.
    same = OtherPanelContact.referral_id == referral.id, OtherPanelContact.young_person_id == person.id
    if db.session.scalar(select(OtherPanelContact.id).where(*same)):
        return not is_hidden
    contact = OtherPanelContact(
        area_id=person.area_id, young_person_id=person.id, asking_area_id=referral.area_id, referral_id=referral.id,
        reference=referral.reference, asked_at=now(), due_on=add_working_days(today(), CONTACT_WITHIN),
    )  # fmt: skip
    db.session.add(contact)
    detail = {"asked_by": task.asked_by_id or "", "asking_area": referral.area_id}
    record(Event.ELSEWHERE_FOUND, None, contact, subjects=[person.id], detail=detail)
    told = holders(Permission.SENSITIVITY_OVERSEE if is_hidden else Permission.REFERRAL_TRIAGE, person.area_id)
    kind = MessageKind.URGENT if is_hidden else MessageKind.OTHER_PANEL
    tell(told, kind, area_id=person.area_id, about=("other_panel_contact", contact.id), by=contact.due_on)
    return not is_hidden
