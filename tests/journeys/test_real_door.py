"""The door of an installation that is no demonstration: invitation, password, second factor, sign-in; axe on each page."""

import shutil
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pyotp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import expect

from accounts.models import User
from accounts.services import links
from core.db import db
from tests.journeys import conftest
from tests.journeys.conftest import WIDE, accessible
from tests.journeys.test_passkeys import with_authenticator

pytestmark = pytest.mark.browser

PASSWORD = "seven quiet marbles under glass"
# What the axe journey through the demonstration cannot open; looked at here.
LOOKED_AT = {
    "/sign-in/code", "/sign-in/recovery", "/sign-in/set-up", "/sign-in/from/<slug>", "/account/authenticator/add",
    "/account/passkeys/add", "/account/factors/<id:factor_id>/name",
}  # fmt: skip
COUNCIL = """
[[providers]]
slug = "council"
name = "Reading Council"
issuer = "https://sign-in.council.example"
client_id = "panels"
secret_variable = "COUNCIL_SECRET"
"""
INVITED = ("coordinator@reading", "safeguarding_lead@reading")


def certificate(folder):
    """One for localhost, signed by itself; its files."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    files = folder / "tls.pem", folder / "tls.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return files


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder, invitations = tmp_path_factory.mktemp("real"), {}
    (folder / "providers.toml").write_text(COUNCIL)

    def invite(known):
        for who in INVITED:
            invitations[who] = urlsplit(links.make(db.session.get_one(User, known.users[who]), links.INVITATION)).path
        db.session.commit()

    settings = {"PROVIDERS_FILE": str(folder / "providers.toml"), "COUNCIL_SECRET": "a secret of theirs"}
    server, known = conftest.serve(folder, settings, invite, certificate(folder))
    known.invitations = invitations
    yield server, known
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


class Looked:
    """Presses, and looks at each page that it comes to."""

    def __init__(self, page, seen):
        self.page, self.seen = page, seen

    def at(self, rule, heading):
        expect(self.page.locator("h1")).to_have_text(heading)
        accessible(self.page)
        self.seen.add(rule)

    def press(self, words):
        self.page.get_by_role("button", name=words, exact=True).first.click()

    def fill(self, label, value):
        self.page.get_by_label(label, exact=True).fill(value)

    def invited(self, site, who):
        """Open the invitation, choose a password, sign in with it."""
        self.page.goto(site[1].invitations[who])
        accessible(self.page)
        self.fill("Choose a password", PASSWORD)
        self.press("Create account")
        self.page.wait_for_url("**/sign-in")
        accessible(self.page)
        self.enter(site[1].emails[who])

    def enter(self, email):
        self.fill("Email address", email)
        self.fill("Password", PASSWORD)
        self.press("Sign in")


@pytest.fixture(scope="module")
def seen():
    return set()


@pytest.fixture
def looked(chromium, site, seen):
    """A browser at the door, over HTTPS as people use it."""
    context = chromium.new_context(
        base_url=site[0].address, ignore_https_errors=True, viewport=WIDE, reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    yield Looked(context.new_page(), seen)
    context.close()


def test_invited_with_an_app(looked, site):
    page, email = looked.page, site[1].emails[INVITED[0]]
    looked.invited(site, INVITED[0])
    looked.at("/sign-in/set-up", "Set up a second factor")
    page.get_by_role("button", name="Add an authenticator app").click()
    looked.at("/account/authenticator/add", "Add an authenticator app")
    app = pyotp.TOTP("".join(page.locator("main code").inner_text().split()))
    looked.fill("Security code", "000000")
    looked.press("Add app")
    expect(page).to_have_title("Error: Add an authenticator app – Young Futures Prevention Panels")
    accessible(page)
    looked.fill("Security code", app.now())
    looked.press("Add app")
    looked.at("/account/recovery-codes", "Recovery codes")
    looked.press("Make my recovery codes")
    looked.at("/account/recovery-codes", "Keep these codes")
    code = page.locator("main code").first.inner_text()
    looked.press("Sign out")

    page.goto("/sign-in")
    looked.enter(email)
    looked.at("/sign-in/code", "Enter your security code")
    # The last code was used; the next one is taken as well, for clocks that are ahead.
    looked.fill("Security code", app.at(int(datetime.now(UTC).timestamp()) + 30))
    looked.press("Continue")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.goto("/account/security")
    accessible(page)
    page.get_by_role("link", name="Rename Authenticator app").click()
    looked.at("/account/factors/<id:factor_id>/name", "Name of your authenticator app")
    page.get_by_role("button", name="Sign out", exact=True).first.click()

    page.goto("/sign-in")
    looked.enter(email)
    page.get_by_role("link", name="Use a recovery code").click()
    looked.at("/sign-in/recovery", "Use a recovery code")
    looked.fill("Recovery code", code)
    looked.press("Continue")
    expect(page.locator("h1")).to_have_text("How you sign in")


def test_invited_with_a_passkey_that_the_role_asks_for(looked, site, seen):
    page, email = looked.page, site[1].emails[INVITED[1]]
    with_authenticator(page, "internal")
    looked.invited(site, INVITED[1])
    looked.at("/sign-in/set-up", "Set up a second factor")
    page.get_by_role("button", name="Add a passkey").click()
    looked.at("/account/passkeys/add", "Add a passkey")
    looked.fill("What will you call this passkey?", "Laptop")
    looked.press("Add passkey")
    looked.at("/account/recovery-codes", "Recovery codes")
    looked.press("Sign out")

    page.goto("/sign-in")
    looked.enter(email)
    looked.at("/sign-in/code", "Use your passkey")
    looked.press("Use a passkey")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.goto("/account/security")
    expect(page.locator("main")).to_contain_text("Laptop")
    looked.press("Sign out")

    page.goto("/sign-in")
    looked.press("Sign in with a passkey")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.goto("/account")
    expect(page.locator("main")).to_contain_text(email)


def test_an_organisation_that_did_not_vouch(looked):
    looked.page.goto("/sign-in/from/council?state=made-up&code=made-up")
    looked.at("/sign-in/from/<slug>", "We could not sign you in with Reading Council")


def test_these_were_all_looked_at(seen):
    assert seen >= LOOKED_AT
