"""Checking the trail: the last check of each chain, from the trail itself, and checking now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from audit import search, verify
from audit.models import Event
from audit.search import Entry
from audit.services import record
from audit.verify import Verdict
from audit.views import bp, names, words
from audit.views.names import Chains, Names
from core.access import Actor, Permission, requires, signed_in
from core.context import current
from core.db import begin_writing, db, reading
from core.languages import gettext as _

P = Permission
ON_A_PAGE = 200_000


@dataclass(frozen=True, slots=True)
class State:
    """One chain: how long it is now, and what the last check of it found."""

    chain: str
    area: str
    length: int
    checked_at: datetime | None
    checked: int
    fault: str
    bad_href: str
    by: str

    @property
    def tag(self) -> tuple[str, str]:
        if self.checked_at is None:
            return _("Not checked yet"), "grey"
        return ("Does not agree", "red") if self.fault else ("Verified", "green")


@dataclass(frozen=True, slots=True)
class CheckedChain:
    """What a check's entry names: the chain as a record of its own."""

    id: str
    __tablename__ = "audit_chain"


def states(chains: Chains) -> list[State]:
    """Two statements, and one for the names of who checked."""
    lengths, last = search.lengths(chains.ids), search.last_checks(chains.ids)
    who = Names(users=names.users({e.actor_id for e in last.values() if e.actor_id}))
    return [_state(chain, area, lengths.get(chain, 0), last.get(chain), who) for chain, area in chains.names.items()]


def _state(chain: str, area: str, length: int, last: Entry | None, who: Names) -> State:
    if last is None:
        return State(chain, area, length, None, 0, "", "", "")
    detail: dict[str, Any] = last.said.get("detail") or {}
    fault = words.check_words(last)
    # An entry that is missing has no page.
    has_page = bool(fault and detail.get("seq")) and detail.get("kind") not in {"missing", "truncated"}
    href = url_for("audit.entry_page", chain=chain, seq=detail["seq"]) if has_page else ""
    return State(chain, area, length, last.at, int(detail.get("entries", 0)), fault, href, words.who_of(last, who))


@bp.get("/audit/verify")
@requires(P.AUDIT_VERIFY, reads=Event.AUDIT_SEARCHED)
def verify_page() -> ResponseReturnValue:
    chains = names.chains_of(signed_in())
    current().looked_at("audit_search", "checks")
    found = states(chains)
    total = sum(state.length for state in found)
    too_long = total > ON_A_PAGE
    slugs = [names.slug_of(chain) for chain in chains.ids] if too_long and len(chains.ids) == 1 else []
    return render_template(
        "audit/verify.html", states=found, total=total, too_long=too_long, slug=slugs[0] if slugs else "",
        broken=[state for state in found if state.fault], may_read=signed_in().can(P.AUDIT_READ),
    )  # fmt: skip


@bp.post("/audit/verify")
@requires(P.AUDIT_VERIFY)
def check_now() -> ResponseReturnValue:
    actor = signed_in()
    chains = names.chains_of(actor)
    if sum(search.lengths(chains.ids).values()) <= ON_A_PAGE:
        _record(actor, _verdicts(chains.ids))
        flash("The trail was checked. The result is below.", "success")
    return redirect(url_for("audit.verify_page"), 303)


def _verdicts(chains: Iterable[str]) -> list[Verdict]:
    """Read without holding the lock that writers wait for: a long trail takes seconds."""
    db.session.rollback()
    keys = verify.read_keys(current_app.extensions["settings"].checkpoint_public_file)
    with reading():
        found = [verify.verify(chain, keys=keys) for chain in chains]
        begin_writing()
    return found


def _record(actor: Actor, verdicts: Iterable[Verdict]) -> None:
    for verdict in verdicts:
        detail: dict[str, Any] = {"entries": verdict.entries}
        if verdict.kind:
            detail |= {"kind": verdict.kind, "seq": verdict.seq}
        record(
            Event.AUDIT_VERIFIED, actor, CheckedChain(verdict.chain), area_id=verdict.chain,
            outcome="failed" if verdict.kind else "ok", detail=detail,
        )  # fmt: skip
