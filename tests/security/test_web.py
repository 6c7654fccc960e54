"""What a browser is told and what it must not be told: headers, cookies, form tokens, foreign forms, extra fields (W1, W3)."""

import re
from urllib.parse import urlsplit

import pytest

from accounts.roles import ROLES, Role
from config.partnership import EXIT_ADDRESS
from core.access import Door, requirement_of
from tests.factories import state, world
from tests.factories.weights import too_heavy
from tests.security.test_matrix import address, pages
from tests.support import installation
from tests.support.client import Page, form_values

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'; report-uri /policy-reports; report-to policy",
    "Reporting-Endpoints": 'policy="/policy-reports"',
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}
LOADS = {
    "script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data", "embed": "src",
    "video": "src", "audio": "src", "form": "action", "button": "formaction", "input": "formaction",
}  # fmt: skip

# What the public pages must name by law: who helps with complaints about access and about data.
NAMED = {"mcmw.abilitynet.org.uk", "www.equalityadvisoryservice.com", "ico.org.uk"}
# Where "Exit this page" leads a young person whom somebody looks over the shoulder of.
NAMED.add(urlsplit(EXIT_ADDRESS).netloc)


def may(role, needed):
    return needed.door is not None or any(p in ROLES[role].permissions for p in needed.permissions)


def foreign(page, *, is_public):
    """Addresses of this page that lead to another host; links that a person clicks may also be mail and telephone."""
    for element in page.root.iter():
        if not isinstance(element.tag, str):
            continue
        loaded = element.get(LOADS.get(element.tag, "-"))
        if loaded and (urlsplit(loaded).netloc or urlsplit(loaded).scheme not in {"", "data"}):
            yield f"{element.tag} {loaded}"
        linked = urlsplit(element.get("href") or "") if element.tag == "a" else urlsplit("")
        named = is_public and linked.scheme == "https" and linked.netloc in NAMED
        if not named and (linked.netloc or linked.scheme not in {"", "mailto", "tel"}):
            yield f"a {linked.geturl()}"


@pytest.mark.only("sqlite")
@pytest.mark.catalogue("W1", part="pages")
def test_every_page_of_every_role_says_what_a_browser_may_do(app, known, sign_in, visitor):
    """The strict client refuses inline script, style and handlers on each of these pages. None weighs more than it may."""
    ids, wrong = world.make(known), []
    for role, client in [*((role, sign_in(role)) for role in ROLES), (None, visitor)]:
        for rule, names, needed in pages(app):
            if role and not may(role, needed):
                continue
            answer = client.get(address(rule, names, ids))
            wrong += [
                f"{role} {rule.rule}: {name} is {answer.headers.get(name)}"
                for name, value in HEADERS.items()
                if answer.headers.get(name) != value
            ]
            if answer.mimetype == "text/html" and answer.status_code == 200:
                page = Page(answer.text)
                wrong += [
                    f"{role} {rule.rule}: {found}" for found in foreign(page, is_public=needed.door is Door.PUBLIC)
                ]
                wrong += [f"{role} {rule.rule}: {found}" for found in too_heavy(answer, page)]
    assert wrong == []


@pytest.mark.catalogue("W1", part="errors")
@pytest.mark.parametrize(
    ("path", "status"),
    [("/not-a-page", 404), ("/cases/" + "a" * 26, 404), ("/admin/users", 403), ("/refer/danger", 400)],
)
def test_error_pages_carry_the_same_headers(sign_in, path, status):
    client = sign_in(Role.COORDINATOR)
    answer = client.post(path) if status == 400 else client.get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.catalogue("W1", part="cookies")
def test_cookies_are_bound_to_the_host_and_kept_from_script(visitor, known):
    def cookies(answer):
        return answer.headers.getlist("Set-Cookie")

    opened = visitor.get("/sign-in")
    assert [c.split("=")[0] for c in cookies(opened)] == ["__Host-visit"]
    fields = form_values(Page(opened.text).form())
    entered = visitor.post(
        "/sign-in", data=fields | {"email": known.emails["coordinator@reading"], "password": installation.PASSWORD}
    )
    assert entered.status_code == 302
    given = [*cookies(opened), *cookies(entered)]
    assert any(c.startswith("__Host-session=") for c in given)
    for cookie in given:
        assert cookie.startswith("__Host-")
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= flags, cookie
        assert not any(flag.startswith("domain") for flag in flags), cookie
        assert not any(flag.startswith("max-age") and flag != "max-age=0" for flag in flags), cookie


# --- forms from elsewhere --------------------------------------------------------------------------------------------


def forms_of(app):
    """Every address that takes a form, with a role that may send it."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: r.rule):
        # Systems send no cookie, so that nobody else can send a form in their name; their doors are tests/interface's.
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/"):
            needed = requirement_of(app, rule.endpoint)
            yield rule, next((role for role in ROLES if needed.door is None and may(role, needed)), Role.COORDINATOR)


def refused(app, known, sign_in, data, headers=None):
    """Post to every form as a role that may; returns which were not refused, and whether anything was changed."""
    ids = world.make(known)
    clients = {role: sign_in(role) for role in ROLES}
    before, wrong, tried = state.stored(), [], 0
    for rule, role in forms_of(app):
        path = address(rule, sorted(rule.arguments), ids)
        sent = data(clients[role], role) if callable(data) else data
        status = clients[role].post(path, data=sent, headers=headers or {}).status_code
        tried += 1
        if status != 400:
            wrong.append(f"{role} at {rule.rule}: {status}")
    assert tried > 60
    assert state.differs(before, state.stored()) == []
    return wrong


def token_of(client):
    page = client.page("/account")
    return next(i.get("value") for i in page.all("input") if i.get("name") == "csrf_token")


@pytest.mark.catalogue("W3", part="no token")
def test_a_form_without_its_token_is_refused(app, known, sign_in):
    assert refused(app, known, sign_in, {"once": "a" * 26}) == []


@pytest.mark.catalogue("W3", part="another's token")
def test_a_form_with_the_token_of_another_session_is_refused(app, known, sign_in):
    stranger = token_of(sign_in(Role.COORDINATOR, area="slough"))
    assert refused(app, known, sign_in, {"csrf_token": stranger, "once": "a" * 26}) == []


@pytest.mark.catalogue("W3", part="other site")
@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example"}, {"Origin": "null"}])
def test_every_form_from_another_site_is_refused_even_with_its_token(app, known, sign_in, headers):
    tokens = {}

    def with_token(client, role):
        if role not in tokens:
            tokens[role] = token_of(client)
        return {"csrf_token": tokens[role]}

    assert refused(app, known, sign_in, with_token, headers) == []


@pytest.mark.catalogue("W3", part="origin")
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://localhost"}, {"Origin": "https://localhost:8443"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://localhost", "Sec-Fetch-Site": "cross-site"}],
)  # fmt: skip
def test_what_the_browser_says_of_the_sender_is_believed(sign_in, headers):
    client = sign_in(Role.REFERRER)
    fields = form_values(client.page("/refer/danger").form()) | {"danger": "no"}
    assert client.post("/refer/danger", data=fields, headers=headers).status_code == 400


@pytest.mark.catalogue("W3", part="partly")
@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://localhost"}, {"Origin": "https://localhost", "Sec-Fetch-Site": "same-origin"},
     {"Sec-Fetch-Site": "none"}],
)  # fmt: skip
def test_a_form_of_our_own_is_taken(sign_in, headers):
    client = sign_in(Role.REFERRER)
    fields = form_values(client.page("/refer/danger").form()) | {"danger": "no"}
    answer = client.post("/refer/danger", data=fields, headers=headers)
    assert answer.status_code == 302
    assert answer.location.endswith("/refer/eligible")


def test_reading_from_elsewhere_is_a_link_like_any_other(visitor):
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    assert visitor.get("/sign-in", headers=headers).status_code == 200


def test_no_address_holds_a_form_token(app, known, sign_in):
    """Tokens in addresses end in logs and histories."""
    ids, client = world.make(known), sign_in(Role.COORDINATOR)
    for rule, names, needed in pages(app):
        if may(Role.COORDINATOR, needed):
            answer = client.get(address(rule, names, ids))
            assert not re.search(r'(href|action)="[^"]*csrf_token', answer.text), rule.rule
            assert "csrf_token" not in (answer.location or "")
