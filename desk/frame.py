"""What every page's frame shows: who is signed in, where they can go, the marking, the demonstration banner."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, g, request, session

from core.access import Actor, Permission, find_actor
from core.clock import in_london, now
from core.formats import moment
from panels.views.emergency import banner

P = Permission
SERVICE_NAME = "Young Futures Prevention Panels"


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the navigation: shown to who holds any of ``needs`` and none of ``unless`` (who reach it another way)."""

    words: str
    path: str
    needs: tuple[Permission, ...] = ()
    unless: tuple[Permission, ...] = ()


LINKS = (
    Link("Home", "/"),
    Link("Refer", "/refer", (P.REFERRAL_SEND,), (P.REFERRAL_TRIAGE,)),
    Link("Your referrals", "/referrals", (P.REFERRAL_SEND,), (P.REFERRAL_TRIAGE, P.CASE_WORK)),
    Link("Import a list", "/imports", (P.REFERRAL_IMPORT,)),
    Link("Referrals", "/triage", (P.REFERRAL_READ_AREA,)),
    Link("Step-ups", "/step-ups", (P.REFERRAL_STEP_UP,), (P.CASE_WORK,)),
    Link("Meetings", "/meetings", (P.MEETING_READ,)),
    Link("Offers", "/offers", (P.OFFER_ANSWER,)),
    Link("Young people", "/my-young-people", (P.OFFER_ANSWER,)),
    Link("Cases", "/cases", (P.CASE_READ_AREA, P.CASE_WORK)),
    Link("Sessions", "/sessions", (P.SESSION_RECORD,), (P.REFERRAL_TRIAGE,)),
    Link("Actions", "/actions", (P.MEETING_READ, P.CASE_WORK, P.REFERRAL_STEP_UP)),
    Link("Agreements", "/cohort/agreements", (P.COHORT_UPLOAD,)),
    Link("Uploads", "/cohort/uploads", (P.COHORT_UPLOAD,)),
    Link("Runs", "/cohort/runs", (P.COHORT_READ,)),
    Link("To consider", "/cohort/candidates", (P.CANDIDATE_READ,)),
    Link("Interventions", "/interventions", (P.CATALOGUE_READ,), (P.MEETING_DECIDE,)),
    Link("Interventions", "/interventions", (P.CATALOGUE_MANAGE,)),
    Link("Reports", "/oversight", (P.AREA_REPORT_READ, P.FORCE_REPORT_READ)),
    Link("Sharing", "/sharing", (P.SHARING_READ,), (P.CASE_WORK,)),
    Link("Closed records", "/closed-records", (P.SENSITIVITY_OVERSEE,)),
    Link("Audit", "/audit", (P.AUDIT_READ,)),
    Link("Emergency access", "/audit/emergency", (P.EMERGENCY_READ,)),
    Link("Retention", "/rights/retention", (P.RETENTION_DECIDE,)),
    Link("Erasing", "/rights/erasures", (P.RETENTION_DECIDE,)),
    Link("Old keys", "/rights/keys", (P.RETENTION_DECIDE,)),
    Link("Users", "/admin/users", (P.ACCOUNT_MANAGE,)),
    Link("Agencies", "/admin/agencies", (P.ACCOUNT_MANAGE,)),
    Link("Areas", "/admin/areas", (P.ACCOUNT_MANAGE,)),
    Link("Training", "/admin/training", (P.ACCOUNT_MANAGE,)),
    Link("Systems", "/admin/systems", (P.ACCOUNT_MANAGE,)),
    Link("Review", "/admin/review", (P.ACCOUNT_MANAGE, P.GRANT_APPROVE)),
    Link("Roles to approve", "/admin/grants", (P.GRANT_APPROVE,)),
    Link("Approvals", "/approvals", (P.APPROVAL_DECIDE, P.GRANT_APPROVE)),
    Link("Roles", "/admin/roles", (P.ROLES_READ,)),
)


@lru_cache(maxsize=256)
def _shown_with(permissions: frozenset[Permission]) -> list[Link]:
    return [
        link
        for link in LINKS
        if (not link.needs or permissions.intersection(link.needs)) and not permissions.intersection(link.unless)
    ]


def navigation(actor: Actor) -> list[dict[str, Any]]:
    """Only pages that this role may open; the current one is marked."""
    waiting = {"/approvals": actor.approvals_waiting}
    shown: list[dict[str, Any]] = [
        {"text": link.words, "href": link.path, "count": waiting.get(link.path)}
        for link in _shown_with(actor.permissions)
    ]
    path = request.path
    here = [link for link in shown if link["href"] == path or path.startswith(f"{link['href']}/")]
    best = max((link["href"] for link in here), key=len, default=None)
    return [link | {"active": link["href"] == best} for link in shown]


def frame() -> dict[str, Any]:
    """Template variables of every page; nothing here opens personal data or asks a database."""
    actor = None if g.get("plain_frame") else find_actor()
    ends_at = getattr(session, "ends_at", None) if actor else None
    return {
        "service_name": SERVICE_NAME,
        "actor": actor,
        "navigation": navigation(actor) if actor else [],
        "can_search": bool(actor and actor.can(P.PERSON_FIND)),
        "demonstration": current_app.extensions["settings"].demonstration,
        "emergency": banner() if actor else None,
        "request_id": g.get("request_id"),
        "printed_at": moment(in_london(now())),
        "session_ends": ends_at.isoformat() if ends_at else None,
        "organisation": current_app.extensions.get("organisation", {}),
    }


def init_app(app: Flask) -> None:
    app.context_processor(frame)
