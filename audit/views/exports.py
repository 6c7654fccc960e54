"""Entries as a file: after the password again, for a purpose, and recorded before the first byte leaves."""

from collections.abc import Iterator
from typing import Any

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue

from accounts.step_up import needs_step_up
from audit import search
from audit.forms import ExportForm
from audit.models import Event
from audit.search import OUTCOMES, Asked
from audit.views import bp, names, words
from audit.views.names import Chains
from audit.views.trail import address, asked_in, refuse_own
from core import csv_export
from core.access import Actor, Permission, requires, signed_in
from core.clock import in_london, now, today
from core.codes import label_of
from core.codes.purposes import Purpose
from core.context import current
from core.formats import moment
from core.ids import Id

P = Permission
MOST = 5_000
HEADS = ("When", "Who", "Role and agency", "Did what", "How it ended", "Record", "Why or from", "Details shown", "Area",
         "Entry", "Request")  # fmt: skip


def _question(actor: Actor) -> tuple[Chains, Asked, tuple[Id, ...]]:
    chains = names.chains_of(actor)
    asked = asked_in(request.args, chains)
    return chains, asked, names.whose(actor, asked.record).ids if asked.record else ()


@bp.get("/audit/export")
@requires(P.AUDIT_EXPORT)
def export_page() -> ResponseReturnValue:
    actor = signed_in()
    chains, asked, ids = _question(actor)
    return refuse_own(actor, asked.who) or needs_step_up() or _page(ExportForm(), chains, asked, ids)


def _page(form: ExportForm, chains: Chains, asked: Asked, ids: tuple[Id, ...]) -> ResponseReturnValue:
    total = search.count(chains.ids, asked, ids)
    return render_template(
        "audit/export.html", form=form, total=total, most=MOST, back=address(asked), action=request.full_path
    )  # fmt: skip


@bp.post("/audit/export")
@requires(P.AUDIT_EXPORT, reads=Event.AUDIT_EXPORTED)
def export() -> ResponseReturnValue:
    actor = signed_in()
    chains, asked, ids = _question(actor)
    stopped = refuse_own(actor, asked.who) or needs_step_up()
    if stopped:
        return stopped
    form = ExportForm()
    if not form.validate_on_submit() or search.count(chains.ids, asked, ids) > MOST:
        return _page(form, chains, asked, ids)
    entries = search.newest(chains.ids, asked, ids, limit=MOST)
    _note(asked, form.purpose.data, len(entries))
    rows = [*_heading(actor, form.purpose.data, len(entries)), HEADS, *_rows(actor, chains, entries)]
    return _file(csv_export.write(rows))


def _note(asked: Asked, purpose: str, rows: int) -> None:
    """The gate writes this entry in a transaction of its own before the answer leaves; if it cannot, nothing leaves."""
    seen = current()
    seen.looked_at("audit_search", "export")
    seen.purpose = purpose
    seen.detail |= asked.codes() | {"rows": rows}


def _heading(actor: Actor, purpose: str, rows: int) -> list[tuple[str, ...]]:
    return [
        ("OFFICIAL-SENSITIVE",),
        ("Exported by", actor.name, actor.role_name, actor.agency_name),
        ("Exported at", moment(in_london(now()))),
        ("Purpose", label_of(Purpose, purpose)),
        ("Request", str(g.get("request_id"))),
        ("Entries", str(rows)),
        (),
    ]


def _rows(actor: Actor, chains: Chains, entries: list[search.Entry]) -> Iterator[tuple[Any, ...]]:
    around = names.names_for(actor, entries)
    for entry in entries:
        line = words.line(entry, around)
        yield (
            in_london(entry.at).strftime("%Y-%m-%d %H:%M:%S"), line.who, line.where, line.what,
            OUTCOMES.get(entry.outcome, entry.outcome), line.record, line.why, "; ".join(words.fields_of([entry])),
            chains.name(entry.chain), entry.seq, entry.said.get("request") or "",
        )  # fmt: skip


def _file(content: bytes) -> Response:
    """Its name says what and when, and nobody's name."""
    return Response(
        content,
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="audit-trail-{today().isoformat()}.csv"'},
    )
