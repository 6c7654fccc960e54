"""Everything that is one young person's: their keys, the rows under these, and whatever cannot stand without those."""

from typing import Any

from sqlalchemy import Table, select

from cohort.models import YoungPerson
from core import rekeying
from core.db import db
from core.ids import Id
from core.key_checks import sealed_models
from core.keyring import keyring
from referrals.models import Referral
from rights.person_records import owners_of, people_of

# Who asked, who agreed and when must stay; the words of it go, because they are about the young person.
_KEPT = {"approval"}
Rows = dict[Table, set[Id]]


def theirs(person_id: Id) -> tuple[set[Id], Rows]:
    """Their keys, and the rows that stand under these or hang on them."""
    owners, rows = owners_of(person_id), Rows()
    keys = {key.id for key in rekeying.keys_owned_by(keyring(), owners)} | _keys_of_rows(owners)
    _sealed_under(keys, rows)
    _about(people_of(person_id), rows)
    follow(rows)
    return keys, rows


def _keys_of_rows(owners: set[Id]) -> set[Id]:
    """The keys of their own records, also of a copy whose keys are gone already."""
    own: set[Id] = set()
    for model in (YoungPerson, Referral):
        own |= set(db.session.scalars(select(model.data_key_id).where(model.id.in_(owners))))
    return own


def _sealed_under(keys: set[Id], rows: Rows) -> None:
    for model in sealed_models():
        if model.__tablename__ not in _KEPT:
            found = db.session.scalars(select(model.id).where(model.data_key_id.in_(keys)))
            rows.setdefault(model.__table__, set()).update(found)


def _about(people: set[Id], rows: Rows) -> None:
    rows.setdefault(table_of("young_person"), set()).update(people)


def table_of(name: str) -> Table:
    return db.metadata.tables[name]


def links(table: Table) -> list[tuple[Any, Table]]:
    """The columns of a table that point at rows of another by id."""
    return [
        (key.parent, key.column.table) for key in table.foreign_keys if key.column.name == "id" and "id" in table.c
    ]  # fmt: skip


def follow(rows: Rows) -> None:
    """Whatever cannot stand without what goes, goes too, however far down; a mere mention is emptied when it is deleted."""
    grew = True
    while grew:
        grew = False
        for table in db.metadata.sorted_tables:
            for column, target in links(table):
                if column.nullable or not rows.get(target) or table.name in _KEPT:
                    continue
                found = set(db.session.scalars(select(table.c.id).where(column.in_(rows[target]))))
                held = rows.setdefault(table, set())
                grew = grew or bool(found - held)
                held |= found
