"""Every page in a language that marks each text it was asked for: what stands outside a mark was never looked up."""

import html
import re

import pytest

from accounts.roles import ROLES
from core import languages
from tests.factories import everything
from tests.factories.addresses import addresses, kinds_of_records
from tests.security.test_matrix import pages
from tests.security.test_web import may
from tools import translations

BEGIN, END = "⟦", "⟧"
SILENT = re.compile(r"<(script|style|pre|textarea)\b.*?</\1>|<!--.*?-->", re.S)
MARK = re.compile(f"([{BEGIN}{END}])")
TAG = re.compile(r"(<[^>]*>)")
SPOKEN_ATTRIBUTE = re.compile(r'(?:aria-label|alt|title|placeholder|data-label)="([^"]*)"')
# In English on purpose (docs/languages.md): fields for other systems, columns of lists.
ENGLISH = {"interface.documentation", "imports.list_page"}
# What people or an installation call something, where a text of ours happens to be the same.
NAMES = {
    "Young Futures Prevention Panels", "OFFICIAL-SENSITIVE", "English", "Mentoring", "Reading", "session", "device",
    "language",
}  # fmt: skip


class Marked:
    """Says each text in its marks, once."""

    def ugettext(self, text):
        return text if text.startswith(BEGIN) else BEGIN + text + END

    def ungettext(self, one, many, count):
        return self.ugettext(one if count == 1 else many)


def outside(page):
    """The texts of a page that stand in no mark."""
    depth, texts = 0, [""]
    for part in TAG.split(SILENT.sub("", page)):
        if part.startswith("<"):
            texts += [*(said for said in SPOKEN_ATTRIBUTE.findall(part) if BEGIN not in said), ""]
            continue
        for piece in MARK.split(part):
            depth += (piece == BEGIN) - (piece == END)
            texts[-1] += "" if depth or piece == END else piece
    return {" ".join(html.unescape(text).split()).strip(" ·:.,–()") for text in texts}


@pytest.mark.only("sqlite")
def test_no_page_shows_a_text_without_looking_it_up(app, known, acting, sign_in, monkeypatch):
    ids = everything.make(known, acting, sign_in)
    records = kinds_of_records(ids["area_id"])
    monkeypatch.setitem(languages._catalogues, "cy", Marked())
    ours = {found.key.strip(" ·:.,–()") for found in translations.everything()} - NAMES
    clients, opened, wrong = {}, set(), set()
    for rule, _, needed in pages(app):
        if rule.endpoint in {"accounts.leave", "languages.choose"} | ENGLISH:
            continue
        for role in (role for role in ROLES if may(role, needed)):
            if role not in clients:
                clients[role] = sign_in(role)
                clients[role].set_cookie("language", "cy", domain="localhost", secure=True)
            answers = [clients[role].get(path) for path in dict.fromkeys(addresses(rule, ids, records))]
            shown = [answer.text for answer in answers if answer.status_code == 200 and answer.mimetype == "text/html"]
            wrong |= {f"{rule.endpoint}: {text}" for page in shown for text in outside(page) & ours}
            if shown:
                opened.add(rule.endpoint)
                break
    assert len(opened) > 150
    assert "; ".join(sorted(wrong)) == "", "show it through the filter `said` or by `_`"
