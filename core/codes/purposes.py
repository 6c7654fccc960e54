"""Why a record is looked at or shared: the short list that every audit entry carries."""

from core.codes.base import Code


class Purpose(Code):
    REFERRAL = "referral", "Making or answering a referral"
    TRIAGE = "triage", "Triage"
    PANEL = "panel", "Panel meeting"
    DIRECT_SUPPORT = "direct_support", "Supporting the young person"
    CASE_MANAGEMENT = "case_management", "Managing the caseload"
    SAFEGUARDING = "safeguarding", "Keeping a child safe"
    EMERGENCY = "emergency", "Emergency"
    COHORT = "cohort", "Finding young people to consider"
    REPORTING = "reporting", "Counting and reporting"
    AUDIT_REVIEW = "audit_review", "Checking who looked"
    RIGHTS = "rights", "A request about personal data"
    RETENTION = "retention", "Keeping or disposing of records"
    ADMINISTRATION = "administration", "Running the service"


class DisclosureAnswer(Code):
    SHARED = "shared", "Shared"
    NOT_SHARED = "not_shared", "Not shared"


class EmergencyReason(Code):
    IN_DANGER = "in_danger", "A child may be in danger now"
    MISSING = "missing", "A child is missing"
    HOSPITAL = "hospital", "A child is in hospital or custody"
    COVER = "cover", "The usual worker cannot be reached and this cannot wait"
