"""What one colleague saw between two days: every young person, how often, and which details."""

from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit import search
from audit.forms import day_of
from audit.models import Event
from audit.views import bp, names, words
from audit.views.forms_watch import SeenForm
from audit.views.trail import refuse_own
from core.access import Permission, requires, signed_in
from core.clock import today
from core.context import current
from core.ids import Id
from core.languages import gettext as _
from core.paging import PER_PAGE, Paging, page_number

P = Permission
USUALLY = timedelta(days=7)


@bp.get("/audit/users/<id:user_id>/seen")
@requires(P.AUDIT_READ, reads=Event.AUDIT_SEARCHED, purpose="audit_review")
def seen_page(user_id: Id) -> ResponseReturnValue:
    """Every young person in their entries between two days, the most often seen first. Never one's own (T10)."""
    actor = signed_in()
    refused = refuse_own(actor, user_id)
    if refused:
        return refused
    chains = names.chains_of(actor)
    person = names.colleague(actor, user_id, chains)
    form, since, until = _between()
    page = page_number(request.args.get("page"))
    found = search.seen_by(chains.ids, user_id, since, until)
    rows = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    noted = current()
    noted.looked_at("user_account", user_id)
    noted.detail |= {"rows": len(rows), "since": since.isoformat(), "until": until.isoformat()}
    references, opens = names.records(actor, [row.person_id for row in rows])
    return render_template(
        "audit/seen.html", person=person, form=form, rows=[_row(row, references, opens) for row in rows],
        paging=Paging(page, len(found)), since=since, until=until, user_id=user_id,
        url=lambda number: url_for(".seen_page", user_id=user_id, since=since, until=until, page=number),
    )  # fmt: skip


def _row(row: search.Seen, references: dict[Id, str], opens: frozenset[Id]) -> dict[str, Any]:
    """One line in words; the reference leads on only where its page opens for this reader."""
    return {
        "person_id": row.person_id, "reference": references.get(row.person_id, _("No reference")),
        "opens": row.person_id in opens, "times": row.times, "first": row.first, "last": row.last,
        "acts": sorted({words.what_of(event) for event in row.events}), "fields": words.named(sorted(row.fields)),
    }  # fmt: skip


def _between() -> tuple[SeenForm, date, date]:
    """The days asked for; the last week where none were, or where they are no days."""
    form = SeenForm(request.args)
    until, since = today(), today() - USUALLY
    if (request.args.get("since") or request.args.get("until")) and form.validate():
        until = day_of(form.until.data) or until
        since = day_of(form.since.data) or until - USUALLY
    form.since.data, form.until.data = _shown(form.since, since), _shown(form.until, until)
    return form, since, until


def _shown(field: Any, day: date) -> str:
    """What was typed stays where it is wrong."""
    return field.data if field.errors else day.isoformat()
