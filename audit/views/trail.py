"""The trail as a list with its filter, and one entry in words. Looking is itself recorded."""

from dataclasses import replace
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from accounts.roles import ROLES
from audit import policies, search
from audit.chain import chain_key
from audit.engine import GENESIS, mac_of
from audit.forms import SearchForm, day_of
from audit.merkle import leaf_of
from audit.models import AuditChainKey, AuditSeal, Event
from audit.search import GROUPS, OUTCOMES, Asked, Entry
from audit.views import bp, names, words
from audit.views.checks import states
from audit.views.names import Chains
from core.access import Actor, Permission, requires, signed_in
from core.context import current
from core.db import db
from core.formats import short_day
from core.ids import Id
from core.languages import gettext as _
from core.paging import page_number

P = Permission
NOT_FOUND = "We do not hold that reference in your area. Check the letters and numbers"


def asked_in(args: MultiDict[str, str], chains: Chains) -> Asked:
    """What an address asks for; what it does not know, it leaves out."""

    def code(name: str, allowed: Any) -> str:
        value = args.get(name, "")
        return value if value in allowed else ""

    def an_id(name: str) -> str:
        value = args.get(name, "")
        return value if len(value) == 26 and value.isalnum() else ""

    def a_day(name: str) -> Any:
        try:
            return day_of(args.get(name))
        except ValueError:
            return None

    return Asked(
        who=an_id("who"), role=code("role", set(ROLES)), record=an_id("record"), what=code("what", GROUPS),
        since=a_day("since"), until=a_day("until"), outcome=code("outcome", OUTCOMES),
        chain=code("chain", chains.names), page=page_number(args.get("page")),
    )  # fmt: skip


def address(asked: Asked, endpoint: str = "audit.trail_page") -> str:
    values: dict[str, Any] = {**asked.codes(), "page": asked.page if asked.page > 1 else None}
    return url_for(endpoint, **values)


def refuse_own(actor: Actor, user_id: Id) -> ResponseReturnValue | None:
    """The page that says why, for who asks what they did themselves."""
    if not user_id or policies.may_review(actor, user_id):
        return None
    g.denied = "own_review"
    return render_template("audit/own_activity.html"), 403


def note_question(asked: Asked, shown: int) -> None:
    """What the trail was asked becomes an entry, though no sealed field was opened for it."""
    seen = current()
    seen.looked_at("audit_search", "trail")
    seen.detail |= asked.codes() | {"rows": shown}
    seen.purpose = "audit_review"


@bp.route("/audit", methods=["GET", "POST"])
@requires(P.AUDIT_READ, reads=Event.AUDIT_SEARCHED)
def trail_page() -> ResponseReturnValue:
    actor = signed_in()
    chains = names.chains_of(actor)
    if request.method == "POST":
        return _ask(actor, chains)
    asked = asked_in(request.args, chains)
    refused = refuse_own(actor, asked.who)
    return refused or _list(actor, chains, asked, _form(actor, chains))


def _form(actor: Actor, chains: Chains) -> SearchForm:
    form = SearchForm()
    form.offer(people=names.people(actor), roles=names.roles(), chains=list(chains.names.items()))
    return form


def _ask(actor: Actor, chains: Chains) -> ResponseReturnValue:
    """A reference is typed and posted; the address it leads to holds only opaque ids."""
    form = _form(actor, chains)
    is_valid = form.validate_on_submit()
    typed = (form.reference.data or "").strip()
    if is_valid and typed:
        form.record = names.find_reference(actor, typed) or ""
        if not form.record:
            form.reference.errors = [*form.reference.errors, NOT_FOUND]
    if is_valid and (form.record or not typed):
        return redirect(address(form.asked()), 303)
    return render_template("audit/trail.html", form=form, several=len(chains.ids) > 1, failed=True, asked=Asked())


def _list(actor: Actor, chains: Chains, asked: Asked, form: SearchForm) -> ResponseReturnValue:
    about = names.whose(actor, asked.record) if asked.record else None
    entries, paging = search.page_of(chains.ids, asked, about.ids if about else ())
    note_question(asked, len(entries))
    _fill(form, asked, about.reference if about else "")
    return render_template(
        "audit/trail.html", form=form, asked=asked, paging=paging, chains=chains, several=len(chains.ids) > 1,
        lines=words.lines(entries, names.names_for(actor, entries)), chosen=_chosen(asked, about, form),
        url=lambda page: address(replace(asked, page=page)), states=states(chains),
        export_href=address(replace(asked, page=1), "audit.export_page") if actor.can(P.AUDIT_EXPORT) else "",
    )  # fmt: skip


def _fill(form: SearchForm, asked: Asked, reference: str) -> None:
    for name, value in asked.codes().items():
        if name in form:
            form[name].data = value
    form.reference.data = reference


def _chosen(asked: Asked, about: Any, form: SearchForm) -> list[dict[str, str]]:
    """Each filter in words, with the address without it."""
    shown = {name: dict(form[name].choices or []).get(value, "") for name, value in asked.codes().items()
             if name in ("who", "role", "what", "outcome", "chain")}  # fmt: skip
    shown |= {"record": _("About %(reference)s", reference=about.reference)} if about else {}
    shown |= {"since": _("From %(day)s", day=short_day(asked.since))} if asked.since else {}
    shown |= {"until": _("To %(day)s", day=short_day(asked.until))} if asked.until else {}
    return [
        {"text": text or _("Someone outside your list"), "href": _without(asked, name)} for name, text in shown.items()
    ]


def _without(asked: Asked, name: str) -> str:
    nothing: Any = None if name in ("since", "until") else ""
    return address(replace(asked, page=1, **{name: nothing}))


@bp.get("/audit/entries/<chain>/<int:seq>")
@requires(P.AUDIT_READ, reads=Event.AUDIT_SEARCHED)
def entry_page(chain: str, seq: int) -> ResponseReturnValue:
    actor = signed_in()
    chains = names.chains_of(actor)
    entry = search.find(chains.ids, chain, seq)
    seen = current()
    seen.looked_at("audit_search", "entry")
    seen.detail |= {"chain": chain, "seq": seq}
    seen.subjects |= dict.fromkeys(entry.subjects[:1] if len(entry.subjects) == 1 else [])
    around = names.names_for(actor, [entry])
    return render_template(
        "audit/entry.html", entry=entry, line=words.line(entry, around), area=chains.name(chain),
        fields=words.fields_of([entry]), detail=words.detail_of(entry), agrees=_agrees(entry),
        thing=words.table_words(entry.object_type or ""), neighbours=_neighbours(entry, chains),
        may_review=policies.may_review(actor, entry.actor_id or ""),
        proof_href=_proof_href(actor, entry),
    )  # fmt: skip


def _proof_href(actor: Actor, entry: Entry) -> str:
    """For those who may take entries out, and never of what they did themselves."""
    may = actor.can(P.AUDIT_EXPORT) and policies.may_review(actor, entry.actor_id or "")
    return url_for("audit.entry_proof", chain=entry.chain, seq=entry.seq) if may else ""


def _agrees(entry: Entry) -> bool:
    """Whether this one entry is as it was sealed onto the one before it. The whole chain is checked elsewhere."""
    version = select(func.max(AuditChainKey.version)).where(
        AuditChainKey.chain == entry.chain, AuditChainKey.seq < entry.seq
    )
    seals = {
        row.seq: row
        for row in db.session.execute(
            select(AuditSeal.seq, AuditSeal.leaf, AuditSeal.mac, version.scalar_subquery().label("key_version")).where(
                AuditSeal.chain == entry.chain, AuditSeal.seq.in_((entry.seq - 1, entry.seq))
            )
        )
    }
    own, before = seals.get(entry.seq), seals.get(entry.seq - 1)
    leaf = leaf_of(entry.body)
    previous = bytes(before.mac) if before else GENESIS
    if own is None or bytes(own.leaf) != leaf:
        return False
    return bytes(own.mac) == mac_of(chain_key(entry.chain, own.key_version or 1), previous, leaf)


def _neighbours(entry: Entry, chains: Chains) -> list[dict[str, str]]:
    last = search.lengths([entry.chain])[entry.chain]
    around = ((_("The entry before"), entry.seq - 1), (_("The entry after"), entry.seq + 1))
    return [
        {"text": text, "href": url_for("audit.entry_page", chain=entry.chain, seq=seq)}
        for text, seq in around
        if 0 < seq <= last
    ]
