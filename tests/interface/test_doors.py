"""Who gets in: credentials and tokens that work, those that no longer do, and what each opens and never opens."""

import base64
import io
import json
from datetime import timedelta

import jsonschema_rs
import pytest
import time_machine
from sqlalchemy import func, select

from accounts.models import User
from accounts.roles import Role
from accounts.services import throttle
from audit.models import AuditEntry, Event
from core.access import Door, requirement_of
from core.clock import now
from core.db import db
from interface import openapi, schemas
from interface.models import SystemCredential, SystemToken
from interface.services import credentials
from interface.services.credentials import hashed
from interface.views import referrals, token
from tests.factories.files import pdf
from tests.interface.conftest import System, body
from tests.support.client import Page, words


def entries(event, outcome="ok"):
    found = db.session.scalar(
        select(func.count()).where(AuditEntry.event == event.value, AuditEntry.outcome == outcome)
    )
    db.session.rollback()
    return found


def refused(answer):
    """401, with what to send instead, and not a word of why."""
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json["type"] == "/api#no-token"
    return True


def test_another_agencys_referral_is_not_there(app, system):
    school, police = system(), system(agency="police")
    made = school.send(body()).json
    for answer in (
        police.get(f"/api/v1/referrals/{made['id']}"),
        police.add_file(made["id"], {"file": (io.BytesIO(pdf()), "plan.pdf")}),
        police.get("/api/v1/referrals/" + "a" * 26),
        police.get("/api/v1/nothing"),
    ):
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert entries(Event.DENIED, "denied") == 3
    # Slough's school is another agency of another area; its referral into Reading is its own all the same.
    away = system("slough")
    other = away.send(body(person={"forename": "Noor", "surname": "Vance"}))
    assert other.status_code == 201
    assert away.get(f"/api/v1/referrals/{other.json['id']}").json["reference"].startswith("RDG-")
    assert school.get(f"/api/v1/referrals/{other.json['id']}").status_code == 404
    # A second credential of the same agency follows what the first one sent.
    assert system().get(f"/api/v1/referrals/{made['id']}").status_code == 200


def test_a_wrong_ended_or_old_credential_opens_nothing(app, known, system, acting, sign_in, visitor):
    school = system()
    path = "/api/v1/referrals/" + "a" * 26
    assert refused(visitor.get(path))
    assert refused(visitor.get(path, headers={"Authorization": "Bearer nothing"}))
    assert refused(visitor.get(path, headers={"Authorization": f"Basic {school.token}"}))
    assert refused(sign_in(Role.COORDINATOR).get(path))
    page = visitor.get("/referrals", headers=school.headers)
    assert (page.status_code, page.location) == (302, "/sign-in?next=/referrals")

    for wrong in ({"client_secret": "x"}, {"client_id": "x"}, {"client_secret": ""}):
        answer = school.sign_in(**wrong)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert school.sign_in(grant_type="password").json["error"] == "unsupported_grant_type"
    assert school.sign_in(grant_type="").json["error"] == "invalid_request"
    assert school.sign_in(scope="everything").json["error"] == "invalid_scope"
    pair = base64.b64encode(f"{school.client_id}:{school.secret}".encode()).decode()
    asked = {"grant_type": "client_credentials", "scope": "referrals"}
    basic = visitor.post("/api/token", data=asked, headers={"Authorization": f"Basic {pair}"})
    assert basic.json["token_type"] == "Bearer"
    assert basic.headers["Cache-Control"] == "no-store"
    assert entries(Event.SIGN_IN_FAILED, "denied") == 3

    with time_machine.travel(now() + timedelta(minutes=31)):
        assert refused(school.get(path))
    with time_machine.travel(now() + timedelta(days=91)):
        assert school.sign_in().status_code == 401
    with acting("administrator@reading") as actor:
        credentials.end(actor, credentials.find(actor, school.credential_id))
        db.session.commit()
    assert refused(school.get(path))
    assert school.sign_in().status_code == 401


def test_too_many_requests_wait(app, system, visitor):
    school = system()
    for _ in range(referrals.MOST):
        throttle.one_more("system", referrals.MOST, referrals.WINDOW, school.credential_id)
    answer = school.get("/api/v1/referrals/" + "a" * 26)
    assert (answer.status_code, answer.json["type"]) == (429, "/api#too-many")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert school.send(body()).status_code == 429
    assert system(agency="police").get("/api/v1/referrals/" + "a" * 26).status_code == 404
    with time_machine.travel(now() + timedelta(seconds=61)):
        assert school.get("/api/v1/referrals/" + "a" * 26).status_code == 404
    answers = [school.sign_in(client_secret="x").status_code for _ in range(token.MOST)]
    assert answers[0] == 401
    assert answers[-1] == 429
    assert school.sign_in().status_code == 429


def test_an_administrator_gives_a_system_access_and_ends_it(app, known, sign_in):
    admin = sign_in(Role.ADMINISTRATOR)
    place = f"{known.agencies['school@reading']}:{known.areas['reading']}"
    missing = admin.submit("/admin/systems/new", {"place": place, "name": ""})
    assert "Enter what the agency calls its system" in words(missing)
    made = admin.submit("/admin/systems/new", {"place": place, "name": "Arbor", "days": "90"})
    assert made.status_code == 201
    client_id, secret = _shown(made)
    system = System(app, "", client_id, secret)
    kept = db.session.scalars(select(SystemCredential)).one()
    assert (kept.secret_hash, kept.last_used_on is not None) == (hashed(secret), True)
    assert db.session.scalars(select(SystemToken.token_hash)).all() == [hashed(system.token)]
    user, credential_id = db.session.get_one(User, kept.user_id), kept.id
    assert (user.active, user.is_system, user.password) == (False, True, None)
    db.session.rollback()
    assert system.send(body()).status_code == 201

    listed = admin.get("/admin/systems")
    assert "Arbor" in listed.text
    assert secret not in listed.text
    assert "System of Reading school" not in admin.get("/admin/users").text
    assert admin.get(f"/admin/users/{user.id}").status_code == 404
    assert sign_in(Role.ADMINISTRATOR, area="slough").get(f"/admin/systems/{credential_id}/end").status_code == 404
    assert sign_in(Role.COORDINATOR).get("/admin/systems").status_code == 403
    ended = admin.submit(f"/admin/systems/{credential_id}/end", {"sure": "y"})
    assert "Access ended" in words(ended)
    assert refused(system.get("/api/v1/referrals/" + "a" * 26))
    assert entries(Event.CREDENTIAL_MADE) == entries(Event.CREDENTIAL_ENDED) == 1


def _shown(made):
    cells = ["".join(cell.itertext()).strip() for cell in Page(made.text).all("dd")]
    return cells[0], cells[1]


def test_a_coordinator_takes_a_referral_out_in_the_documented_schema(app, known, system, sign_in):
    called = {"told": ["999"], "called_at": "14:05"}
    made = system().send(body(start={"danger": "now", "called": called})).json
    coordinator, path = sign_in(Role.COORDINATOR), f"/triage/{made['id']}/export"
    assert path in coordinator.get(f"/triage/{made['id']}").text
    assert "Select why you need this file" in words(coordinator.submit(path, {"purpose": ""}))
    taken = coordinator.submit(path, {"purpose": "rights"})
    assert taken.headers["Content-Disposition"] == f'attachment; filename="OFFICIAL-SENSITIVE-{made["reference"]}.json"'
    found = json.loads(taken.data)
    schema = coordinator.get("/api/schemas/referral-export.json").json
    assert schema["$schema"].endswith("2020-12/schema")
    jsonschema_rs.validator_for(schema).validate(found)
    sent = found["referral"]
    again = {"declared": True} | sent | {"start": sent["start"] | {"district": "not_known"}}
    for name in ("noted_at", "noted_by"):
        again["start"]["called"].pop(name)
    taking_in = {"components": openapi.document("https://x.example")["components"]} | schemas.referral()
    jsonschema_rs.validator_for(taking_in).validate(again)
    assert (sent["person"]["forename"], sent["worries"]["concerns"]) == ("Kaya", {"cce": "suspected"})
    assert found["exported"]["purpose"] == "rights"
    assert entries(Event.REFERRAL_EXPORTED) == 1
    with time_machine.travel(now() + timedelta(minutes=16)):
        late = coordinator.get(path)
        assert (late.status_code, late.location.split("?")[0]) == (302, "/sign-in/again")
    assert sign_in(Role.PANEL_CHAIR).get(path).status_code == 404
    assert sign_in(Role.COORDINATOR, area="slough").get(path).status_code == 404


@pytest.mark.only("sqlite")
def test_every_address_of_systems_says_so_and_is_documented(app, visitor):
    """Cookies are not read under /api/, so nothing there may need a person; and no other address takes a token."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    doors = {rule.rule: requirement_of(app, rule.endpoint).door for rule in rules}
    assert set(doors.values()) == {Door.SYSTEM, Door.PUBLIC}
    with_tokens = {r.endpoint for r in app.url_map.iter_rules() if requirement_of(app, r.endpoint).door is Door.SYSTEM}
    assert with_tokens == {rule.endpoint for rule in rules if doors[rule.rule] is Door.SYSTEM}
    documented = visitor.get("/api/openapi.json").json["paths"]
    assert {rule.replace("<id:", "{").replace(">", "}") for rule in doors} == set(documented)
    shown = words(visitor.get("/api"))
    assert all(path in shown for path in documented)
