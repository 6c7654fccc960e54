"""Every id inside a form, replaced by the same kind of record of another area: nothing is made with it (Z2)."""

import re

import pytest
from sqlalchemy import select

from accounts.roles import ROLES
from core.db import db
from tests.factories import world
from tests.factories.forms import Place
from tests.factories.making import MAKING
from tests.security.test_double_submit import open_form, send
from tests.security.test_gate import CANARY, plant
from tests.security.test_matrix import pages

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


@pytest.mark.catalogue("Z2", part="bodies")
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


@pytest.mark.catalogue("Z2", part="queries")
def test_another_areas_ids_in_a_filter_show_nothing_of_it(app, known, sign_in):
    """Every choice of every filter, with the same kind of thing of Slough in its place."""
    ids, other = world.make(known), world.make(known, "slough")
    plant(other)
    swap = elsewhere(known, ids, other)
    tried = 0
    for role in ROLES:
        if not ROLES[role].needs_area:
            continue
        client = sign_in(role)
        for rule, names, needed in pages(app):
            if names or not any(permission in ROLES[role].permissions for permission in needed.permissions):
                continue
            page = client.page(rule.rule)
            for choice in page.all("select"):
                values = {swap[o.get("value")] for o in choice.iter("option") if o.get("value") in swap}
                for value in values:
                    answer = client.get(rule.rule, query_string={choice.get("name"): value}, follow_redirects=True)
                    assert answer.status_code in {200, 404}, f"{rule.rule} {choice.get('name')}"
                    assert CANARY not in answer.text, f"{rule.rule} {choice.get('name')}"
                    tried += 1
    assert tried > 5
