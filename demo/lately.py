"""What happened lately in one area, by the services that the pages call, so that the trail tells of it by name."""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from accounts.models import Agency
from accounts.roles import Role
from audit.models import Event
from audit.services import RequestTrail
from cohort.services import runs, uploads
from cohort.sources import SourceKind
from core import context
from core.access import Actor
from core.clock import now, today
from core.codes.decisions import ConflictKind, TriageOutcome
from core.codes.referrals import DangerAnswer, ReferralReason, ReferralStatus
from core.codes.sharing import SharingOutcome
from core.db import db
from core.ids import Id
from demo import second_people
from demo.cast import Cast, acting, cast_of
from demo.closed_records import close_three
from demo.extracts import EDUCATION_COLUMNS, POLICE_COLUMNS, Row, education_rows, police_rows
from demo.people import people
from panels.models import AgendaItem, Case, Meeting
from panels.services import case_step_ups, cases, meetings
from referrals.models import Referral, StepUp
from referrals.services import deciding, drafts, queue, step_ups, triage
from sharing.register import check, data_classes, gateways
from sharing.services import record_disclosure

ROWS = 120
SEED = 20261122


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of list, the agencies that send it (the likeliest first), and what is in it."""

    kind: SourceKind
    senders: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Callable[..., list[Row]]


EXTRACTS = (
    Source(SourceKind.POLICE, ("police",), POLICE_COLUMNS, police_rows),
    Source(SourceKind.EDUCATION, ("virtual_school", "school"), EDUCATION_COLUMNS, education_rows),
)


def write(area_slug: str) -> None:
    """Everything below, for an area whose team has the roles that it takes."""
    cast = cast_of(area_slug)
    if not cast.has(
        Role.COORDINATOR, Role.REFERRER, Role.LEAD, Role.SAFEGUARDING_LEAD, Role.PANEL_MEMBER, Role.ANALYST
    ):
        return
    for part in (
        _extracts,
        _drafts,
        _question,
        _conflict,
        _step_ups,
        _disclosures,
        _second_people,
        _reads,
        close_three,
    ):
        part(cast)


def _extracts(cast: Cast) -> None:
    """This month's two lists, accepted, and a run that was released, so that young people wait to be considered."""
    with acting(cast[Role.ANALYST]) as analyst:
        accepted = [found for source in EXTRACTS if (found := _upload(analyst, source))]
        if accepted:
            run = runs.start_run(analyst, [extract.id for extract in accepted])
            runs.release(analyst, run)


def _upload(analyst: Actor, source: Source) -> Any:
    agency = db.session.scalars(
        select(Agency)
        .where(Agency.area_id == analyst.area_id, Agency.kind.in_(source.senders))
        .order_by(Agency.kind != source.senders[0], Agency.slug)
    ).first()
    if agency is None:
        return None
    rows = source.rows(SEED, ROWS, on=today(), area=analyst.area_slug)
    extract = uploads.upload(analyst, kind=source.kind, agency_id=agency.id, raw=_csv(source.columns, rows))
    uploads.accept(analyst, extract)
    return extract


def _csv(columns: tuple[str, ...], rows: Iterable[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _drafts(cast: Cast) -> None:
    """Two referrals begun and not sent: one with a name alone, one further on."""
    told = people(SEED, 2, on=today(), area_slug=cast.area.slug)
    for number, person in enumerate(told):
        with acting(cast[Role.REFERRER]) as referrer:
            start = {
                "danger": DangerAnswer.NO.value, "date_of_birth": person.date_of_birth.isoformat(),
                "area_id": cast.area.id, "reason": ReferralReason.EXPLOITATION.value,
            }  # fmt: skip
            draft = drafts.start_draft(referrer, area_id=cast.area.id, start=start)
            named = {"forename": person.forename, "surname": person.surname, "preferred_name": "", "pronouns": "",
                     "other_names": "", "date_of_birth": person.date_of_birth.isoformat()}  # fmt: skip
            drafts.save_section(draft, drafts.answers_of(draft, noted=False), "person", named)
            if number:
                good = {"text": "Never misses football, and helps the younger ones.", "factors": []}
                drafts.save_section(draft, drafts.answers_of(draft, noted=False), "strengths", good)


def _question(cast: Cast) -> None:
    """Something that the same referrer is asked before triage can go on."""
    sender = cast[Role.REFERRER].user_id
    waiting = db.session.scalars(
        select(Referral.id)
        .where(Referral.area_id == cast.area.id, Referral.status == ReferralStatus.IN_TRIAGE.value)
        .order_by(Referral.sent_by_id != sender, Referral.reference)
    ).first()
    if waiting is not None:
        words = "Which club is it that they go to on Tuesdays, and who there knows them well?"
        with acting(cast[Role.COORDINATOR]) as coordinator:
            file = triage.find_file(coordinator, waiting)
            deciding.decide(coordinator, file, deciding.Decision(TriageOutcome.ASK_FOR_INFORMATION, words))


def _conflict(cast: Cast) -> None:
    """A panel member who knows a family of the next agenda sees nothing of that item."""
    items = (
        select(AgendaItem)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .where(Meeting.area_id == cast.area.id, Meeting.starts_at > now())
        .order_by(Meeting.starts_at, AgendaItem.position)
    )
    with acting(cast[Role.COORDINATOR]) as coordinator:
        item = db.session.scalars(items).first()
        if item is not None:
            meetings.declare_conflict(
                coordinator, item, user_id=cast[Role.PANEL_MEMBER].user_id, kind=ConflictKind.KNOWS_SOCIALLY.value,
                note="Their children go to the same school.",
            )  # fmt: skip


def _step_ups(cast: Cast) -> None:
    """One that the front door has, and one of a case from yesterday."""
    raised = db.session.scalars(
        select(StepUp).where(StepUp.area_id == cast.area.id).order_by(StepUp.called_at, StepUp.id)
    ).first()
    if raised is not None:
        with acting(cast[Role.COORDINATOR]) as coordinator:
            step_ups.acknowledged(coordinator, raised, by="Duty social worker", front_door_reference="FD 20417")
    with acting(cast[Role.LEAD]) as lead:
        case = db.session.scalars(_open_cases(cast).where(Case.lead_id == lead.user_id)).first()
        if case is not None:
            case_step_ups.raise_for(
                lead, case, why="Told their worker that an adult they met online sends them money.",
                called_at=now() - timedelta(days=1), front_door_reference="FD 20533",
            )  # fmt: skip


def _open_cases(cast: Cast) -> Any:
    return select(Case).where(Case.area_id == cast.area.id, Case.is_open).order_by(Case.reference)


def _disclosures(cast: Cast) -> None:
    """One that the register allows, one that it does not, and one that it does not know."""
    agencies = db.session.scalars(
        select(Agency).where(Agency.area_id == cast.area.id).order_by(Agency.kind, Agency.slug)
    ).all()  # fmt: skip
    told = db.session.scalars(_open_cases(cast).limit(len(SharingOutcome))).all()
    for outcome, case in zip(SharingOutcome, told, strict=False):
        found = _answered(agencies, outcome)
        if found is None:
            continue
        agency, data_class, gateway = found
        with acting(cast[Role.COORDINATOR]) as coordinator:
            record_disclosure(
                coordinator, area_id=cast.area.id, from_agency=agency, data_class=data_class, gateway=gateway,
                purpose="support", what="How they are getting on, and who helps them now.",
                why_needed="So that the support fits with what others do.", to_agency_id=coordinator.agency_id,
                reason="The family asked for it." if outcome is SharingOutcome.NOT_IN_REGISTER else "",
                case_id=case.id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
            )  # fmt: skip


def _second_people(cast: Cast) -> None:
    """What somebody else has to look at, or to agree to."""
    with acting(cast[Role.COORDINATOR]) as coordinator:
        second_people.ask_for_a_long_list(coordinator)
        reference = second_people.give_one_to_the_coordinator(coordinator)
    if reference is not None:
        with acting(cast[Role.LEAD]) as lead:
            second_people.open_in_an_emergency(lead, reference)


def _answered(agencies: Iterable[Agency], outcome: SharingOutcome) -> tuple[Agency, str, str] | None:
    """The first agency, kind of data and ground that the register answers in this way."""
    return next(
        (
            (agency, kind.slug, ground.slug)
            for agency in agencies
            for ground in gateways()
            for kind in data_classes()
            if check(agency.kind, kind.slug, ground.slug).outcome is outcome
        ),
        None,
    )


def _reads(cast: Cast) -> None:
    """A morning of looking: lists, referrals and cases, each with the entry that its page would leave."""
    open_cases = list(db.session.scalars(_open_cases(cast).with_only_columns(Case.id).limit(14)))
    theirs = _open_cases(cast).with_only_columns(Case.id).where(Case.lead_id == cast[Role.LEAD].user_id)
    sent = db.session.scalars(
        select(Referral.id)
        .where(Referral.area_id == cast.area.id, Referral.status.in_([t.value for t in triage.TO_TRIAGE]))
        .order_by(Referral.reference).limit(10)
    ).all()  # fmt: skip
    coordinator = cast[Role.COORDINATOR]
    for tab in queue.TABS[:3]:
        _looks(coordinator, Event.REFERRALS_LISTED, partial(queue.read, coordinator, tab, whose="", page=1))
    for referral_id in sent:
        _looks(coordinator, Event.TRIAGE_READ, partial(_referral, coordinator, referral_id))
    by_whom = [(coordinator, open_cases[:10]), (cast[Role.SAFEGUARDING_LEAD], open_cases[10:])]
    by_whom.append((cast[Role.LEAD], list(db.session.scalars(theirs.limit(10)))))
    for actor, case_ids in by_whom:
        for case_id in case_ids:
            _looks(actor, Event.CASE_READ, partial(_case, actor, case_id))


def _looks(actor: Actor, event: Event, look: Callable[[], Any]) -> None:
    """Open what a page of this kind opens; the entry names every young person and field, as the gate writes it."""
    seen = context.AccessContext(actor, reads=event.value)
    token = context.enter(seen)
    try:
        look()
        RequestTrail().note_reads(seen, kept=False)
        db.session.commit()
    finally:
        seen.closed = True
        context.leave(token)


def _case(actor: Actor, case_id: Id) -> Any:
    file = cases.find_file(actor, case_id)
    return file.person.forename, file.person.surname, file.case.going_well, file.case.worries


def _referral(actor: Actor, referral_id: Id) -> Any:
    file = triage.find_file(actor, referral_id)
    return file.referral.forename, file.referral.surname, file.referral.answers
