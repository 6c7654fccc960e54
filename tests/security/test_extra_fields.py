"""What a form does not ask for changes nothing: every form of every page, with every column of the data model sent along (Z6)."""

from itertools import product

import pytest
from sqlalchemy import Boolean, Date, DateTime, Integer, select

from accounts.roles import ROLES, Role
from core import context
from core.clock import today
from core.db import db
from core.requests import KEEPS
from tests.factories import everything, state, world
from tests.factories.addresses import addresses, kinds_of_records
from tests.factories.changing import CHANGING
from tests.factories.forms import Place
from tests.factories.making import MAKING
from tests.factories.planted import sealed_fields, sealed_models
from tests.security.test_double_submit import open_form, send
from tests.security.test_matrix import pages
from tests.security.test_web import may
from tests.support import installation
from tests.support.client import Page, form_values

WORD, NUMBER, DAY = "zz-extra", 7_654_321, "1999-01-09"
MACHINERY = {"csrf_token", "once", "row_version"}
# What a field of this name takes; another takes words.
TYPED = {
    "places": "5",
    "minutes": "45",
    "at": "12:01am",
    "called_time": "12:01am",
    "new_password": "violet kettle marmalade 9",
}
# Pressing these may end the session of whoever presses: each by somebody of their own.
LAST = {"accounts.leave": "/", "accounts.sign_out_everywhere": "/account", "accounts.change_role": "/account/role",
        "accounts.change_password": "/account/password"}  # fmt: skip
# What each answers where it does not lead on: the next page of two, a file, what a search found, codes shown once.
STAYS = {"panels.choose_harmful", "panels.case_list", "audit.export", "audit.trail_page", "accounts.make_codes",
         "panels.case_export_file", "interface.export_referral_file"}  # fmt: skip
DOORS = "proves who somebody is: takes a secret, and names no record"
# No page here has these forms; each with the reason.
UNPRESSED = {
    **dict.fromkeys(["accounts.enter", "accounts.enter_by_passkey", "accounts.second", "accounts.recovery", "accounts.again",
                     "accounts.go_to_organisation", "accounts.invitation", "accounts.reset_password", "accounts.add_app",
                     "accounts.add_passkey", "accounts.name_factor", "accounts.remove_factor", "accounts.remove_identity",
                     "accounts.end_device"], DOORS),
    **dict.fromkeys(["drafts.save", "referrals.autosave"], "keeps what its owner typed, whatever it is, for them alone"),
    **dict.fromkeys(["panels.agreed_export", "desk.old_keys_page", "audit.alert_page", "audit.end_decoy", "audit.new_decoy"],
                    "waits for what another person agrees or the watch finds; its own tests press it"),
    **dict.fromkeys(["interface_api.give_token", "interface_api.send", "interface_api.add_file"],
                    "no form of a page: takes a token, and names each field that it does not ask for"),
    **dict.fromkeys(["invited.open_link", "invited.confirm", "invited.new_code", "invited.danger", "invited.call_now",
                     "invited.eligible", "invited.tasks", "invited.page", "invited.ask_danger", "invited.ask_questions"],
                    "a visitor's, who acts as nobody and sees no row but theirs; tests/invited presses it"),
    **dict.fromkeys(["rights.erasures", "rights.merge_with"], "takes a reference and keeps nothing; its own tests press it"),
    "rights.split": "only where two records were merged; its own tests press it",
    "accounts.withdraw_approval": "only while what somebody asked for themselves waits; its own tests press it",
    "policy_reports.take": "no form of a page: browsers report to it, and nothing of it is stored",
    "held.throw_away": "deletes what its own user typed; its own tests press it",
    "panels.change_leads": "the second page of panels.case_list; its own tests press it",
    "referrals.duplicate": "one answer, kept in its owner's draft", "referrals.call_now": "as referrals.duplicate",
}  # fmt: skip


# What moves between two areas names the other one, and there are two here.
BETWEEN_AREAS = {"rights.transfer", "rights.transfer_case"}


def extras(known):
    """A value for each column that there is: each would be a gain, and none is anywhere yet."""
    stranger, away = known.users["analyst@slough"], known.areas["slough"]
    found = {"area_id": away, "agency_id": known.agencies["school@slough"], "role": "administrator"}
    for table in db.metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, Boolean):
                value = "y"
            elif isinstance(column.type, Integer):
                value = str(NUMBER)
            elif isinstance(column.type, Date | DateTime) or column.type.__class__.__name__ == "Moment":
                value = DAY
            else:
                value = stranger if column.name.endswith("_id") else WORD
            found.setdefault(column.name, value)
    return found | dict.fromkeys((field.partition(".")[2] for field in sealed_fields()), WORD)


def sealed_words():
    """Where the word stands in what is sealed."""
    with context.acting_as(job="test"):
        found = [
            f"{model.__tablename__}.{name}"
            for model in sealed_models()
            for row in db.session.scalars(select(model))
            for name in model.__sealed_fields__
            if WORD in str(getattr(row, name))
        ]
    db.session.remove()
    return found


def controls(form):
    """Its fields; buttons and files are not filled."""
    found = [one for kind in ("input", "select", "textarea") for one in form.iter(kind)]
    return [one for one in found if one.get("name") and one.get("type") not in {"submit", "file"}]


def filled(form, choice):
    """The form as somebody fills it who takes the ``choice``-th of everything offered."""
    values, radios = form_values(form), {}
    for control in controls(form):
        name, kind = control.get("name"), control.get("type") or control.tag
        if kind == "radio":
            radios.setdefault(name, []).append(control.get("value", "on"))
        elif kind == "checkbox":
            values.setdefault(name, control.get("value", "on"))
        elif kind == "select" and not values.get(name):
            offered = [option.get("value") for option in control.iter("option") if option.get("value")]
            values[name] = offered[choice % len(offered)] if offered else ""
        elif name not in MACHINERY and not values.get(name):
            values[name] = typed_into(name, kind)
    for name, offered in radios.items():
        if choice or name not in values:
            values[name] = offered[choice % len(offered)]
    return values


def typed_into(name, kind):
    day = today()
    parts = {"day": day.day, "month": day.month, "year": day.year}
    if name.rpartition("-")[2] in parts:
        return str(parts[name.rpartition("-")[2]])
    if "time" in name or name == "at":
        return "12:01am"
    return {"password": installation.PASSWORD, "email": "someone@school.example"}.get(
        kind, "Said so by their tutor, who knows."
    )


class Presses:
    """Presses the buttons of forms with more than they ask for, and watches whether any of it is kept."""

    def __init__(self, app, more):
        self.app, self.more, self.at = app, more, app.url_map.bind("localhost")
        self.watched = {value for value in more.values() if value != "y"}
        self.pressed, self.wrong, self.seen = set(), set(), self.count()

    def count(self):
        """How often each value stands anywhere, be it in a text or an object."""
        cells = [
            str(cell) for rows in state.stored().values() for row in rows for cell in row if not isinstance(cell, bytes)
        ]
        return {value: sum(value in cell for cell in cells) for value in self.watched}

    def page(self, client, role, path, wanted=None):
        """Press every form of this page that was not taken from this role before."""
        answer = client.get(path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            self.forms(client, role, path, answer.text, wanted)

    def forms(self, client, role, path, page, wanted=None):
        for form in Page(page).all("form"):
            target = self.target(form, path)
            if target and (target == wanted if wanted else target not in LAST) and (target, role) not in self.pressed:
                self.press(client, role, target, path, form)

    def target(self, form, path):
        if form.get("method", "get").lower() != "post":
            return None
        where = (form.get("action") or path).partition("?")[0]
        return self.at.match(where, method="POST", return_rule=True)[0].endpoint

    def press(self, client, role, target, path, form):
        asked = {control.get("name") for control in controls(form)}
        more = {name: value for name, value in self.more.items() if name not in asked}
        for choice, button in product(range(6), [b for b in form.iter("button") if b.get("type") != "button"]):
            named = {button.get("name"): button.get("value", "")} if button.get("name") else {}
            answer = client.post(form.get("action") or path, data=more | filled(form, choice) | named)
            self.look(target)
            if answer.status_code in KEEPS or (answer.status_code == 200 and target in STAYS):
                self.pressed.add((target, role))
                if answer.status_code == 200 and answer.mimetype == "text/html":
                    self.forms(client, role, path, answer.text)
                return

    def look(self, target):
        now, before = self.count(), self.seen
        kept = [value for value in now if now[value] != before[value]]
        if kept and not (target in BETWEEN_AREAS and kept == [self.more.get("area_id")]):
            self.wrong.add(f"{target} kept {kept}")
        self.seen = now


@pytest.mark.catalogue("Z6", part="pages")
def test_no_form_takes_what_it_does_not_ask_for(app, known, acting, sign_in):
    ids = everything.make(known, acting, sign_in)
    records = kinds_of_records(ids["area_id"])
    presses = Presses(app, extras(known))
    for role in ROLES:
        client = sign_in(role)
        for rule, _, needed in pages(app):
            if may(role, needed):
                for path in dict.fromkeys(addresses(rule, ids, records)):
                    presses.page(client, role, path)
    for target, path in LAST.items():
        presses.page(sign_in(Role.REFERRER), Role.REFERRER, path, target)
    posted = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    missing = posted - {target for target, _ in presses.pressed} - (MAKING | CHANGING).keys() - UNPRESSED.keys()
    assert presses.wrong == set()
    assert sealed_words() == []
    assert missing == set(), "no page led to these forms: add them to tests/factories/changing.py"


@pytest.fixture
def place(app, known, acting, sign_in):
    return Place(known, acting, sign_in, world.make(known))


@pytest.mark.catalogue("Z6", part="each filled")
@pytest.mark.parametrize("endpoint", sorted(MAKING | CHANGING))
def test_a_form_takes_its_own_fields_and_no_others(app, place, endpoint):
    """Those that make something and those that something must come before, each filled as it should be."""
    client, path, values = open_form(place, (MAKING | CHANGING)[endpoint])
    more = {name: value for name, value in extras(place.known).items() if name not in place.asked}
    presses = Presses(app, more)
    assert send(client, path, more | values).status_code in KEEPS
    presses.look(endpoint)
    assert presses.wrong == set()
    assert sealed_words() == []
