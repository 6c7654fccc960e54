"""Working through a list: fifty rows a transaction, so that a worker that is killed repeats none and leaves none out."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from accounts.acting import acting_under
from accounts.models import Area
from audit.models import Event
from audit.services import record
from core import context
from core.access import Actor, Limit, Permission
from core.clock import now, today
from core.db import db
from core.ids import Id, new_id
from core.keyring import keyring
from core.keystore import NewerKeyExists
from imports.checking import is_still_of_age
from imports.models import ImportRow, ImportStatus, Makes, ReferralImport, RowStatus
from messages.kinds import MessageKind
from messages.services.notices import Place, leads_to
from messages.services.telling import tell
from referrals.models import ReferralDraft
from referrals.services import drafts, sending
from referrals.services.references import new_references

BATCH = 50
MOST_DRAFTS = 50
MOST_ATTEMPTS = 5
KEPT_DONE = timedelta(days=28)


class AlreadyTaken(ValueError):
    """The same list is being sent, or was; or this one is past choosing."""


def start(actor: Actor, made: ReferralImport, *, makes: Makes, with_again: bool) -> int:
    """Hand the fine rows to the worker; returns how many. Raise AlreadyTaken."""
    taken = (ImportStatus.SENDING.value, ImportStatus.DONE.value)
    same = select(ReferralImport.id).where(ReferralImport.digest == made.digest, ReferralImport.status.in_(taken))
    if made.status != ImportStatus.CHECKED.value or db.session.scalars(same).first() is not None:
        raise AlreadyTaken
    if not with_again:
        db.session.execute(
            delete(ImportRow).where(ImportRow.import_id == made.id, ImportRow.is_again),
            execution_options={"loader": True},
        )
    made.status, made.makes_code = ImportStatus.SENDING.value, makes.value
    made.rows_wanted = made.rows_fine - (0 if with_again else made.rows_again)
    record(
        Event.IMPORT_STARTED, actor, made, reason=makes.value,
        detail={"rows": made.rows_wanted, "again": made.rows_again if with_again else 0},
    )  # fmt: skip
    return made.rows_wanted


def work_one() -> bool:
    """One piece for the worker: the next rows of the list that has waited longest; False where none waits. Commits."""
    with context.acting_as(job="imports") as job:
        made = db.session.scalars(
            select(ReferralImport)
            .where(ReferralImport.status == ImportStatus.SENDING.value)
            .order_by(ReferralImport.attempts, ReferralImport.created_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if made is None:
            db.session.rollback()
            return False
        import_id = made.id
        try:
            _piece(job, made)
            db.session.commit()
        except Exception:
            db.session.rollback()
            _failed(import_id)
            raise
    return True


def _failed(import_id: Id) -> None:
    """It waits behind the others; after five times in a row its owner is told where it stopped."""
    made = db.session.get_one(ReferralImport, import_id)
    made.attempts += 1
    record(Event.IMPORT_WORKED, None, made, outcome="failed")
    if made.attempts >= MOST_ATTEMPTS:
        _stop(made, "fault")
    db.session.commit()


def _piece(job: context.AccessContext, made: ReferralImport) -> None:
    actor = acting_under(made.membership_id)
    why = _why_not(actor)
    if actor is None or why:
        _stop(made, why)
        return
    rows = db.session.scalars(
        select(ImportRow)
        .where(ImportRow.import_id == made.id, ImportRow.status == RowStatus.WAITING.value)
        .order_by(ImportRow.row_number)
        .limit(BATCH)
    ).all()
    with job.examining("sending"):
        job.load_keys([made.data_key_id])
        told = [(row, row.answers) for row in rows]
    _make(job, actor, made, told)
    made.rows_made += sum(row.status == RowStatus.MADE.value for row in rows)
    made.rows_not_made += sum(row.status == RowStatus.NOT_MADE.value for row in rows)
    made.attempts = 0
    if len(rows) < BATCH:
        _finish(actor, made)
    record(Event.IMPORT_WORKED, actor, made, also=rows, detail={"made": made.rows_made, "not_made": made.rows_not_made})


def _why_not(actor: Actor | None) -> str:
    """Why nothing more may be sent for this person, as a code; "" where it may."""
    if actor is None or not actor.can(Permission.REFERRAL_IMPORT):
        return "membership"
    return "agreement" if Limit.AGREEMENT in actor.limits else "training" if actor.limits else ""


def _make(job: context.AccessContext, actor: Actor, made: ReferralImport, told: list[tuple[ImportRow, Any]]) -> None:
    areas = {area.id: area for area in sending.areas()}
    good = []
    for row, answers in told:
        row.reason_code = "age" if not is_still_of_age(answers, today()) else None if row.area_id in areas else "area"
        row.status = (RowStatus.NOT_MADE if row.reason_code else RowStatus.MADE).value
        row.answers = None
        if not row.reason_code:
            row.referral_id = new_id()
            good.append((row, answers))
    keys = _new_keys(job, made, [row for row, _ in good])
    if made.makes_code == Makes.DRAFTS.value:
        _make_drafts(actor, good, keys)
    else:
        _make_referrals(actor, good, keys, areas)


def _new_keys(job: context.AccessContext, made: ReferralImport, rows: list[ImportRow]) -> dict[Id, Id]:
    """A data key for each row's referral, kept before any row uses it; by the row's id."""
    kind = "referral_draft" if made.makes_code == Makes.DRAFTS.value else "referral"
    ring = keyring()
    for _ in range(3):
        found = {row.id: ring.prepare_data_key(kind, str(row.referral_id), row.area_id) for row in rows}
        try:
            if found:
                ring.store.add([wrapped for wrapped, _ in found.values()])
        except NewerKeyExists:
            ring.forget()
            continue
        for wrapped, key in found.values():
            job.add_key(wrapped.id, key)
        return {row_id: wrapped.id for row_id, (wrapped, _) in found.items()}
    raise NewerKeyExists


def _make_referrals(actor: Actor, good: list[tuple[ImportRow, Any]], keys: dict[Id, Id], areas: dict[Id, Area]) -> None:
    count = {area_id: sum(row.area_id == area_id for row, _ in good) for area_id in {row.area_id for row, _ in good}}
    with db.session.no_autoflush:
        references = {area_id: iter(new_references(areas[area_id], number)) for area_id, number in count.items()}
    for row, answers in good:
        referral = sending.referral_from(
            actor, area=areas[row.area_id], referral_id=str(row.referral_id), data_key_id=keys[row.id],
            answers=answers, reference=next(references[row.area_id]),
        )  # fmt: skip
        db.session.add(referral)
        detail = sending.codes_of(actor, answers) | {"list": row.import_id}
        record(Event.REFERRAL_SENT, actor, referral, detail=detail)


def _make_drafts(actor: Actor, good: list[tuple[ImportRow, Any]], keys: dict[Id, Id]) -> None:
    for row, answers in good:
        draft = ReferralDraft(
            id=row.referral_id, data_key_id=keys[row.id], owner_id=actor.user_id, agency_id=actor.agency_id,
            area_id=row.area_id, kept_until=today() + timedelta(days=drafts.KEPT_DAYS), answers=answers,
        )  # fmt: skip
        db.session.add(draft)
        record(Event.DRAFT_STARTED, actor, draft, detail={"danger": "no", "list": row.import_id})


def _finish(actor: Actor, made: ReferralImport) -> None:
    made.status, made.kept_until = ImportStatus.DONE.value, now() + KEPT_DONE
    tell([actor.user_id], MessageKind.LIST_DONE, area_id=made.area_id, about=("referral_import", made.id))


def _stop(made: ReferralImport, why: str) -> None:
    """What was sent stays sent; the rows that were not are gone."""
    made.status, made.stopped_code, made.kept_until = ImportStatus.STOPPED.value, why, now() + KEPT_DONE
    gone = ImportRow.import_id == made.id, ImportRow.status == RowStatus.WAITING.value
    db.session.execute(
        update(ImportRow).where(*gone).values(status=RowStatus.NOT_MADE.value, reason_code="stopped", answers_sealed=None),
        execution_options={"loader": True},
    )  # fmt: skip
    not_made = ImportRow.import_id == made.id, ImportRow.status == RowStatus.NOT_MADE.value
    made.rows_not_made = db.session.scalar(select(func.count()).select_from(ImportRow).where(*not_made)) or 0
    record(Event.IMPORT_WORKED, None, made, reason=f"stopped_{why}", detail={"made": made.rows_made})
    tell([made.owner_id], MessageKind.LIST_DONE, area_id=made.area_id, about=("referral_import", made.id))


def _find_lists(actor: Actor, ids: Iterable[Id]) -> dict[Id, Place]:
    from imports.policies import lists_of

    rows = db.session.scalars(lists_of(actor).where(ReferralImport.id.in_(list(ids))))
    return {made.id: Place("Your list", f"/imports/{made.id}") for made in rows}


leads_to("referral_import", _find_lists)
