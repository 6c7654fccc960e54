"""The decision of triage: what must come first, what the referrer will read, and carrying it out."""

from dataclasses import dataclass

from audit.models import Event
from audit.services import change_of, record
from core.access import Actor
from core.clock import now, today
from core.codes.base import label_of
from core.codes.decisions import MatchAnswer, NotEligibleReason, SignpostTo, TriageOutcome
from core.codes.referrals import ReferralStatus as S
from core.db import db
from core.languages import gettext as _
from core.working_days import add_working_days
from messages.kinds import MessageKind
from referrals.models import ReferralMessage
from referrals.services import step_ups, telling
from referrals.services.triage import TO_TRIAGE, AlreadyDone, NotYet, TriageFile, all_answered

QUESTION = "question"


def may_decide(file: TriageFile) -> None:
    """Raise AlreadyDone where a decision stands, NotYet where something is missing."""
    if file.status is S.NEW:
        raise NotYet("Start triage first")
    if file.status is S.STEPPED_UP:
        if step_ups.has_open(referral_id=file.referral.id):
            raise NotYet("The front door has not answered yet")
    elif file.status not in TO_TRIAGE:
        raise AlreadyDone
    all_answered(file.referral, set(MatchAnswer))


@dataclass(frozen=True, slots=True)
class Decision:
    """What a coordinator decided, with the code that its kind needs and the words for the referrer."""

    outcome: TriageOutcome
    words: str
    code: str | None = None
    notes: str = ""


STATUS_AFTER = {
    TriageOutcome.READY_FOR_PANEL: S.READY_FOR_PANEL, TriageOutcome.SIGNPOST: S.SIGNPOSTED,
    TriageOutcome.NOT_ELIGIBLE: S.NOT_ELIGIBLE, TriageOutcome.ALREADY_OPEN: S.ALREADY_OPEN,
}  # fmt: skip


OPENINGS = {
    TriageOutcome.READY_FOR_PANEL: "Thank you. Your referral is going to the panel.",
    TriageOutcome.ALREADY_OPEN: "We already have an open referral or case about this young person.",
    TriageOutcome.ASK_FOR_INFORMATION: "We need to know more before we can decide.",
}


def text_for_referrer(decision: Decision) -> str:
    """The whole text that the referrer will read; shown for checking before it is sent."""
    return "\n\n".join(part for part in (_opening(decision), decision.words) if part)


def _opening(decision: Decision) -> str:
    if decision.outcome is TriageOutcome.SIGNPOST:
        where = label_of(SignpostTo, decision.code)
        return _("This panel is not taking your referral forward. Other help fits better: %(where)s.", where=where)
    if decision.outcome is TriageOutcome.NOT_ELIGIBLE:
        why = label_of(NotEligibleReason, decision.code)
        return _("This panel cannot take your referral forward. The reason: %(why)s.", why=why)
    return _(OPENINGS.get(decision.outcome, ""))


def decide(actor: Actor, file: TriageFile, decision: Decision) -> None:
    """Carry out a decision. Stepping up is a call that is recorded by itself (step_ups.raise_step_up)."""
    may_decide(file)
    if decision.outcome is TriageOutcome.ASK_FOR_INFORMATION:
        return _ask(actor, file, decision)
    referral = file.referral
    if decision.outcome is TriageOutcome.READY_FOR_PANEL:
        if referral.young_person_id is None:
            raise NotYet("Link the referral to a young person’s record, or make a new one, before it goes to panel")
        referral.ready_at = now()
    referral.status = STATUS_AFTER[decision.outcome].value
    referral.outcome, referral.outcome_code, referral.decided_at = decision.outcome.value, decision.code, now()
    words = {"reason_for_referrer": text_for_referrer(decision), "triage_notes": decision.notes}
    changes = change_of(referral, words)
    record(Event.TRIAGE_DECIDED, actor, referral, changes=changes, reason=decision.outcome.value)
    telling.to_sender(referral, MessageKind.DECISION)
    return None


def _ask(actor: Actor, file: TriageFile, decision: Decision) -> None:
    referral = file.referral
    days = int(file.area.targets.get("information", 5))
    message = ReferralMessage(
        referral_id=referral.id, area_id=referral.area_id, author_id=actor.user_id, kind=QUESTION,
        answer_by=add_working_days(today(), days), data_key_id=referral.data_key_id, text=decision.words,
    )  # fmt: skip
    db.session.add(message)
    referral.status = S.INFORMATION_NEEDED.value
    record(Event.INFORMATION_ASKED, actor, message, also=[referral])
    telling.asked(referral, message)
