"""Who may do what: permissions, the actor, ``@requires`` on every route, and the one guard that enforces it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, Request, abort, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from core import systems
from core.ids import Id

View = TypeVar("View", bound=Callable[..., Any])


class Permission(StrEnum):
    """What a role may hold. Policies and views ask for these, never for a role."""

    # accounts
    ACCOUNT_MANAGE = "account.manage"
    GRANT_APPROVE = "grant.approve"
    STATUS_READ = "status.read"
    ROLES_READ = "roles.read"
    APPROVAL_ASK = "approval.ask"
    PERSON_MERGE = "person.merge"
    RETENTION_DECIDE = "retention.decide"
    APPROVAL_DECIDE = "approval.decide"
    # audit
    AUDIT_READ = "audit.read"
    AUDIT_VERIFY = "audit.verify"
    AUDIT_EXPORT = "audit.export"
    # cohort
    COHORT_UPLOAD = "cohort.upload"
    COHORT_READ = "cohort.read"
    CANDIDATE_READ = "candidate.read"
    CANDIDATE_DECIDE = "candidate.decide"
    # referrals
    REFERRAL_SEND = "referral.send"
    REFERRAL_READ_AGENCY = "referral.read_agency"
    REFERRAL_READ_AREA = "referral.read_area"
    REFERRAL_TRIAGE = "referral.triage"
    REFERRAL_STEP_UP = "referral.step_up"
    REFERRAL_IMPORT = "referral.import"
    # panels
    MEETING_READ = "meeting.read"
    MEETING_MANAGE = "meeting.manage"
    MEETING_DECIDE = "meeting.decide"
    CASE_READ_AREA = "case.read_area"
    CASE_READ_ALLOCATED = "case.read_allocated"
    CASE_ALLOCATE = "case.allocate"
    CASE_WORK = "case.work"
    CASE_CLOSE = "case.close"
    CASE_EXPORT = "case.export"
    FILE_REMOVE = "file.remove"
    CASE_OPEN_EMERGENCY = "case.open_emergency"
    EMERGENCY_READ = "emergency.read"
    EMERGENCY_REVIEW = "emergency.review"
    SESSION_RECORD = "session.record"
    PERSON_FIND = "person.find"
    SENSITIVITY_SET = "sensitivity.set"
    SENSITIVITY_OVERSEE = "sensitivity.oversee"
    # interventions
    CATALOGUE_READ = "catalogue.read"
    CATALOGUE_MANAGE = "catalogue.manage"
    OFFER_ANSWER = "offer.answer"
    # sharing
    SHARING_READ = "sharing.read"
    SHARING_RECORD = "sharing.record"
    # oversight
    AREA_REPORT_READ = "report.area"
    FORCE_REPORT_READ = "report.force"
    WORKLOAD_READ = "report.workload"


class Door(StrEnum):
    """Routes that no permission decides: open to all, to anyone signed in for themselves, or to an agency's system."""

    PUBLIC = "public"
    SELF = "self"
    # Only under ``core.systems.PREFIX``, where no cookie is read: a person's session never opens these.
    SYSTEM = "system"


class Limit(StrEnum):
    """Why someone may do less than their role allows, until it is put right (SECURITY-DESIGN 5)."""

    TRAINING = "training"
    AGREEMENT = "agreement"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person acting under one membership: role x agency x area."""

    user_id: Id
    name: str
    membership_id: Id
    role: str
    role_name: str
    agency_id: Id | None
    agency_name: str
    agency_kind: str
    area_id: Id | None
    area_name: str
    area_slug: str
    district_id: Id | None
    permissions: frozenset[Permission]
    session_ref: str = ""
    membership_count: int = 1
    limits: tuple[Limit, ...] = ()
    approvals_waiting: int = 0
    unread: int = 0

    def can(self, permission: Permission) -> bool:
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Requirement:
    permissions: tuple[Permission, ...] = ()
    door: Door | None = None
    reads: str | None = None
    purpose: str | None = None
    writes_late: bool = False
    despite: tuple[Limit, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def requires(
    *needed: Permission | Door,
    reads: str | None = None,
    purpose: str | None = None,
    writes_late: bool = False,
    despite: tuple[Limit, ...] = (),
) -> Callable[[View], View]:
    """Declare who may use a view: any one of ``needed``. ``reads`` names the audit event of what the page opens.

    ``despite``: limits that leave the view open: to be read where training ran out, whole where an agreement did.

    ``writes_late``: a form that reads for long before it writes. It begins as a reader, so that nobody waits for it
    (SQLite has one writer at a time), and calls ``core.requests.write_late`` before its first write.
    """

    def declare(view: View) -> View:
        doors = [need for need in needed if isinstance(need, Door)]
        permissions = tuple(need for need in needed if isinstance(need, Permission))
        view.__requires__ = Requirement(  # type: ignore[attr-defined]
            permissions, doors[0] if doors else None, reads, purpose, writes_late, despite
        )
        return view

    return declare


# Endpoints of libraries, which cannot carry @requires. Anything not here and not declared does not start.
LIBRARY_DOORS: dict[str, Requirement] = {"static": Requirement(door=Door.PUBLIC)}


def requirement_of(app: Flask, endpoint: str) -> Requirement | None:
    declared: Requirement | None = getattr(app.view_functions.get(endpoint), "__requires__", None)
    return declared or LIBRARY_DOORS.get(endpoint)


def writes_late(app: Flask, request: Request) -> bool:
    """Whether the route of a request begins as a reader. Asked when the session opens, before Flask finds the route."""
    adapter = app.create_url_adapter(request)
    try:
        endpoint, _ = adapter.match() if adapter is not None else ("", {})
    except HTTPException:
        return False
    needed = requirement_of(app, endpoint)
    return needed is not None and needed.writes_late


def check_declared(app: Flask) -> None:
    """Refuse to start while a route has no declared permission."""
    bare = sorted({rule.endpoint for rule in app.url_map.iter_rules() if not requirement_of(app, rule.endpoint)})
    if bare:
        raise RuntimeError(f"Routes without a declared permission: {', '.join(bare)}")


def find_actor() -> Actor | None:
    """Who is acting, or None for a visitor."""
    actor: Actor | None = g.get("actor")
    return actor


def signed_in() -> Actor:
    """The actor of this request; a visitor cannot get here past the guard."""
    actor = find_actor()
    if actor is None:
        abort(401)
    return actor


def guard() -> ResponseReturnValue | None:
    """The one place that decides whether a route may run at all. Rows are decided by policies."""
    if request.endpoint is None:
        return None
    needed = requirement_of(current_app, request.endpoint)
    if needed is None:
        return abort(403)
    g.requirement = needed
    if needed.door is Door.PUBLIC:
        return None
    actor = find_actor()
    if actor is None:
        return systems.unknown() if systems.is_asking() else _to_sign_in()
    if needed.door in {Door.SELF, Door.SYSTEM} or any(actor.can(permission) for permission in needed.permissions):
        return None if all(_stays_open(needed, limit, actor) for limit in actor.limits) else held_back()
    g.denied = "permission"
    # A page about one record: "forbidden" would confirm that the record is there (SETTLED 4).
    return abort(404 if request.view_args else 403)


# What these open is nobody's record: who holds them puts right what has run out.
WITHOUT_RECORDS = frozenset(
    {Permission.ACCOUNT_MANAGE, Permission.GRANT_APPROVE, Permission.STATUS_READ, Permission.ROLES_READ}
)


def _stays_open(needed: Requirement, limit: Limit, actor: Actor) -> bool:
    """Expired training leaves one's own tasks, to read; an agency's expired agreement urgent concerns, and one's account."""
    if needed.door is Door.SELF and needed.reads is None:
        return True
    if any(permission in WITHOUT_RECORDS and actor.can(permission) for permission in needed.permissions):
        return True
    return limit in needed.despite and (limit is Limit.AGREEMENT or request.method in {"GET", "HEAD"})


def held_back() -> ResponseReturnValue:
    """The page that says what has run out and what to do. It is the same whatever the address names."""
    g.denied = "limit"
    if systems.is_asking():
        words = "The agreement to share information has run out. Until it is renewed, send urgent concerns alone"
        return systems.problem(403, kind="agreement", detail=words)
    return render_template("errors/limited.html"), 403


def _to_sign_in() -> ResponseReturnValue:
    door = "accounts.choose_role" if session.get("_user_id") else "accounts.enter"
    # A form is not lost: it is held until its sender has signed in again.
    kept = current_app.extensions["hold_form"]()
    wanted = request.path if request.method == "GET" and request.path != "/" else kept
    return redirect(url_for(door, next=wanted) if wanted else url_for(door))
