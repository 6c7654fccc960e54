"""Someone at a browser: fills what is on the page, presses buttons by their words, and reads."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, expect


def date_parts(name: str, day: date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


class Walker:
    """One person's page. Nothing here waits by the clock: each press waits for the next page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, address: str) -> "Walker":
        self.page.goto(address)
        return self

    def fill(self, answers: Mapping[str, Any]) -> "Walker":
        """Each field by its name: text, a choice by its value, several choices by a list."""
        for name, value in answers.items():
            self._unfold(name)
            self._put(self.page.locator(f'main [name="{name}"]'), value)
        return self

    def _unfold(self, name: str) -> None:
        named = self.page.locator(f'[name="{name}"]')
        folded = self.page.locator("main details:not([open])").filter(has=named).locator("summary")
        while folded.count():
            folded.first.click()

    def _put(self, field: Locator, value: Any) -> None:
        kind = field.first.evaluate("element => element.type")
        if kind in {"radio", "checkbox"}:
            for one in value if isinstance(value, list) else [value]:
                field.and_(self.page.locator(f'[value="{one}"]')).check()
        elif kind == "select-one":
            field.select_option(value)
        else:
            field.fill(value)

    def press(self, words: str) -> "Walker":
        """The button or link of these words, and the page that it leads to."""
        main = self.page.get_by_role("main")
        button = self._named(main, re.compile(f"^{re.escape(words)}$"))
        if not button.count():  # a longer name, such as "Acknowledge RDG-26-0417K"
            button = self._named(main, re.compile(f"^{re.escape(words)}"))
        try:
            with self.page.expect_navigation():
                button.first.click()
        except PlaywrightError as error:
            raise AssertionError(f"No way on by {words!r} at {self.page.url}: {main.inner_text()[:1500]}") from error
        return self

    @staticmethod
    def _named(main: Locator, words: re.Pattern[str]) -> Locator:
        return main.get_by_role("button", name=words).or_(main.get_by_role("link", name=words))

    def sees(self, *words: str) -> "Walker":
        for each in words:
            expect(self.page.locator("body")).to_contain_text(each)
        return self

    def heading(self, words: str) -> "Walker":
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(words)
        return self

    @property
    def address(self) -> str:
        return self.page.url.split("?")[0]
