"""What later happens to a referral: the panel's decision, and the feedback when its case closes."""

from audit.models import Event
from audit.services import change_of, record
from core.access import Actor
from core.clock import now
from core.codes.decisions import PanelDecision as D
from core.codes.referrals import ReferralStatus as S
from core.db import db
from core.ids import Id
from messages.kinds import MessageKind
from referrals.models import Referral
from referrals.services import telling

# What a referral becomes. Deferred stays ready; a step-up is recorded by itself (step_ups.raise_step_up).
STATUS_AFTER: dict[D, S] = {
    D.ACCEPT_SUPPORT: S.ACCEPTED, D.ACCEPT_ASSESS: S.ACCEPTED, D.DEFER: S.READY_FOR_PANEL, D.STEP_UP: S.STEPPED_UP,
    D.EXPLOITATION_PATHWAY: S.SIGNPOSTED, D.EARLY_HELP: S.SIGNPOSTED, D.YOUTH_JUSTICE_PREVENTION: S.SIGNPOSTED,
    D.HUB: S.SIGNPOSTED, D.ALREADY_SUPPORTED: S.ALREADY_OPEN, D.NOT_ELIGIBLE: S.NOT_ELIGIBLE,
    D.FAMILY_CHOSE_NOT_TO: S.NOT_TAKEN_FORWARD, D.NO_ACTION: S.NOT_TAKEN_FORWARD,
    D.PLACE_OR_PEER: S.NOT_TAKEN_FORWARD,
}  # fmt: skip


def panel_decided(actor: Actor, referral: Referral, *, decision: D, text_for_referrer: str) -> None:
    """The panel decided: the referral's status follows, and the referrer can read the text."""
    referral.status = STATUS_AFTER[decision].value
    referral.outcome = decision.value
    if decision is not D.DEFER:
        referral.decided_at = now()
    changes = change_of(referral, {"reason_for_referrer": text_for_referrer})
    record(Event.PANEL_DECIDED, actor, referral, changes=changes, reason=decision.value)
    telling.to_sender(referral, MessageKind.DECISION)


def case_closed(actor: Actor, referral_id: Id, feedback: str) -> None:
    """The case ended: the referral closes with what the referrer may know. Reopening calls ``case_reopened``."""
    referral = db.session.get_one(Referral, referral_id)
    referral.status = S.CLOSED.value
    record(Event.REFERRAL_CHANGED, actor, referral, changes=change_of(referral, {"feedback": feedback}))
    telling.to_sender(referral, MessageKind.FEEDBACK)


def case_reopened(actor: Actor, referral_id: Id) -> None:
    referral = db.session.get_one(Referral, referral_id)
    referral.status = S.ACCEPTED.value
    record(Event.REFERRAL_CHANGED, actor, referral, reason="reopened")
