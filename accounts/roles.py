"""Every role and what it may do, as one table. Policies ask for permissions, never for a role."""

from dataclasses import dataclass
from enum import StrEnum

from core.access import Permission as P


class Role(StrEnum):
    REFERRER = "referrer"
    AGENCY_CONTACT = "agency_contact"
    PROVIDER = "provider_practitioner"
    LEAD = "lead_practitioner"
    PANEL_MEMBER = "panel_member"
    PANEL_CHAIR = "panel_chair"
    COORDINATOR = "coordinator"
    ANALYST = "analyst"
    SAFEGUARDING_LEAD = "safeguarding_lead"
    PARTNERSHIP_LEAD = "partnership_lead"
    OVERSIGHT_VIEWER = "oversight_viewer"
    ADMINISTRATOR = "administrator"
    DATA_PROTECTION_OFFICER = "data_protection_officer"


@dataclass(frozen=True, slots=True)
class RoleRules:
    """``needs_two``: a grant reads records or gives roles, so a second person approves it. ``idle_minutes``: sign-out when unused.

    ``needs_passkey``: nobody acts in this role without one (SECURITY-DESIGN 6).
    """

    name: str
    permissions: frozenset[P]
    needs_two: bool = True
    needs_area: bool = True
    idle_minutes: int = 30
    needs_passkey: bool = False


def _rules(name: str, *permissions: P, **options: bool | int) -> RoleRules:
    return RoleRules(name, frozenset(permissions), **options)  # type: ignore[arg-type]


ROLES: dict[Role, RoleRules] = {
    Role.REFERRER: _rules("Referrer", P.REFERRAL_SEND, P.REFERRAL_IMPORT, needs_two=False),
    # A referrer who also reads what others of their agency sent: so a second person approves it.
    Role.AGENCY_CONTACT: _rules("Single point of contact", P.REFERRAL_SEND, P.REFERRAL_IMPORT, P.REFERRAL_READ_AGENCY),
    Role.PROVIDER: _rules(
        "Provider practitioner", P.OFFER_ANSWER, P.CASE_READ_ALLOCATED, P.SESSION_RECORD, P.CATALOGUE_READ
    ),
    Role.LEAD: _rules(
        "Lead practitioner", P.CASE_READ_ALLOCATED, P.CASE_WORK, P.SESSION_RECORD, P.CATALOGUE_READ, P.REFERRAL_SEND,
        P.REFERRAL_STEP_UP, P.SHARING_READ, P.SHARING_RECORD, P.PERSON_FIND, P.CASE_OPEN_EMERGENCY, P.APPROVAL_ASK,
    ),
    Role.PANEL_MEMBER: _rules("Panel member", P.MEETING_READ, P.SHARING_RECORD, P.CATALOGUE_READ),
    Role.PANEL_CHAIR: _rules(
        "Panel chair", P.MEETING_READ, P.MEETING_DECIDE, P.REFERRAL_READ_AREA, P.CASE_READ_AREA, P.CATALOGUE_READ,
        P.AREA_REPORT_READ, P.SHARING_RECORD, P.CASE_OPEN_EMERGENCY, P.APPROVAL_ASK,
    ),
    Role.COORDINATOR: _rules(
        "Panel coordinator", P.REFERRAL_SEND, P.REFERRAL_IMPORT, P.REFERRAL_READ_AREA, P.REFERRAL_TRIAGE, P.REFERRAL_STEP_UP,
        P.MEETING_READ, P.MEETING_MANAGE, P.MEETING_DECIDE, P.CASE_READ_AREA, P.CASE_ALLOCATE, P.CASE_WORK,
        P.CASE_CLOSE, P.SESSION_RECORD, P.PERSON_FIND, P.PERSON_MERGE, P.SENSITIVITY_SET,
        P.CANDIDATE_READ, P.CANDIDATE_DECIDE, P.CATALOGUE_READ,
        P.CATALOGUE_MANAGE, P.SHARING_READ, P.SHARING_RECORD, P.AREA_REPORT_READ,
        P.WORKLOAD_READ, P.APPROVAL_ASK, P.CASE_OPEN_EMERGENCY, P.CASE_EXPORT, P.FILE_REMOVE,
    ),
    Role.ANALYST: _rules("Analyst", P.COHORT_UPLOAD, P.COHORT_READ),
    Role.SAFEGUARDING_LEAD: _rules(
        "Safeguarding lead", P.REFERRAL_READ_AREA, P.REFERRAL_STEP_UP, P.CASE_READ_AREA, P.PERSON_FIND,
        P.SENSITIVITY_SET, P.SENSITIVITY_OVERSEE, P.PERSON_MERGE, P.AUDIT_READ, P.AUDIT_VERIFY, P.AUDIT_EXPORT, P.SHARING_READ,
        P.AREA_REPORT_READ, P.APPROVAL_ASK, P.APPROVAL_DECIDE, P.CASE_OPEN_EMERGENCY, P.EMERGENCY_READ, P.EMERGENCY_REVIEW,
        idle_minutes=15, needs_passkey=True,
    ),
    Role.PARTNERSHIP_LEAD: _rules(
        "Partnership lead", P.AREA_REPORT_READ, P.WORKLOAD_READ, P.CATALOGUE_READ, P.GRANT_APPROVE, P.ROLES_READ,
    ),
    Role.OVERSIGHT_VIEWER: _rules("Oversight viewer", P.FORCE_REPORT_READ, needs_two=False, needs_area=False),
    Role.ADMINISTRATOR: _rules(
        "Administrator", P.ACCOUNT_MANAGE, P.ROLES_READ, P.STATUS_READ, P.AUDIT_VERIFY,
        needs_area=False, idle_minutes=15, needs_passkey=True,
    ),
    Role.DATA_PROTECTION_OFFICER: _rules(
        "Data protection officer", P.AUDIT_READ, P.AUDIT_VERIFY, P.AUDIT_EXPORT, P.SHARING_READ, P.GRANT_APPROVE,
        P.ROLES_READ, P.APPROVAL_ASK, P.APPROVAL_DECIDE, P.RETENTION_DECIDE, P.EMERGENCY_READ,
        needs_area=False, idle_minutes=15, needs_passkey=True,
    ),
}  # fmt: skip


def rules_of(role: str) -> RoleRules:
    return ROLES[Role(role)]
