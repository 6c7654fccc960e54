"""Take the README's pictures of a fresh demonstration (maintainers): ``python -m tools.screenshots``. Needs Chromium."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import FLAGS, chromium_path, free_port, select_wait

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 375, "height": 760}
PEOPLE = {
    "coordinator": "tess.grant@reading-prevention-partnership.example",
    "chair": "graham.tull@reading-childrens-social-care.example",
    "safeguarding": "rae.lowe@reading-childrens-social-care.example",
    "referrer": "imran.saddiq@reading-police.example",
}


def serve(folder: str, port: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "VAR": folder, "PORT": str(port)}
    return subprocess.Popen([sys.executable, "-m", "demo.run"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


def enter(browser: Browser, address: str, who: str, size: Any = WIDE) -> Page:
    from demo.people_of_demo import PASSWORD

    page = browser.new_context(base_url=address, viewport=size, reduced_motion="reduce", locale="en-GB").new_page()
    for _ in range(300):
        try:
            page.goto("/sign-in")
            break
        except Exception:  # the server is still being filled
            select_wait(0.5)
    page.get_by_label("Email address").fill(PEOPLE[who])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def shoot(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")


def coordinator(browser: Browser, address: str) -> None:
    page = enter(browser, address, "coordinator")
    shoot(page, "home")
    page.goto("/cases")
    shoot(page, "caseload")
    page.goto("/cases?stage=support")
    page.locator("table tbody a").first.click()
    page.wait_for_load_state()
    page.set_viewport_size({"width": 1280, "height": 1120})
    shoot(page, "case")
    page.goto("/triage?tab=in-triage")
    page.locator("table tbody a").first.click()
    page.wait_for_load_state()
    shoot(page, "triage")
    page.set_viewport_size(WIDE)
    page.goto("/meetings")
    page.locator("table tbody a").first.click()
    page.wait_for_load_state()
    meeting = page.url
    start = page.get_by_role("button", name="Start meeting")
    if start.count():
        start.click()
        page.wait_for_load_state()
    page.goto(f"{meeting}/attendance")
    for present in page.locator("main input[value=present]").all():
        present.check()
    page.get_by_role("button", name="Save attendance").click()
    page.wait_for_load_state()
    page.set_viewport_size({"width": 1280, "height": 1120})
    page.goto(f"{meeting}/live/2")
    shoot(page, "live")


def referrer(browser: Browser, address: str) -> None:
    """A referral begun on a telephone, up to its task list."""
    page = enter(browser, address, "referrer", PHONE)
    page.goto("/referrals")
    page.get_by_role("link", name="Drafts").click()
    draft = page.locator("main table a").first
    if draft.count():
        draft.click()
        page.wait_for_load_state()
    shoot(page, "task-list-phone")


def main() -> None:
    port = free_port()
    address = f"http://localhost:{port}"
    with tempfile.TemporaryDirectory() as folder:
        server = serve(folder, port)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
                coordinator(browser, address)
                page = enter(browser, address, "safeguarding")
                page.goto("/audit")
                shoot(page, "audit")
                referrer(browser, address)
                browser.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
