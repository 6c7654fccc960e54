"""Pages for referrers, families and the public can be read at eleven: Flesch-Kincaid grade 6 or less (PAGES 7)."""

import re

import pytest

from accounts.roles import Role
from core.access import Door
from tests.factories import world
from tests.security.test_matrix import address, pages
from tests.security.test_web import may
from tests.support.client import Page, text
from tests.support.reading import grade, syllables, words

pytestmark = pytest.mark.only("sqlite")
HARDEST = 6.0
# Below so many words a grade says little: such pages are measured together.
ENOUGH = 60
PROSE = {"p", "li", "label", "legend", "summary", "div"}
# Names of the service, of laws and of organisations are nobody's choice of words.
NAMES = re.compile(
    r"Young Futures (?:Prevention )?Panels?|Prevention Panels?|Thames Valley|Information Commissioner(?:’s Office)?"
    r"|children’s social care|data protection officer|OFFICIAL-SENSITIVE|\S+@\S+|https?://\S+",
    re.IGNORECASE,
)
OURS = ("referrals.", "invited.", "desk.home", "desk.public")
STAFF = re.compile(r"^/(triage|step-ups|refer/candidates|refer-by-link/links)")


def blocks(page):
    """What is said on the page, without its frame, its tables, what people typed, and lists to choose from."""
    main = next(e for e in page.all("main"))
    for element in main.iter():
        if element.tag not in PROSE or (element.tag == "div" and "govuk-hint" not in element.get("class", "")):
            continue
        if {"app-plain-text", "app-words", "govuk-error-message"} & set(element.get("class", "").split()):
            continue
        if any(child.tag in PROSE for child in element.iter() if child is not element):
            continue
        if said := NAMES.sub(" ", text(element)):
            yield said


def test_syllables_are_counted_as_they_are_said():
    said = {"referral": 3, "what": 1, "people": 2, "asked": 1, "wanted": 2, "message": 2, "information": 4, "file": 1,
            "young": 1, "happened": 2, "services": 3, "little": 2, "day-to-day": 3, "we’ll": 1, "a": 1}  # fmt: skip
    assert {word: syllables(word) for word in said} == said
    plain = "We will read what you wrote. Then we will call you by Tuesday."
    heavy = (
        "Practitioners endeavour to facilitate multidisciplinary collaboration notwithstanding organisational barriers."
    )
    assert grade([plain]) < HARDEST < 12 < grade([heavy])


def test_every_page_can_be_read_at_eleven(app, known, sign_in, visitor):
    ids, short, hard = world.make(known), [], []
    referrer = sign_in(Role.REFERRER)
    for rule, names, needed in pages(app):
        client = visitor if needed.door is Door.PUBLIC else referrer
        is_ours = rule.endpoint.startswith(OURS) and may(Role.REFERRER, needed) and not STAFF.match(rule.rule)
        answer = client.get(address(rule, names, ids)) if is_ours or needed.door is Door.PUBLIC else None
        if answer is None or answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        said = list(blocks(Page(answer.text)))
        if sum(len(words(block)) for block in said) < ENOUGH:
            short += said
        elif (found := grade(said)) > HARDEST:
            hard.append(f"{rule.rule}: {found:.1f}")
    if grade(short) > HARDEST:
        hard.append(f"the short pages together: {grade(short):.1f}")
    assert hard == []
