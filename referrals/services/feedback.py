"""What a referrer says back about the outcome: two questions, once after the decision and once after the closure."""

from sqlalchemy import select

from audit.models import Event
from audit.services import record
from core.access import Actor
from core.codes.base import label_of
from core.codes.referrals import FeedbackStage, ReferralStatus, UsefulAnswer
from core.db import db
from core.languages import gettext as _
from referrals.models import Referral, ReferrerFeedback
from referrals.policies import may_act_on


def given_about(referral: Referral) -> list[ReferrerFeedback]:
    """What was said, oldest first."""
    theirs = select(ReferrerFeedback).where(ReferrerFeedback.referral_id == referral.id)
    return list(db.session.scalars(theirs.order_by(ReferrerFeedback.created_at)))


def stage_to_ask(actor: Actor, referral: Referral, given: list[ReferrerFeedback]) -> FeedbackStage | None:
    """What its sender has not been asked yet; nothing before a decision, nor after their own withdrawal."""
    if not may_act_on(actor, referral) or referral.decided_at is None:
        return None
    if referral.status == ReferralStatus.WITHDRAWN.value:
        return None
    stage = FeedbackStage.CLOSURE if referral.status == ReferralStatus.CLOSED.value else FeedbackStage.DECISION
    return None if stage in {one.stage for one in given} else stage


def give(
    actor: Actor, referral: Referral, *, stage: FeedbackStage, useful: UsefulAnswer, clear: UsefulAnswer, words: str
) -> ReferrerFeedback:
    """Keep the answers, for the coordinator to read."""
    made = ReferrerFeedback(
        referral_id=referral.id, area_id=referral.area_id, author_id=actor.user_id, stage=stage.value,
        useful_answer=useful.value, clear_answer=clear.value, words=words, data_key_id=referral.data_key_id,
    )  # fmt: skip
    db.session.add(made)
    detail = {"stage": stage.value, "useful": useful.value, "clear": clear.value}
    record(Event.FEEDBACK_GIVEN, actor, made, detail=detail)
    return made


def in_words(given: list[ReferrerFeedback]) -> list[list[dict[str, str | None]]]:
    """Each as rows of question and answer, for the coordinator."""
    return [
        [
            {"key": _("About"), "value": label_of(FeedbackStage, one.stage)},
            {"key": _("Was it useful?"), "value": label_of(UsefulAnswer, one.useful_answer)},
            {"key": _("Were they told clearly?"), "value": label_of(UsefulAnswer, one.clear_answer)},
            *([{"key": _("What could be better"), "value": one.words}] if one.words else []),
        ]
        for one in given
    ]
