"""A list of cases as a file: up to fifty at once, more with a second person's agreement, never more than was agreed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from accounts.models import Approval
from accounts.services import approvals
from accounts.services.approvals import Kind
from core.access import Actor, Permission
from core.clock import in_london, now, today
from core.codes import label_of
from core.codes.purposes import Purpose
from core.context import current
from core.db import db
from core.formats import age_on, moment
from core.ids import Id
from core.sensitivity import is_open_to
from panels.services import caseload
from panels.services.caseload_query import Asked, count_statement, list_statement, parameters, shape_of
from panels.services.next_step import NextStep

KIND = "bulk_export"
ALONE = 50
MOST = 2_000
# From using an agreement to the file: long enough for a slow line, too short to come back for it tomorrow.
TO_FETCH = timedelta(minutes=15)
PURPOSES = (Purpose.CASE_MANAGEMENT, Purpose.SAFEGUARDING, Purpose.PANEL, Purpose.RIGHTS)
HEADS = ("Reference", "Stage", "Lead", "Next step", "Due", "Last seen", "Closed")
NAMED = ("Name", "Age")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What leaves the service: which cases, with names or without, and why."""

    asked: Asked
    purpose: str
    names: bool

    def as_terms(self, rows: int) -> dict[str, Any]:
        return {"asked": self.asked._asdict(), "purpose": self.purpose, "names": self.names, "rows": rows}

    @classmethod
    def of(cls, approval: Approval) -> "Wanted":
        kept = approval.terms
        return cls(Asked(**kept["asked"]), kept["purpose"], kept["names"])


def count(actor: Actor, asked: Asked) -> int:
    """How many cases the list holds for this person."""
    shape, values = shape_of(actor, asked)._replace(sort="due", down=False), parameters(actor, asked)
    return int(db.session.scalar(count_statement(shape), values) or 0)


def ask(actor: Actor, wanted: Wanted, rows: int, reason: str) -> Approval:
    """Ask a second person to agree to more than fifty rows. Raise NotAllowed."""
    return approvals.ask(actor, KIND, area_id=actor.area_id, reason=reason, terms=wanted.as_terms(rows))


def use(actor: Actor, approval: Approval) -> None:
    """What was agreed may be fetched from now, for a quarter of an hour. Raise NotAllowed."""
    approvals.use(actor, approval)
    approval.terms = dict(approval.terms) | {"used_at": now().isoformat()}


def may_use(actor: Actor, approval: Approval) -> bool:
    """Whether a second person has agreed and it has not been used."""
    return approvals.may_use(actor, approval)


def may_fetch(actor: Actor, approval: Approval) -> bool:
    """Whether its asker has just begun to use it."""
    used = approval.terms.get("used_at")
    return (
        approval.kind == KIND
        and approval.asked_by_id == actor.user_id
        and used is not None
        and now() - datetime.fromisoformat(used) <= TO_FETCH
    )


def lines(actor: Actor, wanted: Wanted, most: int) -> list[tuple[Any, ...]]:
    """The file: who took it, when and why, then the rows as this person may see them today. ``most`` rows at most."""
    rows = _rows(actor, wanted, most)
    _note(wanted, len(rows))
    heads = HEADS[:1] + NAMED + HEADS[1:] if wanted.names else HEADS
    return [*_marking(actor, wanted, len(rows)), heads, *rows]


def _rows(actor: Actor, wanted: Wanted, most: int) -> list[tuple[Any, ...]]:
    """Restricted records stay where they are; every other young person is named in the entry, with a name or without."""
    asked = wanted.asked._replace(page=1, sort="due", down=False)
    every = db.session.execute(list_statement(shape_of(actor, asked), most), parameters(actor, asked)).all()
    found = [row for row in every if is_open_to(row.person_id)]
    seen = current()
    seen.subjects |= {row.person_id: None for row in found}
    if wanted.names:
        seen.load_keys(row.data_key_id for row in found)
    day = today()
    return [_row(row, day, wanted.names) for row in found]


def _row(row: Any, day: date, names: bool) -> tuple[Any, ...]:
    return (
        row.reference, *(_named(row, day) if names else ()),
        caseload.shown_stage(row.stage, row.review_due_on, day).label, row.lead_name or "Nobody",
        NextStep(row.next_step).label, row.next_due_on.isoformat(),
        row.last_contact_on.isoformat() if row.last_contact_on else "",
        in_london(row.closed_at).date().isoformat() if row.closed_at else "",
    )  # fmt: skip


def _named(row: Any, day: date) -> tuple[str, str]:
    (opened,) = caseload.opened([row])
    return opened.name, str(age_on(opened.born, day)) if opened.born else ""


def _marking(actor: Actor, wanted: Wanted, rows: int) -> list[tuple[str, ...]]:
    """So that a copy that turns up somewhere says whose it was."""
    return [
        ("OFFICIAL-SENSITIVE",),
        ("Exported by", actor.name, actor.role_name, actor.agency_name),
        ("Exported at", moment(in_london(now()))),
        ("Purpose", label_of(Purpose, wanted.purpose)),
        ("Cases", str(rows)),
        (),
    ]


def _note(wanted: Wanted, rows: int) -> None:
    """The gate writes this entry before the answer leaves; if it cannot, nothing leaves."""
    seen = current()
    seen.looked_at("caseload", "export")
    seen.purpose = wanted.purpose
    seen.detail |= {"rows": rows, "names": int(wanted.names), "view": wanted.asked.view}


def terms(approval: Approval) -> list[tuple[str, str]]:
    wanted = Wanted.of(approval)
    return [
        ("How many cases", f"{approval.terms['rows']:,}"),
        ("With names", "Yes, with names and ages" if wanted.names else "No, references only"),
        ("For", label_of(Purpose, wanted.purpose)),
    ]


def _use_at(approval: Approval) -> str:
    return f"/cases/export/{approval.id}"


def find(actor: Actor, approval_id: Id) -> Approval:
    """One's own request. Raise NoResultFound."""
    own = select(Approval).where(
        Approval.id == approval_id, Approval.kind == KIND, Approval.asked_by_id == actor.user_id,
        Approval.area_id == actor.area_id,
    )  # fmt: skip
    return db.session.scalars(own).one()


approvals.register(
    Kind(KIND, "Take a long list of cases out as a file", asks=(Permission.CASE_EXPORT,), terms=terms, use_at=_use_at)
)
