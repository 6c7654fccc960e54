"""Who has looked at one young person's record, and what one colleague did: each on one page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit import search
from audit.models import Event
from audit.search import Asked, Entry
from audit.views import bp, names, words
from audit.views.names import Names
from audit.views.trail import refuse_own
from audit.visitors import Visitor, last_of_each
from audit.visitors import visitors as visitors_of
from core.access import Permission, requires, signed_in
from core.clock import in_london, now
from core.context import current
from core.ids import Id
from core.paging import PER_PAGE, Paging, page_number

P = Permission
RECENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Visit:
    """What one person did with one record on one day."""

    who: str
    where: str
    acts: list[tuple[str, int]]
    fields: list[str]
    whys: list[str]
    places: list[str]
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    visits: list[Visit]


@bp.get("/audit/records/<id:any_id>")
@requires(P.AUDIT_READ, reads=Event.AUDIT_SEARCHED)
def record_page(any_id: Id) -> ResponseReturnValue:
    """Everything the trail says about one child: under their own id, their referrals', cases' and candidacies'."""
    actor = signed_in()
    chains, about = names.chains_of(actor), names.whose(actor, any_id)
    seen = current()
    seen.looked_at("audit_search", about.id)
    seen.subjects[about.id] = None
    visitors = visitors_of(chains.ids, about.ids)
    page = page_number(request.args.get("page"))
    asked = Asked(record=about.id)
    entries = search.newest(chains.ids, asked, about.ids, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    seen.detail["rows"] = len(entries)
    elsewhere = {visitor.actor_id for visitor in visitors} - {entry.actor_id for entry in entries}
    last = [*entries, *last_of_each(chains.ids, about.ids, elsewhere)]
    around = names.names_for(actor, last)
    everyone = around.users | names.users(_unnamed(visitors, around))
    paging = Paging(page, sum(visitor.entries for visitor in visitors))
    return render_template(
        "audit/record.html", about=about, days=_days(entries, around), paging=paging, visitors=visitors,
        people=sum(1 for visitor in visitors if visitor.times and _is_person(visitor.actor_id)),
        times=sum(visitor.times for visitor in visitors),
        name=lambda actor_id: words.person_words(actor_id, Names(users=everyone)),
        where=_last_roles(last, around), user_href=lambda actor_id: _user_href(actor_id, everyone, actor.user_id),
        url=lambda number: url_for(".record_page", any_id=any_id, page=number),
    )  # fmt: skip


def _is_person(actor_id: str | None) -> bool:
    return bool(actor_id) and not str(actor_id).startswith(("job:", *words.VISITORS))


def _unnamed(visitors: Iterable[Visitor], around: Names) -> set[Id]:
    return {v.actor_id for v in visitors if v.actor_id and _is_person(v.actor_id) and v.actor_id not in around.users}


def _user_href(actor_id: str | None, known: dict[Id, str], reader: Id) -> str:
    opens = Names(users=known, reader=reader).user_opens(actor_id)
    return url_for("audit.user_page", user_id=actor_id) if opens else ""


def _last_roles(entries: Iterable[Entry], around: Names) -> dict[str, str]:
    """The role and agency that each acted in last."""
    found: dict[str, str] = {}
    for entry in entries:
        found.setdefault(entry.actor_id or "", words.where_of(entry, around))
    return found


def _days(entries: list[Entry], around: Names) -> list[Day]:
    """Newest day first; in a day the latest person first."""
    return [
        Day(on, _visits(list(of_day), around)) for on, of_day in groupby(entries, key=lambda e: in_london(e.at).date())
    ]


def _visits(entries: list[Entry], around: Names) -> list[Visit]:
    by_person: dict[Any, list[Entry]] = {}
    for entry in entries:
        by_person.setdefault((entry.actor_id, words.where_of(entry, around)), []).append(entry)
    return [
        Visit(
            words.person_words(actor_id, around), where, _acts(theirs), words.fields_of(theirs), words.whys_of(theirs),
            words.places_of(theirs), theirs,
        )
        for (actor_id, where), theirs in by_person.items()
    ]  # fmt: skip


def _acts(entries: Iterable[Entry]) -> list[tuple[str, int]]:
    counted: dict[str, int] = {}
    for entry in entries:
        counted[words.what_of(entry.event)] = counted.get(words.what_of(entry.event), 0) + 1
    return list(counted.items())


@bp.get("/audit/users/<id:user_id>")
@requires(P.AUDIT_READ, reads=Event.AUDIT_SEARCHED)
def user_page(user_id: Id) -> ResponseReturnValue:
    """What one colleague did in the areas one reads. Never one's own (T10)."""
    actor = signed_in()
    refused = refuse_own(actor, user_id)
    if refused:
        return refused
    chains = names.chains_of(actor)
    person = names.colleague(actor, user_id, chains)
    asked = Asked(who=user_id, page=page_number(request.args.get("page")))
    entries, paging = search.page_of(chains.ids, asked)
    seen = current()
    seen.looked_at("user_account", user_id)
    seen.detail["rows"] = len(entries)
    listed = words.lines(entries, names.names_for(actor, entries))
    days = [(on, list(found)) for on, found in groupby(listed, key=lambda line: in_london(line.entry.at).date())]
    return render_template(
        "audit/user.html", person=person, days=days, paging=paging, recent=RECENT_DAYS,
        counts=list(search.group_counts(chains.ids, user_id, now() - timedelta(days=RECENT_DAYS))),
        url=lambda number: url_for(".user_page", user_id=user_id, page=number),
        trail_href=url_for(".trail_page", who=user_id), seen_href=url_for(".seen_page", user_id=user_id),
    )  # fmt: skip
