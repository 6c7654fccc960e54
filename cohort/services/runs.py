"""Runs: the starting criterion over accepted lists, everyone who meets it in date order, with reasons in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from accounts.models import Agency, Area
from audit.models import Event
from audit.services import record
from cohort.criterion import Criterion
from cohort.linking import Identity, group
from cohort.models import Candidate, CohortRun, SourceExtract, SourceRecord
from cohort.services.coming_up import Found, Line, found_in, set_aside
from cohort.services.uploads import ACCEPTED, in_date
from core.access import Actor
from core.clock import now, today
from core.codes.decisions import CandidateStatus, RunStatus
from core.context import current
from core.db import db
from core.formats import short_day
from core.ids import Id, new_id
from core.keyring import keyring
from core.languages import gettext as _
from core.spent_keys import destroy_after_commit
from sharing.models import Agreement

# Each step with the words of the page: what was left after it.
STEPS = (
    ("rows", "Rows in the lists"),
    ("people", "Young people they are about"),
    ("of_age", "Of the right age"),
    ("met", "Met the rule"),
    ("left", "To consider"),
)


class CannotRun(ValueError):
    """Why a run cannot start, in words for the page."""


@dataclass(frozen=True, slots=True)
class Source:
    """An accepted list that a run may use."""

    extract: SourceExtract
    agency: str
    agreement: Agreement

    @property
    def in_date(self) -> bool:
        return in_date(self.agreement, today())


def sources(actor: Actor) -> list[Source]:
    rows = db.session.execute(
        select(SourceExtract, Agency.name, Agreement)
        .join(Agency, Agency.id == SourceExtract.agency_id)
        .join(Agreement, Agreement.id == SourceExtract.agreement_id)
        .where(SourceExtract.area_id == actor.area_id, SourceExtract.status == ACCEPTED)
        .order_by(SourceExtract.created_at.desc()).limit(50)
    )  # fmt: skip
    return [Source(*row) for row in rows]


def start_run(actor: Actor, extract_ids: Iterable[Id]) -> CohortRun:
    """Run the area's criterion over these lists. Raise CannotRun. Nobody is nominated by it."""
    chosen = _chosen(actor, set(extract_ids))
    area = db.session.get_one(Area, actor.area_id)
    criterion = Criterion.of_area(area.targets or {})
    lines = _open_lines(chosen)
    people = found_in(group([Identity.of(line.values) for line in lines]), lines)
    of_age = [found for found in people if criterion.is_of_age(found.born, today())]
    met = sorted((f for f in of_age if f.meets(criterion, today())), key=Found.order)
    left, aside = set_aside(area.id, met)
    counts = {"rows": len(lines), "people": len(people), "of_age": len(of_age), "met": len(met), "left": len(left)}
    run = CohortRun(
        area_id=area.id, status=RunStatus.READY.value, started_by_id=actor.user_id, counts=counts | aside,
        criterion=criterion.frozen(today()), extract_ids=[source.extract.id for source in chosen],
    )  # fmt: skip
    _replace_unreleased(actor, area.id)
    db.session.add(run)
    db.session.flush()
    candidates = _make_candidates(run, left)
    record(Event.RUN_STARTED, actor, run, also=candidates, detail=run.counts)
    return run


def _chosen(actor: Actor, wanted: set[Id]) -> list[Source]:
    chosen = [source for source in sources(actor) if source.extract.id in wanted]
    if not chosen:
        raise CannotRun("Select at least one list")
    ended = sorted({source.agency for source in chosen if not source.in_date})
    if ended:
        raise CannotRun(_("The agreement with %(names)s is not in date. Choose other lists", names=", ".join(ended)))
    return chosen


def _open_lines(chosen: list[Source]) -> list[Line]:
    """Every row, opened to be compared; the entry says how many (SETTLED 13)."""
    by_id = {source.extract.id: source for source in chosen}
    rows = db.session.execute(
        select(SourceRecord.id, SourceRecord.extract_id, SourceRecord.data_key_id, SourceRecord.row_sealed)
        .where(SourceRecord.extract_id.in_(by_id))
        .order_by(SourceRecord.extract_id, SourceRecord.row_number)
    ).all()
    seen = current()
    seen.load_keys({row.data_key_id for row in rows})
    with seen.examining("cohort_run"):
        seen.examined += len(rows)
        return [
            Line(by_id[r.extract_id].agency, by_id[r.extract_id].extract.kind,
                 seen.open_value(SourceRecord, "row", r.id, r.data_key_id, r.extract_id, r.row_sealed))
            for r in rows
        ]  # fmt: skip


def _make_candidates(run: CohortRun, left: list[Found]) -> list[Candidate]:
    """One sealed record each, with a key of its own, in date order."""
    ring, seen = keyring(), current()
    made, keys, candidates = now(), [], []
    for place, found in enumerate(left):
        candidate_id = new_id()
        wrapped, key = ring.prepare_data_key("candidate", candidate_id, run.area_id)
        keys.append(wrapped)
        seen.add_key(wrapped.id, key)
        candidates.append(
            Candidate(
                id=candidate_id, data_key_id=wrapped.id, area_id=run.area_id, run_id=run.id, came_up_on=today(),
                place=place + 1, created_at=made, status=CandidateStatus.TO_REVIEW.value, **found.sealed_fields(),
            )
        )  # fmt: skip
    if keys:
        ring.store.add(keys)
    db.session.add_all(candidates)
    db.session.flush()
    return candidates


def _replace_unreleased(actor: Actor, area_id: Id) -> None:
    """A newer run takes the place of one that nobody released: what that one found is not kept."""
    older = db.session.scalars(
        select(CohortRun).where(CohortRun.area_id == area_id, CohortRun.status == RunStatus.READY.value)
    ).all()
    for run in older:
        run.status = RunStatus.ARCHIVED.value
        unused = db.session.scalars(select(Candidate).where(Candidate.run_id == run.id)).all()
        for candidate in unused:
            db.session.delete(candidate)
        record(Event.RUN_REPLACED, actor, run, also=unused, detail={"candidate": len(unused)})
        destroy_after_commit(candidate.data_key_id for candidate in unused)


def runs(actor: Actor) -> list[CohortRun]:
    found = select(CohortRun).where(CohortRun.area_id == actor.area_id)
    return list(db.session.scalars(found.order_by(CohortRun.created_at.desc()).limit(50)))


def find_run(actor: Actor, run_id: Id) -> CohortRun:
    """Raise NoResultFound for another area's."""
    return db.session.execute(
        select(CohortRun).where(CohortRun.id == run_id, CohortRun.area_id == actor.area_id)
    ).scalar_one()


def names_of_sources(run: CohortRun) -> list[str]:
    rows = db.session.execute(
        select(Agency.name, SourceExtract.created_at)
        .join(SourceExtract, SourceExtract.agency_id == Agency.id)
        .where(SourceExtract.id.in_(run.extract_ids))
        .order_by(Agency.name)
    )
    return [_("%(name)s, uploaded %(day)s", name=name, day=short_day(made)) for name, made in rows]


def release(actor: Actor, run: CohortRun) -> int:
    """Hand the young people over to the coordinator; their clock starts today. How many there are."""
    candidates = db.session.scalars(select(Candidate).where(Candidate.run_id == run.id)).all()
    run.status, run.released_at = RunStatus.RELEASED.value, now()
    for candidate in candidates:
        candidate.came_up_on = today()
    record(Event.RUN_RELEASED, actor, run, also=candidates, detail={"candidate": len(candidates)})
    return len(candidates)
