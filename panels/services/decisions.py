"""What the panel decides on an item, and how a confirmed list takes effect: all of it, once, or nothing."""

from dataclasses import dataclass, field

from sqlalchemy import select

from audit.models import Event
from audit.services import change_of, record
from cohort.models import YoungPerson
from core.access import Actor
from core.clock import in_london, now
from core.codes.decisions import MeetingStatus, PanelDecision, PanelItemStatus
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.working_days import short_date
from interventions.models import Intervention
from panels.models import AgendaItem, Meeting
from panels.services import actions, agenda, harmful, meetings, offers
from panels.services.cases import NotPossible, open_case
from referrals.models import Referral
from referrals.services import outcomes, step_ups

D = PanelDecision
STEPS_UP = frozenset({D.STEP_UP, D.EXPLOITATION_PATHWAY})

# What the referrer is told when nobody writes something else: plain, kind, with what happens next.
READY_WORDS: dict[PanelDecision, str] = {
    D.ACCEPT_SUPPORT: "The panel agreed to offer support. A worker will contact the family to ask if they want to take "
    "part. It is their choice.",
    D.ACCEPT_ASSESS: "The panel agreed to help. A worker will first get to know the young person and what they want, "
    "then agree the support with them.",
    D.DEFER: "The panel needs to know more before it decides. We will look at this again at the next meeting.",
    D.STEP_UP: "The panel sent this to children's social care, who will decide what help is needed.",
    D.EXPLOITATION_PATHWAY: "The panel sent this to the team that helps children who may be exploited.",
    D.EARLY_HELP: "The panel thinks that Early Help for the whole family fits best, and passed this on to them.",
    D.YOUTH_JUSTICE_PREVENTION: "The panel passed this on to the youth justice service's prevention team.",
    D.HUB: "The panel thinks that the Young Futures Hub, or activities open to all, fit best. They can help without a "
    "referral.",
    D.ALREADY_SUPPORTED: "This young person already has support. We told their worker what you told us.",
    D.NOT_ELIGIBLE: "This panel cannot take this forward. Talk to Early Help or the school about other support.",
    D.FAMILY_CHOSE_NOT_TO: "The family chose not to take part for now. They can come back at any time.",
    D.NO_ACTION: "The panel looked at this with care and will not take it forward now. If things change, refer again.",
    D.PLACE_OR_PEER: "The panel will work on the place and the group around this young person, together with partners.",
}
FROM_PANEL = "From the panel meeting on {day}. "


@dataclass
class Answer:
    """What the live form asks about one item."""

    decision: PanelDecision
    rationale: str
    dissent: str = ""
    lead_id: Id | None = None
    provider_id: Id | None = None
    intervention_ids: list[Id] = field(default_factory=list)
    harm_reason: str = ""
    text_for_referrer: str = ""
    actions: "list[actions.Wanted]" = field(default_factory=list)


def save(actor: Actor, meeting: Meeting, item: AgendaItem, answer: Answer) -> None:
    """Keep the decision on the item. Nothing takes effect before the list is confirmed."""
    check_may_record(actor, meeting, item)
    accepts = answer.decision.opens_case
    changes = change_of(
        item,
        {
            "decision": answer.decision.value,
            "rationale": answer.rationale,
            "dissent": answer.dissent,
            "text_for_referrer": words_for_referrer(item, answer),
            "lead_id": answer.lead_id if accepts else None,
            "provider_id": answer.provider_id if accepts else None,
            "harm_reason": answer.harm_reason if accepts else None,
        },
    )
    chosen = list(answer.intervention_ids) if accepts else []
    if chosen != list(item.intervention_ids or []):
        changes["intervention_ids"] = (item.intervention_ids, chosen)
        item.intervention_ids = chosen
    deferred = answer.decision is D.DEFER
    item.status = (PanelItemStatus.DEFERRED if deferred else PanelItemStatus.DECIDED).value
    item.decided_by_id, item.decided_at = actor.user_id, now()
    record(Event.PANEL_DECIDED, actor, item, changes=changes, reason=answer.decision.value)
    actions.propose(actor, item, answer.actions)


def words_for_referrer(item: AgendaItem, answer: Answer) -> str:
    """The ready words, unless somebody wrote others. Ready words of an earlier decision are replaced."""
    typed = answer.text_for_referrer.replace("\r\n", "\n").strip()
    before = READY_WORDS.get(PanelDecision(item.decision)) if item.decision else None
    if not typed or (typed == before and item.decision != answer.decision.value):
        return READY_WORDS[answer.decision]
    return typed


def check_may_record(actor: Actor, meeting: Meeting, item: AgendaItem) -> None:
    """Raise NotPossible, in words for the page."""
    if meeting.confirmed_at is not None:
        raise NotPossible("The decisions of this meeting are confirmed and can no longer be changed")
    if meeting.status != MeetingStatus.UNDER_WAY.value:
        raise NotPossible("Start the meeting before you record decisions")
    if any(c.item_id == item.id and c.user_id == actor.user_id for c in meetings.conflicts_of(meeting)):
        raise NotPossible("You are named as having a conflict on this item, so you cannot record the decision")


def in_the_way(actor: Actor, meeting: Meeting) -> list[str]:
    """What must be put right before the list can be confirmed; empty when nothing."""
    items = agenda.bare_items(meeting)
    problems = []
    if meeting.status == MeetingStatus.PLANNED.value:
        problems.append(_("Start the meeting first"))
    if meeting.status == MeetingStatus.CANCELLED.value:
        problems.append(_("This meeting was cancelled"))
    if not items:
        problems.append(_("There is nothing on the agenda"))
    problems += [_("Item %(number)s has no decision yet", number=item.position) for item in items if not item.decision]
    gone = agenda.no_longer_ready(items)
    problems += [
        _("Item %(number)s is no longer ready for panel. Take it off the agenda", number=item.position)
        for item in items
        if item.id in gone
    ]
    quorum = meetings.quorum_of(meeting, (i.member for i in meetings.invited(meeting)))
    if not quorum.is_met:
        problems.append(quorum.missing_words)
    mine = {c.item_id for c in meetings.conflicts_of(meeting) if c.user_id == actor.user_id}
    problems += [
        _("You have a conflict on item %(number)s, so somebody else must confirm", number=item.position)
        for item in items
        if item.id in mine
    ]
    return problems


def confirm(actor: Actor, meeting_id: Id) -> bool:
    """Carry out every decision of a meeting in this transaction. False when it was confirmed already.

    Raise NotPossible where something is in the way; then nothing has changed.
    """
    meeting = meetings.find_meeting(actor, meeting_id, lock=True)
    if meeting.confirmed_at is not None:
        return False
    agenda.lock_referrals(meeting)
    problems = in_the_way(actor, meeting)
    if problems:
        raise NotPossible(problems[0])
    items = agenda.bare_items(meeting)
    for item in items:
        _carry_out(actor, meeting, item)
    meeting.status, meeting.confirmed_at, meeting.confirmed_by_id = MeetingStatus.ENDED.value, now(), actor.user_id
    record(Event.MEETING_CONFIRMED, actor, meeting, detail={"items": len(items)})
    return True


def _carry_out(actor: Actor, meeting: Meeting, item: AgendaItem) -> None:
    decision = PanelDecision(item.decision or "")
    referral = db.session.get_one(Referral, item.referral_id)
    if decision.opens_case:
        _open_with_support(actor, item, referral, decision)
    outcomes.panel_decided(actor, referral, decision=decision, text_for_referrer=item.text_for_referrer or "")
    if decision in STEPS_UP and not step_ups.has_open(referral_id=referral.id):
        _step_up(actor, meeting, item, referral, decision)
    actions.open_proposed(actor, item)


def _open_with_support(actor: Actor, item: AgendaItem, referral: Referral, decision: PanelDecision) -> None:
    case = open_case(actor, referral=referral, lead_id=item.lead_id, assess_first=decision is D.ACCEPT_ASSESS)
    item.case_id = case.id
    record(Event.PANEL_DECIDED, actor, item, reason="case_opened")
    for intervention in chosen_support(item):
        if intervention.is_harmful:
            harmful.ask(actor, case, intervention, offers.Wanted(provider_id=item.provider_id), item.harm_reason or "")
        else:
            offers.make_offer(actor, case=case, intervention=intervention, provider_id=item.provider_id)


def chosen_support(item: AgendaItem) -> list[Intervention]:
    """What was ticked, in the order of its name."""
    ids = item.intervention_ids or []
    if not ids:
        return []
    return list(db.session.scalars(select(Intervention).where(Intervention.id.in_(ids)).order_by(Intervention.name)))


def _step_up(actor: Actor, meeting: Meeting, item: AgendaItem, referral: Referral, decision: PanelDecision) -> None:
    """Nobody has called yet: the coordinator or the safeguarding lead calls today, and records it on the step-up's page."""
    person = db.session.get_one(YoungPerson, item.young_person_id)
    day = short_date(in_london(meeting.starts_at).date())
    step_ups.raise_step_up(
        actor, area_id=item.area_id, why=(FROM_PANEL.format(day=day) + (item.rationale or ""))[:4000], called_at=None,
        referral=referral, young_person_id=person.id, data_key_id=person.data_key_id,
        is_nrm=decision is D.EXPLOITATION_PATHWAY,
    )  # fmt: skip
