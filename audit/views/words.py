"""Entries in plain words: what was done, to which record, why or from where, and which details were on the page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import url_for

from accounts.roles import ROLES
from audit.models import Event
from audit.search import OUTCOMES, Entry
from audit.views.names import Names
from core.codes import label_of
from core.codes.alerts import AlertOutcome, AlertRule
from core.codes.purposes import Purpose
from core.ids import Id
from core.languages import gettext as _

# Who wrote without an account: the trail names them by the id of their link, or of the form that they sent.
VISITORS = ("link:", "public:")
TABLES = {
    "young_person": "Young person", "referral": "Referral", "case_record": "Case", "candidate": "To consider",
    "step_up": "Step-up", "referral_message": "Messages", "possible_match": "Possible match", "offer": "Offer",
    "support_session": "Session", "case_note": "Note", "engagement_attempt": "Asking to take part",
    "timeline_entry": "Timeline", "agenda_item": "Panel item", "panel_action": "Action", "change_history": "Changes",
    "source_record": "Row of an upload", "form_draft": "Own draft", "referral_draft": "Own draft",
    "access_alert": "Unusual access", "decoy": "Trip wire", "user_account": "User",
    "membership": "Role", "audit_chain": "Audit trail", "audit_search": "Audit trail",
    "asked_for": "Asked for", "arrival": "Referral to accept", "referral_link": "One-time link",
}  # fmt: skip
FIELDS = {
    "date_of_birth": "date of birth", "forename": "first name", "upn": "UPN", "nhs_number": "NHS number",
    "aliases": "other names", "answers": "what the referrer wrote", "details": "other details",
    "text": "what was written", "row": "the row", "ethnicity": "ethnicity",
}  # fmt: skip
REASONS = {
    "permission": "Their role may not open it", "row": "No such record for them", "action": "Their role may not do it",
    "own_review": "Nobody reviews their own activity", "seal": "A sealed field did not open",
    "error": "Something went wrong", "not_kept": "It could not be kept", "stale": "Someone else had changed it",
}  # fmt: skip
CODES = {code.value: code.label for codes in (AlertRule, AlertOutcome) for code in codes}
DETAILS = {
    "examined": "records compared, not shown", "rows": "rows", "entries": "entries", "sessions": "sessions",
    "tries": "tries", "ways": "roles held", "young_people": "young people",
}  # fmt: skip
TONES = {"denied": "orange", "failed": "red", "sent_back": "grey"}
CHECK_FAULTS = {
    "changed": "does not match what was sealed", "missing": "is missing", "inserted": "was added without the key",
    "reordered": "is not in its place", "forked": "was sealed onto an older entry",
    "index": "does not agree with the list of young people",
    "truncated": "is missing, with everything after it: a signed checkpoint knows of it",
    "signature": "has a checkpoint that nobody known has signed",
    "checkpoint": "or one after it is not what was signed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list of entries."""

    entry: Entry
    who: str
    who_href: str
    where: str
    what: str
    outcome: tuple[str, str] | None
    record: str
    record_href: str
    why: str

    @property
    def href(self) -> str:
        return url_for("audit.entry_page", chain=self.entry.chain, seq=self.entry.seq)


def lines(entries: Iterable[Entry], names: Names) -> list[Line]:
    return [line(entry, names) for entry in entries]


def line(entry: Entry, names: Names) -> Line:
    record, record_id = record_of(entry, names)
    who_href = url_for("audit.user_page", user_id=entry.actor_id) if names.user_opens(entry.actor_id) else ""
    return Line(
        entry, who_of(entry, names), who_href,
        where_of(entry, names), what_of(entry.event), _outcome(entry), record,
        url_for("audit.record_page", any_id=record_id) if record_id else "", why_of(entry),
    )  # fmt: skip


def what_of(event: str) -> str:
    try:
        return Event(event).label
    except ValueError:
        return event.replace(":", " ").replace("_", " ")


def who_of(entry: Entry, names: Names) -> str:
    return person_words(entry.actor_id, names)


def person_words(actor_id: str | None, names: Names) -> str:
    if not actor_id:
        return _("Nobody signed in")
    if actor_id.startswith(VISITORS):
        return _("A visitor by one-time link") if actor_id.startswith("link:") else _("A visitor to the public page")
    if actor_id.startswith("job:"):
        return _("The service: %(job)s", job=actor_id.removeprefix("job:").replace("_", " "))
    return names.users.get(actor_id, _("Someone no longer known"))


def where_of(entry: Entry, names: Names) -> str:
    """``Lead practitioner, Reading youth justice``."""
    role = entry.said.get("role", "")
    parts = (_(ROLES[role].name) if role in ROLES else "", names.agencies.get(entry.said.get("agency") or "", ""))
    return ", ".join(part for part in parts if part)


def _outcome(entry: Entry) -> tuple[str, str] | None:
    """Only what did not simply happen gets a tag."""
    if entry.outcome == "ok":
        return None
    return _(OUTCOMES.get(entry.outcome, entry.outcome)), TONES.get(entry.outcome, "grey")


def record_of(entry: Entry, names: Names) -> tuple[str, Id]:
    """The reference, and the id that leads to who has looked at it where that page opens for who reads this one.

    How many, where it is about several.
    """
    if len(entry.subjects) > 1:
        return _("%(number)s young people", number=f"{len(entry.subjects):,}"), ""
    keys = [key for key in (*entry.subjects, entry.object_id) if key]
    leads_to = next((key for key in keys if key in names.opens), "")
    for key in keys:
        if key in names.references:
            return names.references[key], leads_to
    if entry.object_type == "user_account" and entry.object_id in names.users:
        return "" if entry.object_id == entry.actor_id else names.users[entry.object_id], ""
    if entry.subjects:
        return _("1 young person"), leads_to
    return "", ""


def why_of(entry: Entry) -> str:
    """The reason or purpose it carries, else what it counted, else the page it came from; empty where none is known."""
    said = entry.said
    if reason := said.get("reason"):
        return _(REASONS.get(reason) or CODES.get(reason) or str(reason).replace("_", " ").replace(":", ": "))
    if purpose := said.get("purpose"):
        return label_of(Purpose, purpose)
    examined = (said.get("detail") or {}).get("examined")
    if examined:
        return _("%(number)s records compared", number=f"{examined:,}")
    page = str(said.get("route") or "").rpartition(".")[2]
    return _("From: %(page)s", page=page.replace("_", " ")) if page else ""


def whys_of(entries: Iterable[Entry]) -> list[str]:
    """Each reason or purpose once, the first first."""
    return list(dict.fromkeys(why for entry in entries if (why := why_of(entry))))


def places_of(entries: Iterable[Entry]) -> list[str]:
    """Where from: each network address with the pages that were open there."""
    pages: dict[str, dict[str, None]] = {}
    for entry in entries:
        page = str(entry.said.get("route") or "").rpartition(".")[2].replace("_", " ")
        pages.setdefault(str(entry.said.get("ip") or ""), {})[page] = None
    return [", ".join(filter(None, (place, *opened))) for place, opened in pages.items() if place or any(opened)]


def fields_of(entries: Iterable[Entry]) -> list[str]:
    """``Young person: first name, surname``, a line for each kind of record."""
    return named(
        name if "." in name else f"{entry.object_type or ''}.{name}"
        for entry in entries
        for name in (*entry.said.get("fields", ()), *entry.said.get("opened", ()))
    )


def named(fields: Iterable[str]) -> list[str]:
    """Names of fields, ``table.column``, in words and by kind of record."""
    by_table: dict[str, set[str]] = {}
    for name in fields:
        table, _dot, column = name.rpartition(".")
        by_table.setdefault(table_words(table), set()).add(_(FIELDS.get(column, column.replace("_", " "))))
    return [f"{table}: {', '.join(sorted(columns))}" for table, columns in sorted(by_table.items())]


def table_words(table: str) -> str:
    return _(TABLES.get(table, table.replace("_", " ").capitalize() or "Record"))


def detail_of(entry: Entry) -> list[str]:
    """Counts and codes, as far as they say something to a reader."""
    detail: dict[str, Any] = entry.said.get("detail") or {}
    counted = [f"{value:,} {_(DETAILS.get(name, name.replace('_', ' ')))}" for name, value in detail.items()
               if isinstance(value, int) and not isinstance(value, bool) and value]  # fmt: skip
    coded = [f"{name.replace('_', ' ')}: {str(value).replace('_', ' ')}" for name, value in detail.items()
             if not isinstance(value, int) or isinstance(value, bool)]  # fmt: skip
    return counted + coded


def check_words(entry: Entry) -> str:
    """``Entry 18,204 does not match what was sealed``, or nothing for a check that found nothing."""
    detail = entry.said.get("detail") or {}
    if entry.outcome == "ok":
        return ""
    fault = _(CHECK_FAULTS.get(str(detail.get("kind")), "does not agree"))
    return _("Entry %(number)s %(fault)s", number=f"{detail.get('seq', 0):,}", fault=fault)
