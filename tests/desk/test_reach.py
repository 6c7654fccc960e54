"""Every page that a role may open is two clicks from its first page; nobody has to know an address."""

import pytest

from accounts.roles import ROLES, Role
from core.access import Door, requirement_of
from tests.factories import world
from tests.support.client import Page

# What script asks for, and where the answer of a form leads: searching, signing in again, a referral's first questions.
AFTER_A_FORM = {
    "static", "desk.find", "accounts.again", "accounts.stay", "referrals.danger", "referrals.call_now",
    "referrals.eligible", "referrals.other_help",
}  # fmt: skip


def expected(app, role):
    """Addresses without ids that this role may open once signed in."""
    held = ROLES[role].permissions
    for rule in app.url_map.iter_rules():
        needed = requirement_of(app, rule.endpoint)
        if "GET" not in (rule.methods or ()) or rule.arguments or rule.endpoint in AFTER_A_FORM:
            continue
        if needed.door is Door.SELF or held & set(needed.permissions):
            yield rule.rule


def links(response):
    if response.mimetype != "text/html":
        return set()
    found = {a.get("href", "") for a in Page(response.text).all("a")}
    return {href.split("#")[0] for href in found if href.startswith("/")}


@pytest.mark.only("sqlite")
@pytest.mark.parametrize("role", list(Role))
def test_every_page_is_two_clicks_away(app, known, sign_in, role):
    world.make(known)
    client = sign_in(role)
    first = links(client.get("/"))
    opened = [client.get(path, follow_redirects=True) for path in sorted(first)]
    second = set().union(*(links(answer) for answer in opened), *({answer.request.path} for answer in opened))
    reached = {path.split("?")[0] for path in first | second} | {"/"}
    missing = sorted(set(expected(app, role)) - reached)
    assert not missing, missing


@pytest.mark.only("sqlite")
@pytest.mark.parametrize("role", list(Role))
def test_no_link_of_the_first_pages_is_dead(known, sign_in, role):
    """What a first page, and every page it leads to, offers can be opened by who sees it."""
    world.make(known)
    client = sign_in(role)
    first = sorted(links(client.get("/")))
    second = set().union(*(links(client.get(path, follow_redirects=True)) for path in first))
    # The trail outlives the records that it tells of, so a link of it to one may lead nowhere.
    offered = sorted(path for path in set(first) | second if not path.startswith("/audit/records/"))
    wrong = [path for path in offered if client.get(path).status_code >= 400]
    assert not wrong, wrong
