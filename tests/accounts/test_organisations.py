"""Signing in with an organisation's account, against provider processes: one that behaves, one that can cheat."""

import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import func, select

from accounts.credentials import Identity
from accounts.models import Membership, SignInSession, User
from accounts.services import users
from accounts.services.grants import Grant
from audit.models import AuditEntry, Event
from config.providers import load_providers
from config.reader import ConfigError
from core.db import db
from tests.accounts.conftest import EMAIL, add_app, enter, events, session_cookie
from tests.support.browser import ROOT, free_port, select_wait
from tests.support.client import form_values, words

FAILED = "We could not sign you in with"
FILE = """
[[providers]]
slug = "council"
name = "Reading Council"
issuer = "http://localhost:{rogue}"
client_id = "panels"
secret_variable = "COUNCIL_SECRET"
[providers.mfa]
claim = "amr"
values = ["mfa"]

[[providers]]
slug = "trust"
name = "The Trust"
issuer = "http://localhost:{mock}"
client_id = "panels-too"
secret_variable = "TRUST_SECRET"
auth_method = "client_secret_post"
"""


@pytest.fixture(scope="module")
def rogue():
    """The port of the provider that can cheat."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.rogue_provider"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    yield int(process.stdout.readline())
    process.terminate()
    process.wait()
    process.stdout.close()


@pytest.fixture(scope="module")
def mock():
    """The port of somebody else's provider, from PyPI."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(600):
        try:
            requests.get(f"http://localhost:{port}/.well-known/openid-configuration", timeout=5)
            break
        except requests.ConnectionError:
            select_wait(0.1)
    yield port
    process.terminate()
    process.wait()


@pytest.fixture
def environment(tmp_path, rogue, mock):
    """A real installation that knows both."""
    path = tmp_path / "providers.toml"
    path.write_text(FILE.format(rogue=rogue, mock=mock))
    return {"PROVIDERS_FILE": str(path), "COUNCIL_SECRET": "one secret", "TRUST_SECRET": "another"}


@pytest.fixture
def behave(rogue):
    """``behave(claims={...})``: how the provider answers from now on; before each test it is honest."""

    def go(**how):
        requests.post(f"http://localhost:{rogue}/control", json=how, timeout=5).raise_for_status()

    go()
    return go


def set_out(client, path="/sign-in", button="Reading Council"):
    """Press the organisation's button: the address at the provider."""
    answer = client.submit(path, button=button, follow=False)
    assert answer.status_code == 302, answer.text[:500]
    return answer.location


def at_provider(address):
    """What somebody's browser brings back from there: a path of ours."""
    back = requests.get(address, allow_redirects=False, timeout=5).headers["Location"]
    assert back.startswith("https://localhost/")
    return back.removeprefix("https://localhost")


def come_back(client, path="/sign-in", button="Reading Council"):
    return client.get(at_provider(set_out(client, path, button)))


@pytest.fixture
def linked(another, behave):
    """A coordinator who linked their organisation's account."""
    client = another()
    enter(client)
    client.app = add_app(client)
    assert come_back(client, "/account/security").location == "/account/security"
    return client


def trail(event):
    found = [str(body) for body in db.session.scalars(select(AuditEntry.body).where(AuditEntry.event == event))]
    db.session.rollback()
    return found


def test_the_request_carries_pkce_state_and_nonce(visitor, behave):
    first, second = (parse_qs(urlsplit(set_out(visitor)).query) for _ in range(2))
    assert first["code_challenge_method"] == ["S256"]
    assert first["response_type"] == ["code"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]
    assert "client_secret" not in first


def test_linking_shows_who_and_where(linked):
    identity = db.session.scalars(select(Identity)).one()
    assert identity.subject == "person-1"
    assert "Reading Council" in words(linked.get("/account/security"))
    assert "config:identity_linked" in events()


def test_a_linked_account_with_their_second_factor_signs_in(linked, another, behave):
    behave(claims={"amr": ["pwd", "mfa"]})
    client = another()
    assert come_back(client).location == "/"
    assert "Panel coordinator" in words(client.get("/account"))
    assert '"reason":"organisation"' in trail(Event.SIGNED_IN)[-1]


@pytest.mark.parametrize("claims", [{}, {"amr": ["pwd"]}, {"amr": "pwd"}, {"amr": []}, {"acr": "mfa"}, {"amr": None}])
def test_without_their_second_factor_ours_is_asked_for(linked, another, behave, claims):
    behave(claims=claims)
    client = another()
    assert come_back(client).location == "/"
    assert client.get("/account", follow_redirects=True).request.path == "/sign-in/code"


def test_the_wanted_page_is_kept(linked, another, behave):
    behave(claims={"amr": "mfa"})
    client = another()
    assert come_back(client, "/sign-in?next=/actions").location == "/actions"


def test_an_email_address_that_looks_right_opens_nothing(visitor, behave):
    """Nobody is found by e-mail: a provider that lets people write their own would give accounts away."""
    behave(claims={"email": EMAIL, "email_verified": True, "preferred_username": EMAIL})
    answer = come_back(visitor)
    assert (answer.status_code, "not linked to anyone" in words(answer)) == (403, True)
    assert session_cookie(visitor) is None


def test_a_changed_email_address_changes_nothing(linked, another, behave):
    behave(claims={"amr": "mfa", "email": "panel.chair@reading.example"})
    client = another()
    come_back(client)
    assert EMAIL in words(client.get("/account"))


def test_their_groups_give_no_role(linked, another, behave, known):
    behave(claims={"amr": "mfa", "groups": ["administrator"], "roles": ["administrator"]})
    client = another()
    come_back(client)
    assert client.get("/admin/users").status_code == 403
    held = db.session.scalars(select(Membership.role).where(Membership.user_id == known.users["coordinator@reading"]))
    assert held.all() == ["coordinator"]


CHEATS = {
    "wrong issuer": {"claims": {"iss": "https://elsewhere.example"}},
    "no issuer": {"claims": {"iss": None}},
    "wrong audience": {"claims": {"aud": "another-service"}},
    "several audiences, not for us": {"claims": {"aud": ["panels", "other"], "azp": "other"}},
    "several audiences, nobody named": {"claims": {"aud": ["panels", "other"]}},
    "replayed nonce": {"claims": {"nonce": "the-nonce-of-an-earlier-trip"}},
    "no nonce": {"claims": {"nonce": None}},
    "run out": {"claims": {"exp": 1_700_000_000}},
    "never ends": {"claims": {"exp": None}},
    "from the future": {"claims": {"iat": 4_000_000_000}},
    "no subject": {"claims": {"sub": None}},
    "empty subject": {"claims": {"sub": ""}},
    "unsigned": {"alg": "none"},
    "public key as secret": {"alg": "HS256"},
    "client secret as key": {"alg": "HS256", "shared": "one secret"},
    "another algorithm": {"alg": "RS512"},
    "a key they do not publish": {"key": "other"},
    "wrong state": {"answer": {"state": "x" * 43}},
    "missing state": {"answer": {"state": None}},
    "answer of another issuer": {"answer": {"iss": "https://elsewhere.example"}},
    "an error": {"answer": {"error": "access_denied", "code": None}},
    "no code": {"answer": {"code": None}},
    "a made-up code": {"answer": {"code": "made-up"}},
    "a token address that leads elsewhere": {"moved": True},
}


@pytest.mark.parametrize("cheat", list(CHEATS))
def test_an_answer_that_is_not_right_signs_nobody_in(linked, another, behave, cheat):
    how = {"claims": {}} | CHEATS[cheat]
    behave(**how | {"claims": {"amr": "mfa"} | how["claims"]})
    before = len(trail(Event.SIGN_IN_FAILED))
    client = another()
    answer = come_back(client)
    assert (answer.status_code, FAILED in words(answer)) == (403, True)
    assert session_cookie(client) is None
    assert len(trail(Event.SIGN_IN_FAILED)) == before + 1
    behave(claims={"amr": "mfa"})
    assert come_back(another()).location == "/"


def test_a_provider_that_describes_somebody_else_is_not_asked(app, visitor, behave):
    behave(issuer="https://elsewhere.example")
    app.extensions.pop("provider_directory", None)
    answer = visitor.submit("/sign-in", button="Reading Council")
    assert (answer.status_code, FAILED in words(answer)) == (403, True)


def test_a_way_back_works_once(linked, another, behave):
    behave(claims={"amr": "mfa"})
    client = another()
    back = at_provider(set_out(client))
    visit = client.get_cookie("__Host-visit", domain="localhost").value
    assert client.get(back).location == "/"
    again = another()
    again.set_cookie("__Host-visit", visit, domain="localhost", secure=True)
    assert again.get(back).status_code == 403


def test_another_browser_cannot_bring_my_answer(linked, another, behave):
    """Nobody is signed in to somebody else's account by a link that they were sent."""
    behave(claims={"amr": "mfa"})
    back = at_provider(set_out(another()))
    victim = another()
    assert victim.get(back).status_code == 403
    set_out(victim)
    assert victim.get(back).status_code == 403
    assert session_cookie(victim) is None


def test_an_answer_of_one_provider_is_none_at_another(linked, another, behave):
    client = another()
    back = at_provider(set_out(client))
    assert client.get(back.replace("/from/council", "/from/trust")).status_code == 403


def test_an_unknown_provider_is_not_there(visitor):
    assert visitor.get("/sign-in/from/nobody").status_code == 404


def test_nobody_links_an_account_that_is_somebody_elses(linked, another, behave):
    other = another()
    enter(other, email="panel.chair@reading.example")
    add_app(other)
    assert come_back(other, "/account/security").status_code == 403
    assert db.session.scalar(select(func.count()).select_from(Identity)) == 1


def test_a_suspended_person_is_not_let_in(linked, another, behave, known, acting):
    with acting("administrator@reading") as actor:
        users.suspend(actor, db.session.get_one(User, known.users["coordinator@reading"]))
        db.session.commit()
    behave(claims={"amr": "mfa"})
    client = another()
    assert come_back(client).status_code == 403
    assert session_cookie(client) is None


def test_proving_it_again_takes_a_fresh_sign_in_there(linked, another, behave):
    behave(claims={"amr": "mfa"})
    client = another()
    come_back(client)
    for stale in ({"auth_time": 1_700_000_000}, {"auth_time": None}, {"sub": "person-2"}, {"amr": "pwd"}):
        behave(claims={"amr": "mfa"} | stale)
        assert come_back(client, "/sign-in/again?next=/account/recovery-codes").status_code == 403, stale
    behave(claims={"amr": "mfa"})
    address = set_out(client, "/sign-in/again?next=/account/recovery-codes")
    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    assert client.get(at_provider(address)).location == "/account/recovery-codes"
    assert trail(Event.STEPPED_UP)


def test_an_invitation_may_be_answered_with_an_organisations_account(visitor, another, behave, known, acting):
    with acting("administrator@reading") as actor:
        grant = Grant("referrer", known.agencies["school@reading"], known.areas["reading"])
        user, link = users.invite(actor, name="Nia Price", email="nia@reading.example", grant=grant)
        user_id = user.id
        db.session.commit()
    behave(claims={"amr": "mfa", "sub": "nia-at-council"})
    path = link.removeprefix("https://localhost")
    assert come_back(visitor, path).location == "/"
    assert "Nia Price" in words(visitor.get("/account"))
    assert db.session.get_one(User, user_id).password is None
    db.session.rollback()
    assert another().get(path).status_code == 410
    assert come_back(another()).location == "/"


def test_somebody_elses_provider_works_too(visitor, another, behave, mock):
    """oidc-provider-mock: signs with its own key, says nothing of a second factor."""
    enter(visitor)
    add_app(visitor)
    sign = {"allow_redirects": False, "timeout": 5, "data": {"sub": "person-at-trust"}}

    def there(client, path):
        address = set_out(client, path, "The Trust")
        back = requests.post(address, **sign).headers["Location"]
        return client.get(back.removeprefix("https://localhost"))

    assert there(visitor, "/account/security").location == "/account/security"
    client = another()
    assert there(client, "/sign-in").location == "/"
    assert client.get("/account", follow_redirects=True).request.path == "/sign-in/code"
    assert db.session.scalar(select(Identity.issuer)) == f"http://localhost:{mock}"


def test_only_pages_with_such_buttons_let_forms_lead_there(visitor, rogue, mock):
    def allowed(path):
        return re.search(r"form-action ([^;]*)", visitor.get(path).headers["Content-Security-Policy"]).group(1)

    hosts = {f"http://localhost:{rogue}", f"http://localhost:{mock}"}
    assert set(allowed("/sign-in").split()) == {"'self'"} | hosts
    assert allowed("/help") == "'self'"


def test_removing_the_link_ends_that_way_in(linked, another, behave):
    linked.submit("/account/security", button="Remove Reading Council")
    behave(claims={"amr": "mfa"})
    assert come_back(another()).status_code == 403


def test_the_session_rests_on_what_was_proved(linked, another, behave):
    behave(claims={"amr": "mfa"})
    come_back(another())
    proofs = sorted(db.session.scalars(select(SignInSession.proof)))
    assert proofs == ["code", "organisation"]


def test_a_form_of_another_page_sets_nothing_out(visitor, behave):
    values = form_values(visitor.page("/sign-in").form(button="Reading Council"))
    assert visitor.post("/sign-in/with/council", data=values | {"purpose": "roles"}).status_code == 400
    assert visitor.post("/sign-in/with/council", data={}).status_code == 400
    assert visitor.post("/sign-in/with/council", data=values | {"purpose": "link"}).location == "/sign-in"


# ---- the file


@pytest.mark.parametrize(("old", "new", "said"), [
    ('name = "Reading Council"', "", "'name' is missing"),
    ("http://localhost:1", "http://council.example", "must be an https:// address"),
    ('client_id = "panels"', 'client_id = "panels"\nalgorithms = ["none"]', "may not hold none"),
    ('client_id = "panels"', 'client_id = "panels"\nalgorithms = ["HS256"]', "may not hold HS256"),
    ('client_id = "panels"', 'client_id = "panels"\nscope = "email"', "must contain openid"),
    ('values = ["mfa"]', "", "needs both"),
    ("COUNCIL_SECRET", "NOT_SET_ANYWHERE", "NOT_SET_ANYWHERE is not set"),
    ('slug = "trust"', 'slug = "council"', "used more than once"),
])  # fmt: skip
def test_mistakes_in_the_file_are_named(tmp_path, monkeypatch, old, new, said):
    monkeypatch.setenv("COUNCIL_SECRET", "x")
    monkeypatch.setenv("TRUST_SECRET", "x")
    path = tmp_path / "providers.toml"
    path.write_text(FILE.format(rogue=1, mock=2).replace(old, new, 1))
    with pytest.raises(ConfigError, match=re.escape(said)):
        load_providers(path)


def test_the_file_that_is_shipped_names_nobody():
    assert load_providers() == ()
