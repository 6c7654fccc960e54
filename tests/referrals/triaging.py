"""Steps of triage that several tests take, and what is kept afterwards."""

from sqlalchemy import select

from audit.models import AuditEntry, AuditSubject, Event
from core.db import db
from referrals.models import PossibleMatch, Referral
from tests.support.client import Page, form_values


def fresh(referral_id: str) -> Referral:
    db.session.expire_all()
    return db.session.get_one(Referral, referral_id)


def entries(event: Event) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.event == event.value).order_by(AuditEntry.seq)))


def subjects_of(entry: AuditEntry) -> set[str]:
    found = select(AuditSubject.subject_id).where(AuditSubject.chain == entry.chain, AuditSubject.seq == entry.seq)
    return set(db.session.scalars(found))


def started(client, referral_id: str):
    return client.submit(f"/triage/{referral_id}", button="Start triage")


def compared(client, referral_id: str, answer: str, why: str = "") -> object:
    match = db.session.scalars(select(PossibleMatch).where(PossibleMatch.referral_id == referral_id)).one()
    return client.submit(f"/triage/{referral_id}/compare/{match.id}", {"answer": answer, "why": why})


def decide(client, referral_id: str, outcome: str, reason: str = "We have what we need.", **more):
    """Both steps: read what the referrer will read, then send it."""
    path = f"/triage/{referral_id}/decide"
    shown = client.submit(path, {"outcome": outcome, "words": reason, **more})
    assert shown.status_code == 200, shown.status_code
    return send_from(client, path, shown)


def send_from(client, path: str, shown):
    """Press the first button of a page that was answered, as a browser would."""
    return client.post(path, data=form_values(Page(shown.text).form()), follow_redirects=True)
