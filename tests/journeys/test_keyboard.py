"""A referral from "Start now" to its reference on a telephone's width with nothing but a keyboard."""

import re

import pytest

from tests.journeys.conftest import SMALL
from tests.referrals.walk import PAGES, answers_about

pytestmark = pytest.mark.browser

# What has the focus, whether that can be seen (radios and tick boxes show it on their label), and whether it is in view.
FOCUS = """() => {
    const at = document.activeElement, box = at.getBoundingClientRect();
    const ringed = style => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
    const label = at.nextElementSibling && getComputedStyle(at.nextElementSibling, "::before");
    return {name: at.name || "", value: at.value || "", kind: at.type || at.tagName.toLowerCase(), words: at.innerText || "",
            id: at.id || "", isVisible: ringed(getComputedStyle(at)) || (label && ringed(label)) || at === document.body,
            isInView: at === document.body || (box.bottom > 0 && box.top < innerHeight)};
}"""


class Keys:
    """Someone who has only a keyboard. Every stop on the way must show where it is."""

    def __init__(self, page):
        self.page, self.keyboard, self.loaded = page, page.keyboard, 0
        page.on("load", self._count)

    def _count(self, _):
        self.loaded += 1

    def tab_to(self, wanted):
        for _ in range(120):
            at = self.page.evaluate(FOCUS)
            if wanted(at):
                return at
            self.keyboard.press("Tab")
            at = self.page.evaluate(FOCUS)
            assert at["isVisible"], f"the focus cannot be seen on {at} of {self.page.url}"
            assert at["isInView"], f"the focus is out of view on {at} of {self.page.url}"
        raise AssertionError(f"The keyboard does not reach it on {self.page.url}")

    def press(self, words):
        """The button or link of these words, and its page."""
        self.tab_to(lambda at: at["words"].strip().startswith(words) and at["kind"] in {"submit", "a"})
        with self.page.expect_navigation():
            self.keyboard.press("Enter")

    def unfold(self, name):
        """Opens what is folded away around a field."""
        hidden = self.page.locator("main details:not([open])").filter(has=self.page.locator(f'[name="{name}"]'))
        if hidden.count():
            words = hidden.locator("summary").inner_text()
            self.tab_to(lambda at: at["kind"] == "summary" and at["words"] == words)
            self.keyboard.press("Enter")

    def answer(self, name, value):
        for one in value if isinstance(value, list) else [value]:
            self.unfold(name)
            at = self.tab_to(
                lambda at, one=one: at["name"] == name and (at["kind"] != "checkbox" or at["value"] == one)
            )
            if at["kind"] == "radio":
                self._choose(one)
            elif at["kind"] == "checkbox":
                self.keyboard.press("Space")
            elif at["kind"] == "select-one":
                self._pick(one)
            else:
                self.keyboard.press("Control+A")
                self.keyboard.insert_text(one)

    def _choose(self, value):
        self.keyboard.press("Space")
        for _ in range(30):
            if self.page.evaluate(FOCUS)["value"] == value:
                return
            self.keyboard.press("ArrowDown")
        raise AssertionError(f"No choice {value}")

    def _pick(self, value):
        for _ in range(60):
            if self.page.evaluate(FOCUS)["value"] == value:
                return
            self.keyboard.press("ArrowDown")
        raise AssertionError(f"No choice {value}")


def test_a_referral_with_the_keyboard_alone(walker, site):
    page = walker("referrer@reading", size=SMALL).open("/refer").page
    keys = Keys(page)
    keys.press("Start now")
    keys.answer("danger", "no")
    keys.press("Continue")
    for name, value in answers_about(site[1], "reading", 15).items():
        keys.answer(name, str(value))
    keys.press("Continue")
    keys.press("Continue")
    answers = dict(PAGES)
    while (key := page.url.rsplit("/", 1)[1]) in answers:
        for name, value in answers.pop(key).items():
            keys.answer(name, value)
        keys.press("Save and continue")
    keys.answer("declared", "y")
    keys.press("Send referral")
    assert "Referral sent" in page.title()
    assert re.search(r"RDG-\d\d-\d{4}[A-Z]", page.inner_text("main"))
    assert keys.loaded <= 16, "from the danger question to the reference, with the optional pages (PAGES 7)"


def test_the_first_stop_skips_to_the_main_content(walker):
    page = walker("coordinator@reading", size=SMALL).open("/cases").page
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)["words"] == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"


def test_a_mistake_brings_the_focus_to_the_summary(walker):
    keys = Keys(walker("referrer@reading", size=SMALL).open("/refer/danger").page)
    keys.press("Continue")
    assert "govuk-error-summary" in keys.page.evaluate("document.activeElement.className")
    keys.tab_to(lambda at: at["kind"] == "a" and at["words"].startswith("Select"))
    keys.keyboard.press("Enter")
    assert keys.page.evaluate(FOCUS)["name"] == "danger"


def test_three_shifts_leave_the_page_and_nothing_that_was_typed_stays(browse):
    """The way out of the page on which a young person asks for help, and back again by whoever sits down next."""
    page, away = browse(), "https://www.bbc.co.uk/weather"
    page.route(away, lambda route: route.fulfill(body="<title>Weather</title>", content_type="text/html"))
    page.goto("/ask-for-help/reading/young-person")
    page.fill('[name="worries"]', "Somebody waits for me")
    page.fill('[name="forename"]', "Ottilie")
    with page.expect_navigation(url=away):
        for _ in range(3):
            page.keyboard.press("Shift")
    page.go_back()
    assert page.input_value('[name="worries"]') == page.input_value('[name="forename"]') == ""
