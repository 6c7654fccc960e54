"""The list of cases, and changing many at once."""

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from audit.models import Event
from core.access import Actor, Permission, requires, signed_in
from core.clock import today
from core.codes.cases import OPEN_STAGES, CaseStage
from core.formats import Closed, age_on, short_day
from core.languages import gettext as _
from core.languages import language, ngettext
from core.paging import page_number
from core.tables import Linked
from panels.forms.cases import ManyLeadsForm
from panels.services import caseload, cases
from panels.services.caseload import Listing, Row
from panels.services.caseload_query import NOBODY, Asked
from panels.views import bp
from panels.views.case_page import due_markup, status_markup

P = Permission
AT_ONCE = 50
# The list's own address, which a page of it says some twenty times.
LIST = "/cases"
TABS = (("open", "Open"), ("mine", "Mine"), (NOBODY, "Nobody's case"), ("review", "Review due"), ("closed", "Closed"))
ORDERS = {"due": "earliest due first", "reference": "by reference", "stage": "by stage", "lead": "by lead",
          "seen": "by when they were last seen", "name": "by name"}  # fmt: skip
HEADS = (("name", "Name"), ("", "Age"), ("reference", "Reference"), ("stage", "Stage"), ("lead", "Lead"),
         ("", "Next step"), ("due", "Due"), ("seen", "Last seen"))  # fmt: skip


@bp.route(LIST, methods=["GET", "POST"])
@requires(P.CASE_READ_AREA, P.CASE_READ_ALLOCATED, reads=Event.CASES_LISTED)
def case_list() -> ResponseReturnValue:
    """The list; posted with ticked rows, the page that asks who will lead them."""
    actor, asked = signed_in(), asked_in(request.args)
    error = None
    if request.method == "POST":
        if not actor.can(P.CASE_ALLOCATE):
            abort(403)
        ticked = request.form.getlist("cases")
        if 0 < len(ticked) <= AT_ONCE:
            return _confirm(actor, ticked)
        error = _("Select %(count)s cases or fewer", count=AT_ONCE) if ticked else _("Select at least one case")
    return _list_page(actor, asked, error)


def asked_in(args: MultiDict[str, str]) -> Asked:
    """The address in codes; what it does not know, it leaves out."""

    def code(name: str, allowed: Any) -> str:
        value = args.get(name, "")
        return value if value in allowed else ""

    def an_id(name: str) -> str:
        value = args.get(name, "")
        return value if len(value) == 26 and value.isalnum() else ""

    return Asked(
        view=code("view", caseload.VIEWS) or "open",
        stage=code("stage", {stage.value for stage in CaseStage}),
        lead=NOBODY if args.get("lead") == NOBODY else an_id("lead"),
        provider=an_id("provider"), overdue=args.get("overdue") == "1", review=args.get("review") == "1",
        sort=code("sort", caseload.SORTS) or "due", down=args.get("way") == "down", page=page_number(args.get("page")),
    )  # fmt: skip


def _address(asked: Asked) -> str:
    """The list's address: only codes, ids and numbers, which need no quoting; only what differs from the plain list."""
    values = (
        ("view", asked.view if asked.view != "open" else ""), ("stage", asked.stage), ("lead", asked.lead),
        ("provider", asked.provider), ("overdue", "1" if asked.overdue else ""), ("review", "1" if asked.review else ""),
        ("sort", asked.sort if asked.sort != "due" else ""), ("way", "down" if asked.down else ""),
        ("page", str(asked.page) if asked.page > 1 else ""),
    )  # fmt: skip
    asked_for = "&".join([f"{name}={value}" for name, value in values if value])
    return f"{LIST}?{asked_for}" if asked_for else LIST


def _list_page(actor: Actor, asked: Asked, error: str | None) -> str:
    listing = caseload.find(actor, asked)
    too_many = asked.sort == "name" and not listing.may_sort_by_name
    asked = asked._replace(sort="due", down=False) if too_many else asked
    may_change = actor.can(P.CASE_ALLOCATE) and asked.view != "closed"
    return render_template(
        "panels/cases/list.html", asked=asked, paging=listing.paging, tabs=_tabs(actor, asked),
        heads=_heads(asked, listing), rows=_rows(listing.rows, may_change), order=_order(asked, too_many),
        may_change=may_change, error=error, url=_page_url(asked), filters=_filters(actor, asked),
        chosen=_chosen(actor, asked), clear=_address(Asked(view=asked.view)), here=_address(asked),
        by_area=actor.can(P.CASE_READ_AREA), export=_export(actor, asked, listing), see_also=_see_also(actor),
    )  # fmt: skip


def _export(actor: Actor, asked: Asked, listing: Listing) -> str | None:
    """Where this list can be taken out as a file."""
    if not actor.can(P.CASE_EXPORT) or not listing.paging.total:
        return None
    return _address(asked).replace(LIST, url_for("panels.case_export"), 1)


def _see_also(actor: Actor) -> list[tuple[str, str]]:
    """Lists beside the caseload for which the navigation has no room."""
    pages = (
        ("Offers of support", "/offers", (P.OFFER_ANSWER, P.CASE_READ_AREA)),
        ("Sessions", "/sessions", (P.SESSION_RECORD,)), ("Step-ups", "/step-ups", (P.REFERRAL_STEP_UP,)),
        ("Information shared", "/sharing", (P.SHARING_READ,)), ("Interventions", "/interventions", (P.CATALOGUE_READ,)),
        ("Approvals", "/approvals", (P.APPROVAL_ASK,)), ("Emergency access", "/emergency", (P.CASE_OPEN_EMERGENCY,)),
        ("Moves between areas", "/transfers", (P.CASE_CLOSE,)),
        ("Other panels to contact", "/other-panels", (P.REFERRAL_TRIAGE, P.SENSITIVITY_OVERSEE)),
    )  # fmt: skip
    return [(_(words), href) for words, href, needs in pages if any(actor.can(need) for need in needs)]


def _page_url(asked: Asked) -> Callable[[int], str]:
    return lambda number: _address(asked._replace(page=number))


def _tabs(actor: Actor, asked: Asked) -> list[dict[str, Any]]:
    shown = [tab for tab in TABS if tab[0] in ("open", "review", "closed") or actor.can(P.CASE_READ_AREA)]
    return [
        {"text": words, "href": _address(Asked(view=view)), "active": asked.view == view}
        for view, words in shown
        if view != "mine" or actor.can(P.CASE_WORK)
    ]


def _order(asked: Asked, too_many: bool) -> str:
    if asked.view == "closed" and asked.sort == "due":
        return _("last closed first")
    return _(ORDERS[asked.sort]) + (_(". Filter to 2,000 or fewer to sort by name") if too_many else "")


def _heads(asked: Asked, listing: Listing) -> list[Any]:
    """Heads that sort are links; by name only where few enough remain to open and compare."""
    heads: list[Any] = []
    for code, words in HEADS:
        words = "Closed" if asked.view == "closed" and code == "due" else words
        if not code or (code == "name" and not listing.may_sort_by_name):
            heads.append(words)
            continue
        down = code == asked.sort and not asked.down
        way = None if code != asked.sort else "descending" if asked.down else "ascending"
        heads.append({"text": words, "href": _address(asked._replace(sort=code, down=down, page=1)), "sort": way})
    return heads


def _filters(actor: Actor, asked: Asked) -> dict[str, Any]:
    stages = [] if asked.view == "closed" else [(s.value, s.label) for s in CaseStage if s in OPEN_STAGES]
    if actor.area_id is None or not actor.can(P.CASE_READ_AREA):
        return {"stages": stages, "leads": [], "providers": []}
    offered = caseload.options(actor.area_id)
    return {"stages": stages, "leads": [(NOBODY, _("Nobody")), *offered.leads], "providers": offered.providers}


def _chosen(actor: Actor, asked: Asked) -> list[dict[str, str]]:
    """The filters in force, each a link that takes it away."""
    if not asked.is_narrow:
        return []
    names, someone = _filters(actor, asked), _("someone")
    lead = dict(names["leads"]).get(asked.lead, someone)
    provider = dict(names["providers"]).get(asked.provider, someone)
    found: list[tuple[Any, Any, dict[str, Any]]] = [
        (asked.stage, dict(names["stages"]).get(asked.stage), {"stage": ""}),
        (asked.lead, _("Lead: %(name)s", name=lead), {"lead": ""}),
        (
            asked.provider,
            _("Provider: %(name)s", name=provider),
            {"provider": ""},
        ),
        (asked.overdue, _("Overdue only"), {"overdue": False}),
        (asked.review, _("Review due"), {"review": False}),
    ]
    return [
        {"text": str(words), "href": _address(asked._replace(page=1, **without))}
        for value, words, without in found
        if value
    ]


# --- rows, as plain HTML: fifty at a time ------------------------------------------------------------


_DASH = "–"


def _rows(rows: list[Row], may_change: bool) -> list[dict[str, Any]]:
    day, nobody, spoken = today(), _("Nobody"), language()
    stages = {stage: status_markup(stage.tag) for stage in {row.stage for row in rows}}
    return [
        _closed_row(row) if isinstance(row.name, Closed) else {
            "id": row.id if may_change else None,
            "label": f"{row.name}, {row.reference}",
            "cells": [
                _link(row), str(age_on(row.born, day)) if row.born else _DASH,
                row.reference, stages[row.stage], row.lead or nobody, row.next_step,
                short_day(row.closed_on) if row.closed_on else due_markup(row.due_on, day, spoken),
                short_day(row.last_seen),
            ],
        }
        for row in rows
    ]  # fmt: skip


def _closed_row(row: Row) -> dict[str, Any]:
    """A restricted record: that it is there, and whom to ask. It is not ticked, for nothing of it can be changed here."""
    cells = [_link(row), _DASH, row.reference, *[_DASH] * (len(HEADS) - 3)]
    return {"id": None, "label": row.reference, "cells": cells}


def _link(row: Row) -> Linked:
    return Linked(row.name, f"{LIST}/{row.id}")


# --- many at once ------------------------------------------------------------


def _confirm(actor: Actor, ticked: list[str]) -> ResponseReturnValue:
    form = ManyLeadsForm(formdata=None)
    return _confirm_page(actor, form, ticked)


def _confirm_page(actor: Actor, form: ManyLeadsForm, ticked: list[str]) -> str:
    """Who is about to change, before anything does."""
    chosen = caseload.chosen(actor, ticked)
    form.lead.choices = _lead_choices(actor)
    count = len(chosen)
    heading = ngettext("Change lead for %(count)s case", "Change lead for %(count)s cases", count)
    back = _address(asked_in(request.args))
    return render_template(
        "panels/cases/change_lead.html", form=form, chosen=chosen, page_heading=heading, list_url=back,
        action=back.replace(LIST, url_for("panels.change_leads"), 1),
    )  # fmt: skip


def _lead_choices(actor: Actor) -> list[tuple[str, str]]:
    leads = cases.possible_leads(str(actor.area_id))
    return [
        ("", _("Choose")),
        *((lead.id, _("%(name)s (%(count)s open)", name=lead.name, count=lead.open_cases)) for lead in leads),
    ]


@bp.post("/cases/lead")
@requires(P.CASE_ALLOCATE, reads=Event.CASES_LISTED)
def change_leads() -> ResponseReturnValue:
    actor, form = signed_in(), ManyLeadsForm()
    form.lead.choices = _lead_choices(actor)
    ticked = (form.cases.data or [])[:AT_ONCE]
    if not form.validate_on_submit():
        return _confirm_page(actor, form, ticked)
    seen = dict(led.split(".", 1) for led in form.led.data or [] if "." in led)
    done = cases.allocate_many(actor, ticked, form.lead.data, seen)
    flash(_said(done), "success" if done.changed else "notice")
    return redirect(_address(asked_in(request.args)))


def _said(done: cases.Allocated) -> str:
    said = [ngettext("Lead changed for %(count)s case.", "Lead changed for %(count)s cases.", done.changed)]
    if done.overtaken:
        said.append(ngettext(
            "%(count)s was not changed: someone gave it another lead after you opened the page.",
            "%(count)s were not changed: someone gave them another lead after you opened the page.", done.overtaken,
        ))  # fmt: skip
    if done.left:
        said.append(ngettext(
            "%(count)s was not changed: it is restricted, closed, or theirs already.",
            "%(count)s were not changed: they are restricted, closed, or theirs already.", done.left,
        ))  # fmt: skip
    return " ".join(said)
