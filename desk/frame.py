"""What every page's frame shows: who is signed in, where they can go, the marking, the demonstration banner."""

from typing import Any

from flask import Flask, current_app, g, request, session

from core.access import Actor, Permission, find_actor
from core.clock import in_london, now
from core.formats import moment

P = Permission
SERVICE_NAME = "Young Futures Prevention Panels"

# In the order of PAGES 2: the first link whose permission is held is shown once.
LINKS: tuple[tuple[str, str, tuple[Permission, ...]], ...] = (
    ("Home", "/", ()),
    ("Refer", "/refer", (P.REFERRAL_SEND,)),
    ("Your referrals", "/referrals", (P.REFERRAL_SEND,)),
    ("Triage", "/triage", (P.REFERRAL_READ_AREA,)),
    ("Step-ups", "/step-ups", (P.REFERRAL_STEP_UP,)),
    ("Meetings", "/meetings", (P.MEETING_READ,)),
    ("Actions", "/actions", (P.MEETING_READ, P.CASE_WORK)),
    ("Cases", "/cases", (P.CASE_READ_AREA, P.CASE_READ_ALLOCATED)),
    ("Offers", "/offers", (P.OFFER_ANSWER,)),
    ("Sessions", "/sessions", (P.SESSION_RECORD,)),
    ("Uploads", "/cohort/uploads", (P.COHORT_UPLOAD,)),
    ("Runs", "/cohort/runs", (P.COHORT_READ,)),
    ("To consider", "/cohort/candidates", (P.CANDIDATE_READ,)),
    ("Interventions", "/interventions", (P.CATALOGUE_READ,)),
    ("Reports", "/oversight", (P.AREA_REPORT_READ, P.FORCE_REPORT_READ)),
    ("Sharing", "/sharing", (P.SHARING_READ,)),
    ("Audit", "/audit", (P.AUDIT_READ,)),
    ("Users", "/admin/users", (P.ACCOUNT_MANAGE,)),
    ("Roles to approve", "/admin/grants", (P.GRANT_APPROVE,)),
    ("Status", "/admin/status", (P.STATUS_READ,)),
)


def navigation(actor: Actor) -> list[dict[str, Any]]:
    """Only pages that this role may open; the current one is marked."""
    shown = [
        {"text": words, "href": path}
        for words, path, needed in LINKS
        if not needed or any(actor.can(permission) for permission in needed)
    ]
    here = [link for link in shown if link["href"] == request.path or request.path.startswith(f"{link['href']}/")]
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
        "request_id": g.get("request_id"),
        "printed_at": moment(in_london(now())),
        "session_ends": ends_at.isoformat() if ends_at else None,
        "organisation": current_app.extensions.get("organisation", {}),
    }


def init_app(app: Flask) -> None:
    app.context_processor(frame)
