"""A server over a small installation, and a browser that fails a test on any script error or refused resource."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from core import context
from core.providers import FileKeys
from tests.conftest import build
from tests.journeys.walker import Walker
from tests.support import installation
from tests.support.browser import FLAGS, Server, axe_problems, chromium_path

SECRET = "for journeys only, and long enough to be accepted"
SMALL, WIDE = {"width": 375, "height": 740}, {"width": 1280, "height": 900}


def one_kind_of_support(known: installation.Known) -> None:
    """Mentoring by Reading's voluntary provider, for the panel to choose."""
    from tests.factories import support

    support.intervention(known, places=10)


def serve(
    folder: Path, environment: dict[str, str], fill: Callable[[installation.Known], object] = one_kind_of_support,
    tls: tuple[Path, Path] | None = None,
) -> tuple[Server, installation.Known]:  # fmt: skip
    """A freshly made installation in ``folder``, served; the same people as in every other test, and what ``fill`` adds.

    A demonstration; with ``tls`` (a certificate and its key) one that is not, as in production.
    """
    from argon2 import PasswordHasher

    from core.db import db
    from core.providers import provider_from

    key = folder / "keys" / "root.key"
    FileKeys.create(key)
    app = build(environment | {"ROOT_KEY_FILE": str(key)}, folder)
    app.extensions["keyring"].provider = provider_from("file", key)
    with app.app_context():
        installation.create_schema()
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        known = installation.make(hasher.hash(installation.PASSWORD), demonstration=tls is None)
        with context.acting_as(job="test"):
            fill(known)
        db.session.remove()
        db.engine.dispose()
        app.extensions["keyring"].store.engine.dispose()
    settings = {
        "VAR": str(folder),
        "DEMONSTRATION": "" if tls else "1",
        "SECRET_KEY": SECRET,
        "ROOT_KEY_FILE": str(key),
    }
    return Server(environment | settings, folder / "server.log", tls), known


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    assert path, "Chromium is missing: install it (sudo apt-get install chromium) or set CHROMIUM=/path/to/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, installation.Known]]:
    folder = tmp_path_factory.mktemp("site")
    server, known = serve(folder, {})
    yield server, known
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def browse(chromium: Browser, site: tuple[Server, installation.Known]) -> Iterator[Callable[..., Page]]:
    """``browse(script=False, size=SMALL)`` gives a page of its own; script errors and refused resources fail the test."""
    contexts, troubles = [], []

    def open_page(*, script: bool = True, size: dict[str, int] = WIDE) -> Page:
        context = chromium.new_context(
            base_url=site[0].address, java_script_enabled=script, viewport=size, reduced_motion="reduce"
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        return page

    yield open_page
    for opened in contexts:
        opened.close()
    # A page that says 404 or 409 on purpose, and a network cut on purpose, are logged by the browser as failures.
    real = [t for t in troubles if "status of 4" not in t and "ERR_INTERNET_DISCONNECTED" not in t]
    said = site[0].log.read_text()[-3000:] if any("status of 5" in t for t in real) else ""
    assert not real, f"the browser complained: {real[:3]} {said}"


@pytest.fixture
def walker(browse: Callable[..., Page], enter: Callable[[Page, str], None]) -> Callable[..., Walker]:
    """``walker("coordinator@reading")`` is that person at a browser of their own, signed in."""

    def go(who: str, **options: Any) -> Walker:
        page = browse(**options)
        enter(page, who)
        return Walker(page)

    return go


@pytest.fixture
def enter(site: tuple[Server, installation.Known]) -> Callable[[Page, str], None]:
    """``enter(page, "coordinator@reading")`` signs in at the sign-in page."""

    def go(page: Page, who: str) -> None:
        page.goto("/sign-in")
        page.get_by_label("Email address").fill(site[1].emails[who])
        page.get_by_label("Password", exact=True).fill(installation.PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)

    return go


def accessible(page: Any) -> None:
    """Axe finds nothing on this page, at both widths."""
    for size in (WIDE, SMALL):
        page.set_viewport_size(size)
        assert axe_problems(page) == [], page.url
    page.set_viewport_size(WIDE)
