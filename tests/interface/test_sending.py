"""An agency's system sends a referral: the pages' questions, limits and words, once, and nothing told that it may not know."""

import io
import logging
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from accounts.models import Agreement
from accounts.roles import Role
from accounts.services import throttle
from audit.models import AuditEntry, Event
from audit.services import record
from core import context
from core.clock import today
from core.db import db
from interface.views import referrals
from messages.kinds import MessageKind
from messages.models import Notice
from referrals.models import Referral, ReferralDraft
from tests.factories.files import pdf
from tests.factories.referrals import birthday
from tests.interface.conftest import body
from tests.support.leaks import MARK, in_bytes, in_tables
from tests.support.patience import be_patient
from tests.support.visitor import at_once


def events(name):
    found = db.session.scalar(select(func.count()).where(AuditEntry.event == name.value))
    db.session.rollback()
    return found


def test_a_system_sends_a_referral_adds_a_file_and_asks_how_it_stands(app, known, system, sign_in):
    school = system()
    answer = school.send(body())
    assert answer.status_code == 201, answer.text
    made = answer.json
    assert answer.headers["Location"] == f"/api/v1/referrals/{made['id']}"
    assert "Set-Cookie" not in answer.headers
    with context.acting_as(job="test"):
        kept = db.session.get_one(Referral, made["id"])
        assert (kept.forename, kept.answers["worries"]["concerns"]) == ("Kaya", {"cce": "suspected"})
        assert kept.answers["contact"]["postcode"] == "RG1 2AB"
        assert kept.answers["voice"]["child"] == "Leave me alone."
        assert kept.answers["you"]["agency"] == "Reading school"
        assert kept.agency_id == known.agencies["school@reading"]
        db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(ReferralDraft)) == 0

    added = school.add_file(made["id"], {"file": (io.BytesIO(pdf()), "Kaya plan.pdf")}, "f-1")
    assert (added.status_code, added.json["status"]) == (201, "checking")
    again = school.add_file(made["id"], {"file": (io.BytesIO(pdf()), "Kaya plan.pdf")}, "f-1")
    assert again.json == added.json
    assert (
        school.add_file(made["id"], {"file": (io.BytesIO(b"MZ"), "plan.exe")}).json["errors"][0]["pointer"] == "/file"
    )

    stands = school.get(f"/api/v1/referrals/{made['id']}")
    assert stands.json["status"] == "received"
    assert stands.json["files"] == [added.json]
    assert events(Event.REFERRAL_STATUS_READ) == 1
    assert events(Event.REFERRAL_SENT) == events(Event.FILE_ADDED) == events(Event.TOKEN_GIVEN) == 1
    page = sign_in(Role.COORDINATOR).page(f"/triage/{made['id']}")
    assert "System of Reading school" in "".join(page.root.itertext())


def sent_so_far():
    found = db.session.scalar(select(func.count()).select_from(Referral))
    db.session.rollback()
    return found


def test_the_same_key_sends_once_and_another_body_under_it_is_told(app, system):
    school = system()
    first = school.send(body(), "one")
    again = school.send(body(), "one")
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = school.send(body(person={"forename": "Noor"}), "one")
    assert (other.status_code, other.json["type"]) == (422, "/api#key-reused")
    assert school.send(body(), "no spaces or names").status_code == 400
    # What was not kept leaves its key free.
    assert school.send(body(person={"forename": ""}), "two").status_code == 422
    assert school.send(body(person={"forename": "Ottilie", "surname": "Quarmby"}), "two").status_code == 201
    assert sent_so_far() == 2
    with pytest.MonkeyPatch.context() as patch:
        be_patient(patch)
        wanted = body(person={"forename": "Ilse", "surname": "Brandt", "date_of_birth": birthday(13)})
        answers = at_once(4, lambda number: school.send(wanted, "three"))
    assert [answer.status_code for answer in answers] == [201] * 4, [answer.text for answer in answers]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sent_so_far() == 3


WRONG = {
    "/start/area": "Select the area they live in", "/start/reason": "Not a valid choice.",
    "/person/forename": "Enter their first name", "/person/surname": "Send text",
    "/person/date_of_birth": "They must be 10 to 17. You entered an age of 9",
    "/contact/postcode": 'Enter a postcode, like RG1 2AB, or select "No fixed address"',
    "/contact/no_fixed_address": "Send true or false",
    "/needs/ethnicity_source": "Select who told you their ethnic group",
    "/needs/interpreter": "Select yes if an interpreter is needed", "/education/status": "Not a valid choice.",
    "/strengths/text": "Tell us what is going well", "/strengths/factors": "Send a list of codes",
    "/worries/text": "Tell us what is worrying you, in 4,000 characters or fewer. You have used 4,001",
    "/worries/concerns/cce": "Not a valid choice.", "/worries/concerns/unknown": "This is not asked. Leave it out",
    "/events/0/on": "The date must be a real date", "/events/1": "Send an object",
    "/people/0/name": "Send text without control characters",
    "/tried/statutory": "Select who already works with them, or “None known”",
    "/family/why_not": "Tell us why the family does not know", "/sharing/basis": "Select why you can share this",
    "/you/email": "Enter an email address in the right form, like name@example.com",
    "/declared": "Confirm that what you have written is true as far as you know",
    "/not_duplicates/0": "Send the id of a referral", "/score": "This is not asked. Leave it out",
}  # fmt: skip


def test_every_mistake_is_named_with_its_place_in_the_words_of_the_pages(app, system):
    """Types first: what is not even text says so; all else in the words of the forms. Two sendings name them all."""
    school = system()
    typed = body(
        start={"area": "atlantis", "reason": "because"}, person={"surname": 7}, contact={"no_fixed_address": "yes"},
        strengths={"factors": "interests"}, worries={"concerns": {"unknown": "yes"}}, declared=False,
        events=[{"type": "suspension", "on": "2026-02-30", "part": "alone"}, "x"], people=[{"name": "Mi\x00na"}],
        not_duplicates=["x"], score=3,
    )  # fmt: skip
    worded = body(
        person={"forename": "", "date_of_birth": birthday(9)}, contact={"postcode": "Reading"},
        needs={"ethnicity_source": None, "interpreter": ""}, education={"status": "on the moon"},
        strengths={"text": " "}, worries={"text": "x" * 4001, "concerns": {"cce": "surely"}}, tried={"statutory": []},
        family={"informed": "no"}, sharing={"basis": None}, you={"email": "nobody"},
    )  # fmt: skip
    found = {}
    for sent in (typed, worded):
        answer = school.send(sent)
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
        found |= {error["pointer"]: error["detail"] for error in answer.json["errors"]}
    # The needs section says either what is missing, or who told of the ethnic group: never all of it at once.
    assert {place: found.get(place, words) for place, words in WRONG.items()} == WRONG
    assert set(found) <= set(WRONG) | {"/events/0/part"}
    assert len(set(WRONG) & set(found)) > 22
    for raw in (b"", b"[]", b"{", b'{"a": NaN}', b'{"start": {}, "start": {}}', b"[" * 100_000, b'{"a": "\xff"}'):
        assert school.send(raw).status_code == 400, raw[:20]
    assert school.send(b'{"you": {"name": "\\ud800"}}').status_code == 422
    assert school.send(b" " * 300_000).status_code == 413
    assert sent_so_far() == 0


def test_danger_now_is_taken_only_with_the_call(app, system, known):
    school = system()
    answer = school.send(body(start={"danger": "now"}))
    assert (answer.status_code, answer.json["type"]) == (422, "/api#call-first")
    assert {"/start/called/told", "/start/called/called_at"} == {one["pointer"] for one in answer.json["errors"]}
    assert "Call 999 now" in answer.json["detail"]
    assert {"pointer": "/start/danger", "detail": "Select yes if anyone is in danger right now"} in school.send(
        body(start={"danger": ""})
    ).json["errors"]
    called = {"told": ["999"], "called_at": "14:05 today", "reference": "1234"}
    made = school.send(body(start={"danger": "now", "called": called}))
    assert made.status_code == 201
    with context.acting_as(job="test"):
        start = db.session.get_one(Referral, made.json["id"]).answers["start"]
        told = db.session.scalars(select(Notice.user_id).where(Notice.kind == MessageKind.URGENT.value)).all()
        db.session.rollback()
    assert start["called"]["told"] == ["999"]
    assert start["called"]["noted_by"] == "System of Reading school"
    assert known.users["coordinator@reading"] in told


def test_without_an_agreement_in_date_a_system_tells_of_urgent_concerns_alone(app, known, system, acting):
    school = system()
    with acting("administrator@reading") as actor:
        theirs = select(Agreement).where(Agreement.agency_id == known.agencies["school@reading"])
        for agreement in db.session.scalars(theirs):
            agreement.valid_to = today() - timedelta(days=1)
            record(Event.CONFIGURED, actor, agreement)
        db.session.commit()
    held = school.send(body())
    assert (held.status_code, held.json["type"]) == (403, "/api#agreement")
    called = {"told": ["front_door"], "called_at": "14:05"}
    urgent = school.send(body(start={"danger": "harm", "called": called}))
    assert urgent.status_code == 201
    assert school.get(f"/api/v1/referrals/{urgent.json['id']}").status_code == 403


def test_a_young_person_sent_before_is_asked_about_by_number_alone(app, system):
    school = system()
    first = school.send(body()).json
    again = school.send(body(person={"forename": "K"}))
    assert (again.status_code, again.json["type"]) == (409, "/api#possible-duplicate")
    assert [one["reference"] for one in again.json["earlier"]] == [first["reference"]]
    assert "Sefton" not in again.text
    assert school.send(body(not_duplicates=[first["id"]])).status_code == 201
    # Whoever tries name after name hears no more, at the same moment neither: it is sent, and triage finds it.
    for _ in range(referrals.MOST_ALIKE - 3):
        throttle.bump(referrals.ALIKE, school.credential_id)
    db.session.commit()
    with pytest.MonkeyPatch.context() as patch:
        be_patient(patch)
        answers = at_once(8, lambda number: school.send(body(), f"at-once-{number}"))
    assert sorted(answer.status_code for answer in answers) == [201] * 6 + [409] * 2, [one.text for one in answers]
    # A key whose answer was the warning is free for another try; one that was sent stays spent.
    for number, answer in enumerate(answers):
        later = school.send(body(), f"at-once-{number}")
        assert later.status_code == 201
        assert (later.json["id"] == answer.json.get("id")) == (answer.status_code == 201)


def test_nothing_of_a_young_person_is_in_logs_or_beside_the_sealed_fields(app, system, caplog):
    school = system()
    unlike = {"forename": f"{MARK}one", "surname": f"{MARK}two", "date_of_birth": birthday(14)}
    with caplog.at_level(logging.DEBUG), capture_logs() as lines:
        made = school.send(body(person=unlike))
        school.send(body(person=unlike | {"forename": ""}, unknown={"a": f"{MARK}four"}))
        school.send(body(person=unlike))
        name = f"{MARK}five.pdf"
        assert school.add_file(made.json["id"], {"file": (io.BytesIO(pdf()), name)}).status_code == 201
        school.add_file(made.json["id"], {"file": (io.BytesIO(b"x"), name)})
    printed = f"{lines}{caplog.text}"
    assert made.json["id"] in school.get(f"/api/v1/referrals/{made.json['id']}").text
    assert "interface_api.send" in printed
    assert in_bytes(printed.encode()) == []
    assert list(in_tables(db.engine)) == []
