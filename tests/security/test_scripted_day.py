"""A day of two thousand actions by forty people: the trail holds what each must leave, in order, and nothing else (T1)."""

import json
import re
from collections import Counter
from datetime import datetime, time, timedelta
from random import Random
from typing import NamedTuple

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.roles import ROLES, Role
from audit.models import AuditEntry, AuditSubject, Event
from audit.verify import verify
from audit.watch.live import JOB
from audit.watch.rules import DENIED
from core.access import Permission as P
from core.clock import LONDON, today
from core.db import db
from core.ids import new_id
from tests.conftest import signed_in_as
from tests.factories import day
from tests.security.test_read_trail import heads

ACTIONS, SEED = 2_000, 20_417
AREA_WIDE = {Role.COORDINATOR, Role.PANEL_CHAIR, Role.SAFEGUARDING_LEAD}
OPENS_CASES = {P.CASE_READ_AREA, P.CASE_READ_ALLOCATED}
# What a browser adds when it looks at a page again: nothing of the answer may come from anywhere but the service.
AGAIN = (
    {}, {"If-None-Match": "*"}, {"If-None-Match": '"a1"'}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    {"Cache-Control": "max-age=0"}, {"Purpose": "prefetch", "Sec-Purpose": "prefetch"}, {"Range": "bytes=0-0"},
)  # fmt: skip


class Line(NamedTuple):
    """What one entry must say. ``about``: the record that was asked for, where the page is about one."""

    who: str
    event: str
    outcome: str
    subjects: tuple[str, ...]
    about: str | None = None
    why: str | None = None


class Person:
    """One of the forty at their own browser."""

    def __init__(self, key, client, known):
        self.key, self.client, self.id = key, client, known.users[key]
        self.area, self.role = key.partition("@")[2], Role(client.actor.role)
        self.chain, self.last = known.areas[self.area], None
        self.token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get("/account").text)[1]

    def holds(self, *permissions):
        return bool(ROLES[self.role].permissions & set(permissions))

    def opens(self, child):
        """The rule of SETTLED in the test's own words: the area's readers, the case's lead, who gives its support."""
        here = child.area == self.area
        return here and (self.role in AREA_WIDE or self.key == child.lead or self.key in child.given_by)

    def send(self, path, **fields):
        return self.client.post(path, data={"csrf_token": self.token, "once": new_id()} | fields)


class Day:
    """Acts, and keeps its own list of what each act must leave; it never looks at the trail."""

    def __init__(self, rng, people, children):
        self.rng, self.people, self.children = rng, people, children
        self.must = {person.chain: [] for person in people}
        self.done, self.denied, self.statuses = Counter(), Counter(), set()

    def act(self):
        name = self.rng.choices(list(OFTEN), list(OFTEN.values()))[0]
        self.done[name] += 1
        getattr(self, name)(self.rng.choice(self.people))

    def leave(self, person, event, *subjects, about=None, why=None, outcome="ok"):
        line = Line(person.id, event.value, outcome, tuple(sorted(subjects)), about, why)
        self.must[person.chain].append(line)

    def turned_away(self, person, answer, why, about=None, status=None):
        assert answer.status_code == (status or (404 if about else 403)), (person.key, answer.status_code)
        self.leave(person, Event.DENIED, about=about, why=why, outcome="denied")
        self.denied[person.key] += 1
        if self.denied[person.key] == DENIED:
            alert = Line(f"job:{JOB}", Event.ALERT_RAISED.value, "ok", (), None, "denials")
            self.must[person.chain].append(alert)

    def child_for(self, person):
        """Mostly of one's own area, so that more pages open than are turned away."""
        here = [child for child in self.children if child.area == person.area]
        theirs = [child for child in here if person.opens(child)]
        return self.rng.choice(self.rng.choices([self.children, here, theirs or here], [2, 2, 5])[0])

    def look(self, person, path):
        """Open an address in one of the ways that browsers do."""
        headers, open_ = self.rng.choice(AGAIN), self.rng.choice((person.client.get,) * 4 + (person.client.head,))
        answer = open_(path, headers=headers)
        self.statuses.add(answer.status_code)
        return answer

    # --- pages of a case

    def case_page(self, person, child=None, tail=None):
        child = child or self.child_for(person)
        tail = self.rng.choice(("", "/timeline", "/print", "/plan", "/sessions")) if tail is None else tail
        person.last = (self.case_page, child, tail)
        answer = self.look(person, f"/cases/{child.case_id}{tail}")
        allowed = (
            person.holds(*OPENS_CASES, P.CASE_WORK) if tail in {"/plan", "/sessions"} else person.holds(*OPENS_CASES)
        )
        if not allowed or not person.opens(child):
            self.turned_away(person, answer, "row" if allowed else "permission", about=child.case_id)
            return
        assert answer.status_code == 200
        event = Event.PRINTED if tail == "/print" else Event.CASE_READ
        self.leave(person, event, child.person_id, about=child.case_id)

    def printed(self, person):
        self.case_page(person, tail="/print")

    def another_area(self, person):
        self.case_page(person, self.rng.choice([child for child in self.children if child.area != person.area]))

    def no_such_case(self, person):
        nobody = new_id()
        self.turned_away(person, self.look(person, f"/cases/{nobody}"),
                         "row" if person.holds(*OPENS_CASES) else "permission", about=nobody)  # fmt: skip

    def back(self, person):
        """The button of the browser: the same page again, under whatever may be seen by now."""
        if person.last:
            again, *what = person.last
            again(person, *what)

    # --- lists, files, searches

    def case_list(self, person, question=None):
        question = self.rng.choice(list(LISTS)) if question is None else question
        person.last = (self.case_list, question)
        answer = self.look(person, f"/cases{question}")
        if not person.holds(*OPENS_CASES):
            self.turned_away(person, answer, "permission")
            return
        assert answer.status_code == 200
        shown = [child.person_id for child in self.children if person.opens(child) and LISTS[question](person, child)]
        if shown:
            self.leave(person, Event.CASES_LISTED, *shown)

    def nothing_personal(self, person):
        path = self.rng.choice(("/account", "/help", "/accessibility", "/no-such-page"))
        self.look(person, path)

    def export(self, person):
        page = self.look(person, "/cases/export")
        if not person.holds(P.CASE_EXPORT):
            self.turned_away(person, page, "permission")
            return
        purpose = self.rng.choice(("case_management", ""))
        answer = person.send("/cases/export", purpose=purpose, names=self.rng.choice(("yes", "no")))
        assert answer.mimetype == ("text/csv" if purpose else "text/html")
        if purpose:
            here = [child.person_id for child in self.children if child.area == person.area]
            self.leave(person, Event.CASES_EXPORTED, *here)

    def search(self, person):
        child = self.child_for(person)
        answer = person.send("/find", q=child.surname)
        if not person.holds(P.PERSON_FIND):
            self.turned_away(person, answer, "permission")
            return
        found = [child.person_id] if person.opens(child) else []
        self.leave(person, Event.PERSON_SEARCHED, *found)
        assert person.client.get(answer.location).status_code == 200
        if found:
            self.leave(person, Event.SEARCH_READ, *found)

    def who_has_looked(self, person):
        child = self.child_for(person)
        answer = self.look(person, f"/audit/records/{child.person_id}")
        if not person.holds(P.AUDIT_READ):
            self.turned_away(person, answer, "permission", about=child.person_id)
            return
        if child.area != person.area:
            self.turned_away(person, answer, "row", about=child.person_id)
            return
        assert answer.status_code == 200
        self.leave(person, Event.AUDIT_SEARCHED, child.person_id, about=child.person_id)

    def own_referral(self, person):
        """Only who sent it: the installation's first referrer."""
        child = self.child_for(person)
        answer = self.look(person, f"/referrals/{child.referral_id}")
        if person.holds(P.REFERRAL_SEND) and person.key == f"{Role.REFERRER.value}@{child.area}":
            assert answer.status_code == 200
            self.leave(person, Event.REFERRAL_READ, child.person_id, about=child.referral_id)
            return
        why = "row" if person.holds(P.REFERRAL_SEND) else "permission"
        self.turned_away(person, answer, why, about=child.referral_id)

    # --- changes

    def note(self, person):
        child, once = self.child_for(person), new_id()
        path = f"/cases/{child.case_id}/notes/new"
        sent = {"kind": "progress", "text": self.rng.choice(("They came.", "They came.", "")), "once": once}
        sent |= {"happened_on-day": "1", "happened_on-month": "1", "happened_on-year": "2026"}
        answer = person.send(path, **sent)
        if not person.holds(P.CASE_WORK, P.SESSION_RECORD):
            self.turned_away(person, answer, "permission", about=child.case_id)
            return
        if not person.opens(child):
            self.turned_away(person, answer, "row", about=child.case_id)
            return
        if not sent["text"]:
            assert answer.status_code == 200
            self.leave(person, Event.CASE_READ, child.person_id, about=child.case_id)
            return
        assert answer.status_code == 302
        self.leave(person, Event.NOTE_ADDED, child.person_id, why="progress")
        if self.rng.random() < 0.3:  # A second press on the button: the same answer, and nothing more happens.
            assert person.send(path, **sent).location == answer.location

    def note_without_token(self, person):
        """Not from our own page: nothing is opened, so nothing is noted."""
        child = self.child_for(person)
        answer = person.send(f"/cases/{child.case_id}/notes/new", csrf_token="", text="They came.")
        if person.holds(P.CASE_WORK, P.SESSION_RECORD):
            assert answer.status_code == 400
        else:
            self.turned_away(person, answer, "permission", about=child.case_id)

    def change_lead(self, person):
        """Who loses a case by this no longer opens it, with the back button either."""
        child = self.child_for(person)
        lead = self.rng.choice([p for p in self.people if p.role is Role.LEAD and p.area == child.area])
        path = f"/cases/{child.case_id}/allocate"
        page = person.client.get(path)
        if not person.holds(P.CASE_ALLOCATE) or not person.opens(child):
            why = "row" if person.holds(P.CASE_ALLOCATE) else "permission"
            self.turned_away(person, page, why, about=child.case_id)
            return
        self.leave(person, Event.CASE_READ, child.person_id, about=child.case_id)
        version = re.search(r'name="row_version"[^>]* value="(\d+)"', page.text)[1]
        assert person.send(path, lead=lead.id, row_version=version).status_code == 302
        if child.lead == lead.key:  # Nothing changed and nothing of them was opened: the entry names the case alone.
            self.leave(person, Event.CASE_READ, about=child.case_id)
        else:
            self.leave(person, Event.CASE_ALLOCATED, child.person_id, about=child.case_id)
        child.lead = lead.key


OFTEN = {
    "case_page": 30, "case_list": 12, "back": 14, "printed": 5, "another_area": 6, "no_such_case": 2, "export": 5,
    "search": 5, "who_has_looked": 4, "own_referral": 4, "note": 14, "note_without_token": 2, "change_lead": 4,
    "nothing_personal": 3,
}  # fmt: skip
LISTS = {
    "": lambda person, child: True, "?sort=reference": lambda person, child: True,
    "?view=mine": lambda person, child: child.lead == person.key, "?view=nobody": lambda person, child: False,
    "?view=closed": lambda person, child: False, "?page=2": lambda person, child: False,
}  # fmt: skip


def written(before):
    """The entries since, by chain and in order, as lines."""
    found = {}
    for chain, seq, body in db.session.execute(
        select(AuditEntry.chain, AuditEntry.seq, AuditEntry.body).order_by(AuditEntry.chain, AuditEntry.seq)
    ):
        if seq > before.get(chain, 0):
            said = json.loads(bytes(body))
            about = said.get("object_id") if said["event"] in ABOUT_ONE else None
            found.setdefault(chain, []).append(
                Line(said["actor"], said["event"], said["outcome"], tuple(said["subjects"]), about, said.get("reason"))
            )
    return found


ABOUT_ONE = {
    event.value
    for event in (Event.CASE_READ, Event.PRINTED, Event.DENIED, Event.CASE_ALLOCATED, Event.AUDIT_SEARCHED, Event.REFERRAL_READ)
}  # fmt: skip


def found_by_subject(before):
    """How often each young person is found in the index over the trail, in entries since."""
    rows = db.session.execute(select(AuditSubject.chain, AuditSubject.seq, AuditSubject.subject_id))
    return sorted((chain, subject) for chain, seq, subject in rows if seq > before.get(chain, 0))


@pytest.fixture
def noon():
    """Tomorrow, and it stays noon: the watch counts refusals within an hour, and a slow machine must not matter."""
    at = datetime.combine(today() + timedelta(days=1), time(12), LONDON)
    with time_machine.travel(at, tick=False):
        yield at


@pytest.fixture
def the_day(noon, app, known, acting):
    """Everyone at their desk. Pages are not parsed here (other tests do that): two thousand would take minutes."""
    keys, rng = day.team(known), Random(SEED)
    children = day.children(known, acting)
    app.test_client_class = FlaskClient
    return Day(rng, [Person(key, signed_in_as(key, app, known), known) for key in keys], children)


@pytest.mark.catalogue("T1", part="partly")
def test_a_day_of_two_thousand_actions_leaves_exactly_its_entries(known, the_day):
    before = heads()
    assert len(the_day.people) == 40
    for _ in range(ACTIONS):
        the_day.act()
    left = written(before)
    assert left.keys() <= the_day.must.keys(), "an entry in a chain of nobody's area"
    for chain, must in the_day.must.items():
        for number, (is_, should) in enumerate(zip(left[chain], must, strict=False)):
            assert is_ == should, f"entry {number} of {len(must)}"
        assert len(left[chain]) == len(must)
        assert verify(chain).kind is None
    about = [(chain, subject) for chain, lines in the_day.must.items() for line in lines for subject in line.subjects]
    assert found_by_subject(before) == sorted(about)
    # The day had something of everything in it, and no answer came from a browser's own copy.
    assert min(the_day.done[name] for name in OFTEN) > 10
    assert the_day.statuses == {200, 403, 404}
    assert {line.event for lines in the_day.must.values() for line in lines} >= {
        Event.CASE_READ, Event.PRINTED, Event.CASES_LISTED, Event.CASES_EXPORTED, Event.NOTE_ADDED, Event.DENIED,
        Event.PERSON_SEARCHED, Event.SEARCH_READ, Event.CASE_ALLOCATED, Event.REFERRAL_READ, Event.AUDIT_SEARCHED,
        Event.ALERT_RAISED,
    }  # fmt: skip
