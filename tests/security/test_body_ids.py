"""Every id inside a form, replaced by the same kind of record of another area: nothing is made with it (Z2)."""

import re

import pytest
from sqlalchemy import select

from core.db import db
from tests.factories import world
from tests.factories.forms import MAKING, Place
from tests.security.test_double_submit import open_form, send

ID = re.compile(r"[a-z2-7]{26}")
MACHINERY = {"csrf_token", "once", "row_version"}
# A referral may be sent to any area: police and schools refer across borders (SETTLED 2).
ANY_AREA = {"referrals.eligible"}


def elsewhere(known, ids, other):
    """For each id of Reading the same kind of thing in Slough."""
    known_ids = {name: value for name, value in ids.items() if isinstance(value, str) and ID.fullmatch(value)}
    swap = {value: other.get(name, other["referral_id"]) for name, value in known_ids.items()}
    for kind in (known.users, known.agencies, known.memberships, known.areas):
        swap |= {value: kind[key.replace("reading", "slough")] for key, value in kind.items() if "reading" in key}
    return swap


def swapped(values, swap):
    """The form's values with foreign ids in place of known ones, and which fields that changed."""
    out, changed = dict(values), []
    for name, value in values.items():
        if name in MACHINERY or callable(value):
            continue
        many = value if isinstance(value, list) else [value]
        foreign = [swap.get(one, one) for one in many]
        if foreign != many:
            out[name], changed = foreign if isinstance(value, list) else foreign[0], [*changed, name]
    return out, changed


def strays(area_id, foreign):
    """Rows of Reading that name something of Slough."""
    found = []
    for table in db.metadata.sorted_tables:
        if "area_id" not in table.c or table.name in {"audit_entry", "change_history"}:
            continue
        for row in db.session.execute(select(table).where(table.c.area_id == area_id)).mappings():
            found += [f"{table.name}.{name}" for name, value in row.items() if _names(value, foreign)]
    db.session.rollback()
    return found


def _names(value, foreign):
    return value in foreign if isinstance(value, str) else isinstance(value, list) and any(v in foreign for v in value)


@pytest.mark.catalogue("Z2")
@pytest.mark.parametrize("endpoint", sorted(set(MAKING) - ANY_AREA))
def test_a_form_does_nothing_with_another_areas_ids(app, known, acting, sign_in, endpoint):
    ids, other = world.make(known), world.make(known, "slough")
    place = Place(known, acting, sign_in, ids)
    client, path, values = open_form(place, MAKING[endpoint])
    swap = elsewhere(known, ids, other)
    sent, changed = swapped(values, swap)
    if not changed:
        return  # a form without ids: its address is tried in test_matrix
    answer = send(client, path, sent)
    assert answer.status_code < 500, changed
    db.session.remove()
    assert strays(ids["area_id"], set(swap.values())) == [], changed
