"""Records that are closed to some: one place leaves out what nobody may know of and closes what only named people read."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, event, or_, true
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from core.db import Base, db
from core.formats import Closed
from core.ids import Id
from core.languages import gettext as _
from core.row_rules import rule_of
from core.row_security import viewer
from core.statements import fetch

# What a closed record's fields read as on a list. A name says whom to ask; there is no other name and no date.
NAMELESS = frozenset({"forename", "preferred_name"})


class RestrictedRecord(Exception):
    """The record is there, and its content is for named people. ``ask`` is the name of whom to ask."""

    def __init__(self, ask: str) -> None:
        super().__init__("This record is restricted")
        self.ask = ask


def is_restricted(person_id: Id | None) -> bool:
    """Whether this young person's record is closed to whoever is looking."""
    return person_id is not None and person_id in viewer().restricted


def must_open(person_id: Id | None) -> None:
    """Raise RestrictedRecord, or NoResultFound for a hidden one, unless whoever is looking may read the record."""
    who = viewer()
    if person_id in who.hidden:
        raise NoResultFound
    if person_id is not None and person_id in who.restricted:
        raise RestrictedRecord(who.restricted[person_id])


def whom_to_ask(person_id: Id) -> str:
    """The name on a restricted record; the safeguarding lead's post where nobody is named any more."""
    return viewer().restricted.get(person_id) or _("the safeguarding lead")


def instead_of(name: str, kind: str, person_id: Id) -> Any:
    """What a list shows in place of a field of a restricted record."""
    if kind != "text" or name in NAMELESS:
        return None
    return Closed(_("Restricted – ask %(whom)s", whom=whom_to_ask(person_id)) if name == "surname" else _("Restricted"))


def is_known(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """For selects of a table of a package above, which is no model here: rows of nobody whom the viewer may not know."""
    hidden = sorted(viewer().hidden)
    return or_(column.is_(None), column.not_in(hidden)) if hidden else true()


def is_open_to(person_id: Id) -> bool:
    """For rows chosen by hand: whether whoever is looking may read this record."""
    who = viewer()
    return person_id not in who.hidden and person_id not in who.restricted


@cache
def _about_someone() -> list[tuple[type, str, str | None]]:
    """Every model with a column that names a young person: the same list that PostgreSQL's policies are made from."""
    found = []
    for mapper in Base.registry.mappers:
        table: Any = mapper.local_table
        rule = rule_of(table)
        if rule and rule.person and rule.person in table.c:
            found.append((mapper.class_, rule.person, rule.unless))
    return found


def _not_hidden(model: Any, person: str, unless: str | None) -> ColumnElement[bool]:
    who = viewer()
    column = getattr(model, person)
    known: list[ColumnElement[bool]] = [column.not_in(sorted(who.hidden))]
    known += [column.is_(None)] if model.__table__.c[person].nullable else []
    known += [getattr(model, unless) == who.user_id] if unless else []
    return or_(*known)


def _leave_out_hidden(state: ORMExecuteState) -> None:
    """Every select of the service passes here: lists, counts, searches, exports and figures alike."""
    if not viewer().hidden or not state.is_select or state.is_column_load or state.is_relationship_load:
        return
    state.statement = state.statement.options(
        *(
            with_loader_criteria(model, _not_hidden(model, person, unless), include_aliases=True)
            for model, person, unless in _about_someone()
        )
    )


def fetch_known(statement: Any, values: dict[str, Any]) -> Sequence[Any]:
    """`core.statements.fetch` for rows about young people: the same rows as the session would give, without those hidden here."""
    return db.session.execute(statement, values).all() if viewer().hidden else fetch(statement, values)


def install() -> None:
    if not event.contains(Session, "do_orm_execute", _leave_out_hidden):
        event.listen(Session, "do_orm_execute", _leave_out_hidden)
