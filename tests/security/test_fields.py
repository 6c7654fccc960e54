"""What is typed stays text on every page, and what a form does not ask for changes nothing (W2, Z6)."""

from itertools import cycle

import pytest
from sqlalchemy import select

from accounts.roles import ROLES, Role
from audit.models import Event
from audit.services import record
from core import context
from core.db import Audited, db
from tests.factories import world
from tests.security.test_canary import sealed_models
from tests.security.test_matrix import address, pages
from tests.security.test_web import may
from tests.support.client import Page, form_values

# Each leaves an element or an attribute of this name behind where it is not escaped.
MARK = "pwned"
PAYLOADS = [
    f"<script id={MARK}>1</script>", f"<img src=x onerror={MARK}>", f'"><svg onload={MARK}>', f"' autofocus onfocus={MARK} x='",
    f"</textarea></title></select><b id={MARK}>", f'<a href="javascript:{MARK}()">x</a>', f"{{{{ 7*7 }}}}<i class={MARK}>",
    f"<!--><math><mi {MARK}>",
]  # fmt: skip
SHORT = "<b id=pwned>"


def plant(payloads=PAYLOADS):
    """A payload in every text that is sealed and long enough for it, and in the names of people, places and support."""
    from accounts.models import Agency, User
    from interventions.models import Intervention

    turns = cycle(payloads)
    for model in sealed_models():
        for row in db.session.scalars(select(model)):
            if _plant_sealed(row, turns) and isinstance(row, Audited):
                record(Event.PERSON_CHANGED, None, row)
    for model, name in ((Agency, "name"), (User, "name"), (Intervention, "name"), (Intervention, "description")):
        for row in db.session.scalars(select(model)):
            setattr(row, name, next(turns))
            if isinstance(row, Audited):
                record(Event.USER_CHANGED, None, row)
    db.session.commit()
    db.session.remove()


def _plant_sealed(row, turns):
    changed = False
    for name, field in row.__sealed_fields__.items():
        if field.kind == "text":
            payload = next(turns)
            setattr(row, name, payload if len(payload) <= field.max_length else SHORT[: field.max_length])
            changed = True
        elif field.kind == "json" and (held := getattr(row, name)):
            setattr(row, name, _inside(held))
            changed = True
    return changed


WRITTEN = {"text", "child", "family", "name", "school", "first_language", "safe_when"}


def _inside(value, key=""):
    """The same answers with a payload in each that a person writes freely; codes and dates stay what they are."""
    if isinstance(value, dict):
        return {name: _inside(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_inside(item, key) for item in value]
    return PAYLOADS[len(key) % len(PAYLOADS)] if isinstance(value, str) and key in WRITTEN else value


def grown(page):
    """Elements and attributes that a payload made. The strict client has refused inline script and handlers already."""
    for element in page.root.iter():
        if not isinstance(element.tag, str):
            continue
        named = [
            element.tag,
            *element.attrib,
            element.get("id") or "",
            element.get("class") or "",
            element.get("href") or "",
        ]
        if any(MARK in str(part) for part in named) or str(element.get("href") or "").startswith("javascript:"):
            yield element.tag


@pytest.mark.catalogue("W2", part="pages")
def test_what_was_typed_is_text_on_every_page(app, known, sign_in):
    ids = world.make(known)
    with context.acting_as(job="test"):
        plant()
    shown, wrong = 0, []
    for role in ROLES:
        client = sign_in(role)
        for rule, names, needed in pages(app):
            if not may(role, needed) or rule.endpoint == "accounts.leave":
                continue
            answer = client.get(address(rule, names, ids))
            if answer.mimetype != "text/html":
                continue
            assert answer.status_code < 500, f"{role} {rule.rule}"
            shown += MARK in answer.text
            wrong += [f"{role} {rule.rule}: {tag}" for tag in grown(Page(answer.text))]
    assert wrong == []
    assert shown > 100


def test_a_payload_that_is_not_escaped_is_seen():
    for payload in PAYLOADS:
        page = Page(
            f"<!doctype html><title>x</title><input value='{payload}'><textarea>{payload}</textarea><p>{payload}"
        )
        assert list(grown(page)) or any(MARK in str(e.attrib) for e in page.root.iter()), payload


def test_numbers_and_days_beyond_all_measure_are_no_failure(known, sign_in):
    """A database holds neither; the page is the first, or not there."""
    ids, huge, area = world.make(known), "9" * 40, known.areas["reading"]
    asked = {
        Role.SAFEGUARDING_LEAD: [f"/audit/entries/{area}/{huge}", f"/audit/entries/{area}/{huge}/proof", f"/audit?page={huge}",
                                 "/audit?since=0001-01-01&until=9999-12-31"],
        Role.COORDINATOR: [f"/{name}?page={huge}" for name in ("cases", "triage", "meetings", "offers", "cohort/candidates")]
        + [f"/meetings/{ids['meeting_id']}/items/{huge}", f"/meetings/{ids['meeting_id']}/live/{huge}"],
        Role.REFERRER: [f"/referrals?page={huge}"], Role.DATA_PROTECTION_OFFICER: [f"/sharing?page={huge}"],
        Role.LEAD: [f"/cases/{ids['case_id']}/plan?version={huge}"],
    }  # fmt: skip
    for role, paths in asked.items():
        client = sign_in(role)
        for path in paths:
            assert client.get(path).status_code in {200, 404}, path


def test_a_nul_in_any_field_is_no_failure(known, sign_in, visitor):
    """PostgreSQL takes none in a text. Nobody types one."""
    ids, lead, coordinator = world.make(known), sign_in(Role.LEAD), sign_in(Role.COORDINATOR)
    note, merge = f"/cases/{ids['case_id']}/notes/new", f"/people/{ids['person_id']}/merge"
    for client, path in ((lead, note), (coordinator, merge), (lead, "/emergency"), (visitor, "/sign-in")):
        values = form_values(client.page(path).form())
        answer = client.post(path, data={n: v if n == "csrf_token" else f"a\0{v}" for n, v in values.items()})
        assert answer.status_code < 500, path
