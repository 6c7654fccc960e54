"""What partners sent and what came of it goes by itself: lists that no run can count, and who was not nominated."""

from datetime import timedelta

from sqlalchemy import or_, select

from accounts.models import Area
from audit.models import Event
from audit.services import record
from cohort.criterion import Criterion
from cohort.models import Candidate, SourceExtract
from cohort.services.uploads import ACCEPTED, CHECKED, discard
from core import context
from core.clock import now, today
from core.codes.decisions import CandidateStatus
from core.db import db
from core.spent_keys import destroy_after_commit

DAYS = 30


def drop_old() -> int:
    """Delete what is over, with its keys; how many lists and young people went. Commits."""
    with context.acting_as(job="retention"):
        gone = sum(_drop_lists(area) + _drop_candidates(area) for area in db.session.scalars(select(Area)).all())
        db.session.commit()
    return gone


def _days(area: Area) -> timedelta:
    return timedelta(days=int((area.targets or {}).get("candidate_days", DAYS)))


def _drop_lists(area: Area) -> int:
    """A list tells of what was before it: once the criterion looks back less far, nothing of it counts. One that nobody
    accepted waits as long as somebody who was not nominated stays."""
    counted = today() - Criterion.of_area(area.targets or {}).since(today())
    is_over = or_(
        (SourceExtract.status == ACCEPTED) & (SourceExtract.created_at < now() - counted),
        (SourceExtract.status == CHECKED) & (SourceExtract.created_at < now() - _days(area)),
    )
    old = db.session.scalars(select(SourceExtract).where(SourceExtract.area_id == area.id, is_over)).all()
    for extract in old:
        discard(None, extract)
    return len(old)


def _drop_candidates(area: Area) -> int:
    """Who was nominated goes with their record; who waits for a decision waits."""
    old = db.session.scalars(
        select(Candidate).where(
            Candidate.area_id == area.id,
            Candidate.status == CandidateStatus.NOT_NOMINATED.value,
            Candidate.decided_at < now() - _days(area),
        )
    ).all()
    for candidate in old:
        db.session.delete(candidate)
        record(Event.CANDIDATE_GONE, None, candidate)
    destroy_after_commit(candidate.data_key_id for candidate in old)
    return len(old)
