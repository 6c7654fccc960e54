"""Acts that take two people: one asks, another agrees, and the act runs as it was asked (SECURITY-DESIGN 5).

A higher package registers each kind when it is imported, so that nothing here knows what the act does::

    approvals.register(approvals.Kind(
        "erasure", "Erase a young person's record", asks=(P.ERASURE_ASK,), agrees=(P.APPROVAL_DECIDE,), run=_erase,
    ))
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select

from accounts.models import Approval, User
from accounts.policies import approvals_visible_to
from audit.models import Event
from audit.services import record
from core import context
from core.access import Actor, Permission
from core.clock import now
from core.codes.approvals import ApprovalState as State
from core.db import db
from core.ids import Id
from core.languages import gettext as _

LASTS = timedelta(days=14)


class NotAllowed(ValueError):
    """The rules of two people forbid this; the message is for the page and holds nothing personal."""


def _nothing(approval: Approval) -> list[tuple[str, str]]:
    return []


def _nowhere(approval: Approval) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of act. ``run`` does it in the agreeing person's transaction; without it, its asker uses it later.

    ``run(actor, approval)`` may raise NotAllowed where the act is no longer possible. ``terms(approval)`` gives the
    lines (label, value) that the second person reads, ``where`` the address of what it is about, for those of them
    who hold ``where_needs``; ``use_at`` is where its asker uses what was agreed.
    """

    code: str
    words: str
    asks: tuple[Permission, ...]
    agrees: tuple[Permission, ...] = (Permission.APPROVAL_DECIDE,)
    run: Callable[[Actor, Approval], None] | None = None
    terms: Callable[[Approval], list[tuple[str, str]]] = _nothing
    where: Callable[[Approval], str | None] = _nowhere
    use_at: Callable[[Approval], str | None] = _nowhere
    where_needs: Permission | None = None
    lasts: timedelta = LASTS


KINDS: dict[str, Kind] = {}
# Called with each request as it is made and answered: packages above this one tell people (they register at import).
LISTENERS: list[Callable[[Approval], None]] = []


def tell_by(listener: Callable[[Approval], None]) -> None:
    """Have ``listener`` called in the transaction in which something is asked, agreed or declined."""
    if listener not in LISTENERS:
        LISTENERS.append(listener)


def _tell(approval: Approval) -> None:
    for listener in LISTENERS:
        listener(approval)


def register(kind: Kind) -> None:
    """Make a kind known; registering the same code again replaces it."""
    KINDS[kind.code] = kind


def may_ask(actor: Actor, kind: str) -> bool:
    return any(actor.can(need) for need in KINDS[kind].asks)


def ask(
    actor: Actor,
    kind: str,
    *,
    area_id: Id | None,
    object_id: Id | None = None,
    reason: str,
    young_person_id: Id | None = None,
    data_key_id: Id | None = None,
    terms: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
) -> Approval:
    """Ask a second person. ``reason`` is sealed, under ``data_key_id`` where the act is about one young person.

    Raise NotAllowed where this person may not ask, or the same act waits already. ``terms`` hold codes and ids only;
    ``details`` are sealed with the reason.
    """
    rules = KINDS[kind]
    if not may_ask(actor, kind) or (actor.area_id is not None and actor.area_id != area_id):
        raise NotAllowed("Your role cannot ask for this")
    if object_id is not None and waiting_for(kind, object_id) is not None:
        raise NotAllowed("Someone has asked for this already, and it waits for a second person")
    approval = Approval(
        kind=kind, area_id=area_id, object_id=object_id, young_person_id=young_person_id, data_key_id=data_key_id,
        state=State.ASKED.value, asked_by_id=actor.user_id, asked_at=now(), expires_at=now() + rules.lasts,
        terms=dict(terms or {}), reason=reason, details=dict(details) if details else None,
    )  # fmt: skip
    db.session.add(approval)
    record(Event.APPROVAL_ASKED, actor, approval, reason=kind)
    db.session.flush()
    _tell(approval)
    return approval


def waiting_for(kind: str, object_id: Id) -> Approval | None:
    """The request about this object that nobody has answered, if there is one."""
    return db.session.scalars(
        select(Approval).where(
            Approval.kind == kind, Approval.object_id == object_id, Approval.state == State.ASKED.value,
            Approval.expires_at > now(),
        )
    ).first()  # fmt: skip


def why_not(actor: Actor, approval: Approval) -> str | None:
    """Why this person may not decide; None when they may."""
    rules = KINDS.get(approval.kind)
    if approval.state != State.ASKED.value:
        return _("Someone has decided this already")
    if approval.expires_at <= now():
        return _("This was asked too long ago. Ask again")
    if approval.asked_by_id == actor.user_id:
        return _("You asked for this. Someone else decides")
    if rules is None or not any(actor.can(need) for need in rules.agrees):
        return _("Your role does not decide this")
    if actor.area_id is not None and actor.area_id != approval.area_id:
        return _("This is for another area to decide")
    return None


def agree(actor: Actor, approval: Approval) -> None:
    """The second person's yes: the act runs now, or waits for its asker to use it. Raise NotAllowed."""
    _decide(actor, approval, State.AGREED)
    record(Event.APPROVAL_AGREED, actor, approval, reason=approval.kind)
    run = KINDS[approval.kind].run
    if run is not None:
        run(actor, approval)
        approval.state = State.DONE.value
    _tell(approval)


def decline(actor: Actor, approval: Approval, reason: str) -> None:
    """The second person's no, with their words for the one who asked. Raise NotAllowed."""
    _decide(actor, approval, State.DECLINED)
    approval.answer = reason
    record(Event.APPROVAL_DECLINED, actor, approval, reason=approval.kind)
    _tell(approval)


def _decide(actor: Actor, approval: Approval, state: State) -> None:
    db.session.refresh(approval, with_for_update=True)
    refusal = why_not(actor, approval)
    if refusal:
        raise NotAllowed(refusal)
    approval.state, approval.decided_by_id, approval.decided_at = state.value, actor.user_id, now()


def withdraw(actor: Actor, approval: Approval) -> None:
    """Take one's own request back while nobody has used it. Raise NotAllowed."""
    open_states = {State.ASKED.value, State.AGREED.value}
    if approval.asked_by_id != actor.user_id or approval.state not in open_states:
        raise NotAllowed("This can no longer be withdrawn")
    approval.state = State.WITHDRAWN.value
    record(Event.APPROVAL_ENDED, actor, approval, reason="withdrawn")


def may_use(actor: Actor, approval: Approval) -> bool:
    """Whether its asker may do now what was agreed."""
    return (
        approval.asked_by_id == actor.user_id
        and approval.state == State.AGREED.value
        and approval.expires_at > now()
        and actor.area_id == approval.area_id
    )


def use(actor: Actor, approval: Approval) -> None:
    """Its asker does what was agreed, once. Raise NotAllowed."""
    db.session.refresh(approval, with_for_update=True)
    if not may_use(actor, approval):
        raise NotAllowed("This was not agreed, has been used, or was agreed too long ago")
    approval.state = State.DONE.value
    record(Event.APPROVAL_ENDED, actor, approval, reason="used")


@dataclass(frozen=True, slots=True)
class Shown:
    """One request for a page, with the words of its kind and what this person may do."""

    approval: Approval
    words: str
    asked_by: str
    terms: list[tuple[str, str]]
    where: str | None
    use_at: str | None
    why_not: str | None
    may_use: bool

    @property
    def state(self) -> State:
        return State(self.approval.state)


def shown(actor: Actor, limit: int = 50) -> list[Shown]:
    """What waits for this person, then their own requests of the last weeks; newest first. One statement."""
    recent = or_(Approval.state.in_([State.ASKED.value, State.AGREED.value]), Approval.asked_at > now() - 2 * LASTS)
    rows = db.session.execute(
        approvals_visible_to(actor, kinds_to_decide(actor))
        .join(User, User.id == Approval.asked_by_id)
        .add_columns(User.name)
        .where(recent)
        .order_by(Approval.asked_at.desc())
        .limit(limit)
    ).all()
    context.current().load_keys(row[0].data_key_id for row in rows)
    return [_shown(actor, approval, name, whole=False) for approval, name in rows]


def find(actor: Actor, approval_id: Id) -> Shown:
    """Raise NoResultFound where it is not this person's to see."""
    approval, name = db.session.execute(
        approvals_visible_to(actor, kinds_to_decide(actor))
        .join(User, User.id == Approval.asked_by_id)
        .add_columns(User.name)
        .where(Approval.id == approval_id)
    ).one()
    return _shown(actor, approval, name)


def kinds_to_decide(actor: Actor) -> list[str]:
    return sorted(kind.code for kind in KINDS.values() if any(actor.can(need) for need in kind.agrees))


def _shown(actor: Actor, approval: Approval, name: str, *, whole: bool = True) -> Shown:
    """``whole``: with what the second person reads before deciding, which a list does not open."""
    rules = KINDS.get(approval.kind)
    if rules is None:
        return Shown(approval, approval.kind, name, [], None, None, why_not(actor, approval), may_use(actor, approval))
    leads = whole and (rules.where_needs is None or actor.can(rules.where_needs))
    return Shown(
        approval, rules.words, name, rules.terms(approval) if whole else [], rules.where(approval) if leads else None,
        rules.use_at(approval), why_not(actor, approval), may_use(actor, approval),
    )  # fmt: skip
