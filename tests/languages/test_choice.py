"""Choosing Welsh by a link: what it changes, what it keeps, and where it may lead."""

import html
import re
from datetime import date

import pytest

from accounts.roles import Role
from core import languages
from core.formats import day, short_day
from core.working_days import due
from tests.accounts.conftest import enter
from tests.referrals.walk import begin, draft_id_of
from tests.support.client import Page, text, words

PUBLIC = {
    "/help": "Help", "/help/words": "Geiriau rydyn ni’n eu defnyddio", "/privacy": "Hysbysiad preifatrwydd",
    "/privacy/young-people": "Eich gwybodaeth a chi", "/your-information": "Gofyn am eich gwybodaeth",
    "/cookies": "Cwcis", "/contact": "Rhoi gwybod am broblem", "/accessibility": "Datganiad hygyrchedd",
    "/notices": "Beth sy’n newydd", "/sign-in": "Mewngofnodi", "/forgotten-password": "Ailosod eich cyfrinair",
}  # fmt: skip


def h1(response):
    return text(Page(response.text).all("h1")[0])


def title(response):
    return text(Page(response.text).all("title")[0])


def in_welsh(client):
    assert client.get("/language/cy").status_code == 302
    return client


def test_a_plain_link_changes_the_language_and_leads_back(visitor):
    page = visitor.page("/help")
    assert page.root.get("lang") == "en"
    link = next(a for a in page.all("a") if a.get("hreflang") == "cy")
    assert (link.get("lang"), "".join(link.itertext())) == ("cy", "Cymraeg")
    answer = visitor.get(link.get("href"))
    assert (answer.status_code, answer.location) == (302, "/help")
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("language=cy", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"))
    for path, heading in PUBLIC.items():
        page = visitor.page(path)
        assert page.root.get("lang") == "cy", path
        assert h1(visitor.get(path)) == heading, path
    gone = visitor.get("/nothing-here")
    assert (gone.status_code, 'lang="cy"' in gone.text) == (404, True)
    back = next(a for a in visitor.page("/help").all("a") if a.get("hreflang") == "en")
    visitor.get(back.get("href"))
    assert visitor.page("/help").root.get("lang") == "en"


@pytest.mark.parametrize(
    "wanted", ["//elsewhere.example/x", "https://elsewhere.example/", "/\\elsewhere.example", "help", "/a\nb", ""]
)
def test_the_link_leads_only_to_pages_of_this_service(visitor, wanted):
    assert visitor.get("/language/cy", query_string={"next": wanted}).location == "/"


def test_an_unknown_language_is_a_page_that_does_not_exist(visitor, app):
    for code in ("fr", "xx", "en-GB", "../cy"):
        assert visitor.get(f"/language/{code}").status_code == 404
    visitor.set_cookie("language", "fr", domain="localhost", secure=True)
    assert visitor.page("/help").root.get("lang") == "en"


def test_a_service_in_english_alone_offers_no_link(visitor, app):
    app.extensions["languages"] = ("en",)
    in_welsh_before = visitor.get("/language/cy")
    assert in_welsh_before.status_code == 404
    visitor.set_cookie("language", "cy", domain="localhost", secure=True)
    page = visitor.page("/help")
    assert page.root.get("lang") == "en"
    assert not [a for a in page.all("a") if a.get("hreflang")]


def test_the_choice_survives_signing_in(visitor):
    in_welsh(visitor)
    wrong = enter(visitor, password="not the password")
    assert "Gwiriwch eich cyfeiriad e-bost a’ch cyfrinair" in words(wrong)
    assert enter(visitor).status_code == 302
    page = visitor.page("/account")
    assert page.root.get("lang") == "cy"
    assert text(page.all("h1")[0]) in {"Eich cyfrif", "Gosod ail ffactor"}


def test_a_referral_begins_in_welsh_with_its_questions_answers_errors_and_dates(sign_in, known):
    client = in_welsh(sign_in(Role.REFERRER))
    assert "Eich gwaith heddiw" in h1(client.get("/"))
    assert "Atgyfeirio person ifanc" in h1(client.get("/refer"))
    wrong = client.submit("/refer/danger", {"danger": None})
    assert "Dewiswch ie os oes unrhyw un mewn perygl ar hyn o bryd" in words(wrong)
    assert "Gwall:" in title(wrong)
    draft_id = draft_id_of(begin(client, known))
    said = words(client.get(f"/referrals/{draft_id}/tasks"))
    for expected in ("Eich atgyfeiriad", "Heb ei gwblhau", "Enw a dyddiad geni’r person ifanc", "cedwir tan"):
        assert expected in said
    months = "|".join(["Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin", "Gorffennaf", "Awst", "Medi",
                       "Hydref", "Tachwedd", "Rhagfyr"])  # fmt: skip
    assert re.search(rf"cedwir tan \d+ ({months}) \d{{4}}", said)
    path = f"/referrals/{draft_id}/person"
    wrong = client.submit(path, {"forename": "", "date_of_birth-day": "", "preferred_name": "x" * 101})
    said = words(wrong)
    assert "Rhowch enw cyntaf y person ifanc" in said
    assert "Rhaid rhoi diwrnod yma: Dyddiad geni" in said
    assert "Defnyddiwch 100 nod neu lai yma: Yr enw a hoffir" in said
    needs = html.unescape(client.get(f"/referrals/{draft_id}/needs").text)
    assert "Gwyn a Du Caribïaidd" in needs
    assert "White and Black Caribbean" not in needs


@pytest.mark.only("sqlite")
def test_dates_and_deadlines_follow_the_language(app):
    first, late = date(2026, 2, 3), date(2026, 2, 1)
    assert (day(first), short_day(first)) == ("3 February 2026", "3 Feb 2026")
    assert due(late, first).text == "Overdue by 2 days"
    with languages.speaking("cy"):
        assert (day(first), short_day(first)) == ("3 Chwefror 2026", "3 Chwef 2026")
        assert due(late, first).text == "2 ddiwrnod yn hwyr"
        assert due(date(2026, 2, 2), first).text == "1 diwrnod yn hwyr"
        assert due(first, first).text == "I’w wneud heddiw"
        assert due(date(2026, 3, 9), first).text == "erbyn 9 Maw"
    assert day(first) == "3 February 2026"
