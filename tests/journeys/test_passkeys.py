"""Real passkey ceremonies in Chromium: added at the first sign-in, used alone, as the second step, and to prove it again."""

import shutil

import pytest
from playwright.sync_api import expect

from tests.journeys import conftest
from tests.support.browser import axe_problems

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A demonstration, where factors may be tried; what asks for them is asked by the pages in the same way."""
    folder = tmp_path_factory.mktemp("passkeys")
    server, known = conftest.serve(folder, {}, lambda known: None)
    yield server, known
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def with_authenticator(page, transport):
    """Chromium's own virtual authenticator: it verifies its user and keeps keys, as a laptop or a key on a ring does."""
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    client.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": transport, "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    return client


def add_passkey(page, name):
    page.goto("/account/passkeys/add")
    assert axe_problems(page) == []
    page.get_by_label("What will you call this passkey?").fill(name)
    page.get_by_role("button", name="Add passkey").click()
    expect(page.locator("main")).to_contain_text("Passkey added")


@pytest.mark.parametrize(("transport", "who"), [("internal", "coordinator@reading"), ("usb", "panel_chair@reading")])
def test_add_sign_in_and_prove_again(browse, enter, site, transport, who):
    page = browse()
    with_authenticator(page, transport)
    enter(page, who)
    add_passkey(page, f"By {transport}")
    page.goto("/account/security")
    assert axe_problems(page) == []
    expect(page.locator("main")).to_contain_text(f"By {transport}")
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/signed-out")

    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/account")
    expect(page.locator("main")).to_contain_text(site[1].emails[who])


def test_a_passkey_proves_it_again(browse, enter):
    """Step-up, at the page that risky acts lead to."""
    page = browse()
    with_authenticator(page, "internal")
    enter(page, "lead_practitioner@reading")
    add_passkey(page, "Laptop")
    page.goto("/sign-in/again?next=/account/recovery-codes")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/account/recovery-codes")


def test_an_authenticator_that_declines_leaves_a_sentence(browse, enter):
    page = browse()
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    client.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": False, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    enter(page, "referrer@reading")
    page.goto("/account/passkeys/add")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.locator("[data-passkey-problem]")).to_be_visible()


def test_without_script_there_is_a_password_and_no_dead_button(browse):
    page = browse(script=False)
    page.goto("/sign-in")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
